import { FsError } from "./errors.ts";

/**
 * Refuses a range that does not lie in its buffer, and a position that is none, with `FS_INVALID_ARGUMENT`. Node takes a
 * negative position for "wherever the descriptor stands", which is never what was meant.
 */
export function checkRange(
  operation: string,
  path: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  position: number,
): void {
  const integers = Number.isSafeInteger(start) && Number.isSafeInteger(end) && Number.isSafeInteger(position);
  if (integers && start >= 0 && start <= end && end <= bytes.length && position >= 0) return;
  const message = `${operation} on "${path}": [${start}, ${end}) at ${position} is not a range of ${bytes.length} bytes`;
  throw new FsError("FS_INVALID_ARGUMENT", message, { operation, path });
}
