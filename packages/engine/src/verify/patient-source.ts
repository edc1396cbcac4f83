import type { ByteSource } from "@hashlog/format";
import { FsError, type ReadFile } from "@hashlog/fs-io";

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
        if (!(FsError.is(error) && error.code === "FS_IO")) throw error;
        // mark: verify/disk-refuses-to-read
        return readInPieces(file, target, at, Math.min(count, bytes - position), position);
      }
    },
  };
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
      if (!(FsError.is(error) && error.code === "FS_IO")) throw error;
      target.fill(0, at + done, at + done + piece);
    }
    done += piece;
  }
  return count;
}

/** Disks fail by sectors of so many bytes, or fewer. */
const PIECE_BYTES = 4096;
