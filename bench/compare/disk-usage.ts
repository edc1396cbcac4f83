import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * What all files below a directory take on the disk, without the holes of those that were made larger than what is in them. Each
 * is synced first: what the system has not written yet has no place there. That takes its time.
 */
export async function bytesOnDisk(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    // lmdb keeps its files in a folder of their own.
    if (entry.isFile()) bytes += await bytesOf(join(entry.parentPath, entry.name));
  }
  return bytes;
}

/** A file that is removed meanwhile takes nothing. */
async function bytesOf(path: string): Promise<number> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return 0;
  try {
    // Not every system syncs what was opened for reading.
    await file.sync().catch(() => undefined);
    const { blocks, size } = await file.stat();
    return blocks === undefined ? size : blocks * 512;
  } finally {
    await file.close();
  }
}
