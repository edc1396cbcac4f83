import type { ByteSource } from "@hashlog/format";
import { FsError, type FileSystem, type ReadFile } from "@hashlog/fs-io";

/** The content of a small file; of one that is longer, no more than its first `bytesMost` bytes. */
export async function readSmallFile(fileSystem: FileSystem, path: string, bytesMost: number): Promise<Uint8Array> {
  const file = await fileSystem.openRead(path);
  try {
    const content = new Uint8Array(Math.min(file.size(), bytesMost));
    const bytes = await file.read(content, 0, content.length, 0);
    return content.subarray(0, bytes);
  } finally {
    await file.close();
  }
}

/** The first `bytes` bytes of a file, for a scan. */
export function fileSource(file: ReadFile, bytes: number): ByteSource {
  return { bytes, read: (target, at, count, position) => file.read(target, at, count, position) };
}

/**
 * As `fileSource`, of a file that is known to have so many bytes: a read that comes short of them fails with `FS_IO`. For
 * the log, where what is missing would pass for the end, and acknowledged writes with it; and for whatever may testify.
 */
export function wholeSource(file: ReadFile, bytes: number): ByteSource {
  return {
    bytes,
    async read(target, at, count, position) {
      const got = await file.read(target, at, count, position);
      if (got >= Math.min(count, bytes - position)) return got;
      // mark: recovery/read-came-short
      const words = `read ${file.path}: ${got} bytes at ${position} instead of ${count}; the file has become shorter`;
      throw new FsError("FS_IO", words, { operation: "read", path: file.path });
    },
  };
}

/** As `fileSource`, counting what is read. */
export function countingSource(file: ReadFile, bytes: number, onRead: (bytes: number) => void): ByteSource {
  return {
    bytes,
    async read(target, at, count, position) {
      const got = await file.read(target, at, count, position);
      onRead(got);
      return got;
    },
  };
}
