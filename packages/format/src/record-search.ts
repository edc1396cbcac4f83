import type { ByteSource } from "./byte-source.ts";
import { checkInteger } from "./errors.ts";
import { EXPIRY_BYTES, RECORD_HEADER_BYTES, SEQUENCE_MAX } from "./limits.ts";
import type { Place } from "./place.ts";
import { newRecordFields, readRecord, type RecordFields, verifyRecord } from "./record.ts";
import { SourceWindow } from "./source-window.ts";

/**
 * Searches for records where frames are not to be trusted any more: every record that verifies at its place, at whatever
 * byte offset it begins. For saving what is left of a damaged file; whether a record that is found is one to believe in is
 * for the caller to say, as one behind a torn tail is not.
 *
 * Bytes of a user's value cannot pass for a record: its checksum is bound to its place, and who writes a value knows
 * neither the segment's identity nor where the value will lie.
 */
export interface RecordSearchOptions {
  readonly place: Place;
  /** The first offset at which a record may begin, and where the last one ends. */
  readonly from: number;
  readonly to: number;
  /** Sequences that a record there may have: the fewer, the quicker. Default: all. */
  readonly lowestSequence?: number;
  readonly highestSequence?: number;
  /**
   * Called for every record, in ascending order of their offsets; none lies inside of another. Positions in `fields` are in
   * `bytes`, which is valid during the call only; the record lies at `bytes[at..fields.end)`, and at `offset` of the file.
   */
  readonly onRecord: (bytes: Uint8Array, at: number, fields: RecordFields, offset: number) => void;
  /** How much is read at once; 512 KiB by default. */
  readonly chunkBytes?: number;
}

const CHUNK_BYTES = 1 << 19;

/**
 * For each byte that is searched so many more are checksummed, at most, and then only of what would be a short record: bytes
 * that look like long records everywhere, on purpose or not, must not take a time in proportion to their square. Nothing but
 * such bytes ever comes near.
 */
const CHECKSUM_FACTOR = 256;
const SHORT_BYTES = 1024;

/** What tells how long a record is lies in so many bytes. */
const LOOK_BYTES = RECORD_HEADER_BYTES + EXPIRY_BYTES;

/**
 * Finds all records. Memory is a few chunks, or as much as the longest record that may lie there. A source that ends early
 * ends the search.
 * Rejects only with what the source or `onRecord` throws, or FormatError `FORMAT_INVALID_ARGUMENT` for an option.
 */
export async function findRecords(source: ByteSource, options: RecordSearchOptions): Promise<void> {
  const { place, from, to, onRecord, chunkBytes = CHUNK_BYTES } = options;
  const { lowestSequence = 1, highestSequence = SEQUENCE_MAX } = options;
  checkInteger("from", from, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("to", to, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("chunkBytes", chunkBytes, 1, 2 ** 31);
  const fields = newRecordFields();
  const window = new SourceWindow(source, from, Math.min(to, source.bytes), chunkBytes);
  let budget = CHECKSUM_FACTOR * Math.max(0, to - from);
  try {
    while (window.left >= RECORD_HEADER_BYTES && (await window.fill(Math.min(LOOK_BYTES, window.left)))) {
      const bytes = nextCandidate(window, fields, lowestSequence, highestSequence);
      if (bytes === 0) continue;
      budget -= bytes;
      const isTried = budget >= 0 || bytes <= SHORT_BYTES;
      const isRecord = isTried && (await window.fill(bytes)) && isRecordAt(window, bytes, fields, place);
      if (isRecord) onRecord(window.bytes, window.start, fields, window.position);
      window.advance(isRecord ? bytes : 1);
    }
  } finally {
    await window.settle();
  }
}

/**
 * Moves the window to the next byte at which a record may begin that fits in what is left, and returns how long it would
 * be; 0 if there is none among what is available.
 */
function nextCandidate(window: SourceWindow, fields: RecordFields, lowest: number, highest: number): number {
  const { bytes, start, end, left, available } = window;
  const last = end - (available < left ? LOOK_BYTES : RECORD_HEADER_BYTES);
  for (let at = start; at <= last; at += 1) {
    // Its lengths may reach beyond what was read: `left` bounds them, not the buffer.
    if (!readRecord(bytes, at, start + left, fields)) continue;
    if (fields.sequence < lowest || fields.sequence > highest) continue;
    window.advance(at - start);
    return fields.end - at;
  }
  window.advance(last + 1 - start);
  return 0;
}

/** Filling may have moved the bytes: they are read again where they lie now. */
function isRecordAt(
  { bytes, start, position }: SourceWindow,
  length: number,
  fields: RecordFields,
  place: Place,
): boolean {
  const end = start + length;
  return (
    readRecord(bytes, start, end, fields) && fields.end === end && verifyRecord(bytes, start, end, place, position)
  );
}
