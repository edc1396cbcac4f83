/** The files that a store has made, whichever store it is. */
import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

const CHUNK_BYTES = 2 ** 20;

/**
 * What all files below a directory take on the disk, without the holes of those that were made larger than what is in them. Each
 * is synced first: what the system has not written yet has no place there. That takes its time.
 */
export function bytesOnDisk(directory: string): Promise<number> {
  return sumOfFiles(directory, async (file) => {
    // Not every system syncs what was opened for reading.
    await file.sync().catch(() => undefined);
    const { blocks, size } = await file.stat();
    return blocks === undefined ? size : blocks * 512;
  });
}

/**
 * Reads all files below a directory, so that the system has them in its cache: a system may give up what was not asked for
 * during a minute, and another store is measured for longer than that. Resolves to how many bytes were read.
 */
export function readThrough(directory: string): Promise<number> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  return sumOfFiles(directory, async (file) => {
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return bytes;
      bytes += bytesRead;
    }
  });
}

async function sumOfFiles(directory: string, bytesOf: (file: FileHandle) => Promise<number>): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    // lmdb keeps its files in a folder of their own.
    if (!entry.isFile()) continue;
    // A file that is removed meanwhile has nothing.
    const file = await open(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (file === undefined) continue;
    try {
      bytes += await bytesOf(file);
    } finally {
      await file.close();
    }
  }
  return bytes;
}
