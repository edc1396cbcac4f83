/** What a caller may get wrong, told before anything is changed. */
import { KEY_BYTES_MAX } from "@hashlog/format";
import { IndexError } from "./errors.ts";
import type { RecordLocation } from "./keydir.ts";
import { SEGMENT_SLOTS_MAX } from "./keydir.ts";

const U32_MAX = 0xffff_ffff;
const HASH_KEY_BYTES = 16;

/** @throws IndexError `INDEX_INVALID_ARGUMENT` unless `bytes[start..end)` is a range of at most 65,535 bytes. */
export function checkKey(bytes: Uint8Array, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= bytes.length && end - start <= KEY_BYTES_MAX) return;
  throw new IndexError(
    "INDEX_INVALID_ARGUMENT",
    `a key must be a range of at most ${KEY_BYTES_MAX} bytes, not ${start} to ${end} of ${bytes.length}`,
  );
}

/** @throws IndexError `INDEX_INVALID_ARGUMENT` unless every field is in its range. */
export function checkLocation(location: Readonly<RecordLocation>): void {
  const { segmentSlot, offset, valueBytes, expiresAtMs } = location;
  const good =
    isIntegerUpTo(segmentSlot, SEGMENT_SLOTS_MAX - 1) &&
    isIntegerUpTo(offset, U32_MAX) &&
    isIntegerUpTo(valueBytes, U32_MAX) &&
    isIntegerUpTo(expiresAtMs, Number.MAX_SAFE_INTEGER);
  if (good) return;
  throw new IndexError("INDEX_INVALID_ARGUMENT", `not a location: ${JSON.stringify(location)}`);
}

/** @throws IndexError `INDEX_INVALID_ARGUMENT` unless it is an integer from 0 to 2^53 - 1. */
export function checkSequence(sequence: number): void {
  if (isIntegerUpTo(sequence, Number.MAX_SAFE_INTEGER)) return;
  throw new IndexError("INDEX_INVALID_ARGUMENT", `not a sequence: ${sequence}`);
}

/** @throws IndexError `INDEX_INVALID_ARGUMENT` unless it is an integer of at least 1. */
export function checkPageEntries(entriesMax: number): void {
  if (entriesMax >= 1 && isIntegerUpTo(entriesMax, Number.MAX_SAFE_INTEGER)) return;
  throw new IndexError("INDEX_INVALID_ARGUMENT", `a page has at least one entry, not ${entriesMax}`);
}

/** @throws IndexError `INDEX_INVALID_ARGUMENT` unless it is 16 bytes. */
export function checkHashKey(hashKey: Uint8Array): void {
  if (hashKey.length === HASH_KEY_BYTES) return;
  throw new IndexError("INDEX_INVALID_ARGUMENT", `a hash key has ${HASH_KEY_BYTES} bytes, not ${hashKey.length}`);
}

function isIntegerUpTo(value: number, max: number): boolean {
  return value >= 0 && value <= max && Math.floor(value) === value;
}
