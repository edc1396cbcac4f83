import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** What the example stores of a file, under the file's path. */
export interface FileFacts {
  readonly bytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
  /** SHA-256 of the file's beginning, in hexadecimal. */
  readonly sha256: string;
  /** The first bytes themselves, in hexadecimal. */
  readonly head: string;
  /** How often the example has stored this file. */
  readonly stored: number;
}

/** Of longer files only the beginning is hashed: the example is about the store, not about reading your disk. */
export const HASHED_BYTES_MAX = 65_536;
const HEAD_BYTES = 16;

const buffer = Buffer.alloc(HASHED_BYTES_MAX);

/** Looks at a file, or returns `undefined` if it cannot be read (any more). */
export function readFacts(path: string): FileFacts | undefined {
  let handle: number;
  try {
    handle = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { size, mode, mtimeMs } = fstatSync(handle);
    const start = buffer.subarray(0, readSync(handle, buffer, 0, HASHED_BYTES_MAX, 0));
    return {
      bytes: size,
      mode,
      modifiedMs: mtimeMs,
      sha256: createHash("sha256").update(start).digest("hex"),
      head: start.subarray(0, HEAD_BYTES).toString("hex"),
      stored: 1,
    };
  } catch {
    return undefined;
  } finally {
    closeSync(handle);
  }
}

/** Whether both describe the same content, however often it was stored. */
export function sameFile(a: FileFacts, b: FileFacts): boolean {
  return (
    a.bytes === b.bytes &&
    a.mode === b.mode &&
    a.modifiedMs === b.modifiedMs &&
    a.sha256 === b.sha256 &&
    a.head === b.head
  );
}
