import type { ByteSource } from "@hashlog/format";
import { FsError, type FileSystem, type ReadFile } from "@hashlog/fs-io";

/**
 * The first `bytes` bytes of a file, whatever the disk does: what it refuses to give reads as zeros, which verify nowhere. So
 * a bad sector is damage like any other, of the few kilobytes around it and not of all that is read at once. What the file
 * system refuses for another reason (a closed file, say) is still an error.
 */
export function patientSource(file: ReadFile, bytes: number): ByteSource {
  return {
    bytes,
    async read(target, at, count, position) {
      try {
        return await file.read(target, at, count, position);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        // mark: verify/disk-refuses-to-read
        return readInPieces(file, target, at, Math.min(count, bytes - position), position);
      }
    },
  };
}

/**
 * The file; `undefined` where there is none, or the disk does not even give its beginning, asked twice as for bytes: nothing of
 * it can be had then, and that is damage as well.
 * @param onRefusal is told why the disk does not give it
 * @throws FsError of any other code
 */
export async function openPatiently(
  fileSystem: FileSystem,
  path: string,
  onRefusal: (error: FsError) => void = () => {},
): Promise<ReadFile | undefined> {
  const open = (): Promise<ReadFile> => fileSystem.openRead(path);
  try {
    return await open().catch((error: unknown) => {
      if (isRefusal(error)) return open();
      throw error;
    });
  } catch (error) {
    if (isRefusal(error)) onRefusal(error);
    else if (!(FsError.is(error) && error.code === "FS_NOT_FOUND")) throw error;
    return undefined;
  }
}

/** Whether it is the disk that does not give what it should hold. */
export function isRefusal(error: unknown): error is FsError {
  return FsError.is(error) && error.code === "FS_IO";
}

/**
 * Whether it is the bytes that the disk cannot read, as far as the system says why: where the volume is gone, or the machine has
 * no memory, they may be whole.
 */
export function isUnreadable(error: unknown): error is FsError {
  if (!isRefusal(error)) return false;
  const { code } = Object(error.cause) as { readonly code?: unknown };
  return code === undefined || code === "EIO";
}

async function readInPieces(
  file: ReadFile,
  target: Uint8Array,
  at: number,
  count: number,
  position: number,
): Promise<number> {
  for (let done = 0; done < count;) {
    // Up to where the next piece begins on the disk.
    const piece = Math.min(count - done, PIECE_BYTES - ((position + done) % PIECE_BYTES));
    target.fill(0, at + done, at + done + piece);
    try {
      const got = await file.read(target, at + done, piece, position + done);
      if (got < piece) return done + got;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      target.fill(0, at + done, at + done + piece);
    }
    done += piece;
  }
  return count;
}

/** Disks fail by sectors of so many bytes, or fewer. */
const PIECE_BYTES = 4096;
