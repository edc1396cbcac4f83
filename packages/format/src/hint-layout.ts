import { invalidArgument } from "./errors.ts";
import {
  EXPIRY_BYTES,
  EXPIRY_MAX,
  FRAME_HEADER_BYTES,
  KEY_BYTES_MAX,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  SEQUENCE_MAX,
} from "./limits.ts";
import { recordBytes } from "./record.ts";

/**
 * A hint file: of a sealed segment everything that recovery needs but the values. FORMAT.md, "Hint file":
 *
 *     | header, 32 | block | block | ... | footer, 48 |
 *
 *     header  | magic 8 | version u32 | segmentId u32 | identity u64 | sealedBytes u32 | crc u32 |
 *     block   | crc u32 | kind u32 = 1 | payloadBytes u32 | entryCount u32 | entries ... |
 *     entry   | flags u8 | sequence u56 | offset u32 | valueBytes u32 | keyBytes u16 | [expiry u64] | key |
 *     footer  | crc u32 | kind u32 = 2 | six totals, u32 each | lowestSequence u64 | highestSequence u64 |
 *
 * The checksums of blocks and footer are bound to their place (place.ts) with the *segment's* identity, so that a block
 * of another segment's hint does not verify. It lists the newest record of every key of its segment, tombstones
 * included, in any order. It is only a cache: whatever looks odd makes it unusable, and the segment is scanned.
 */
export const HINT_HEADER_BYTES = 32;
export const HINT_BLOCK_HEADER_BYTES = 16;
export const HINT_FOOTER_BYTES = 48;
export const HINT_ENTRY_FIXED_BYTES = 18;

/** A block ends before the entry that would make its payload longer than this. */
export const HINT_PAYLOAD_BYTES_TARGET = 65_536;

/** No payload is longer: the largest entry has a block of its own. */
export const HINT_PAYLOAD_BYTES_MAX: number = HINT_ENTRY_FIXED_BYTES + EXPIRY_BYTES + KEY_BYTES_MAX;

export const HINT_KIND_BLOCK = 1;
export const HINT_KIND_FOOTER = 2;

export const HINT_FLAG_ALWAYS = 0x80;
export const HINT_FLAG_TOMBSTONE = 0x01;
export const HINT_FLAG_EXPIRY = 0x02;

/** Which bytes a hint speaks of. It is used only if all three are the manifest's. */
export interface HintSegment {
  readonly segmentId: number;
  readonly identity: bigint;
  readonly sealedBytes: number;
}

/** What a segment holds, records that are dead by now included. Bytes are those of whole records (`recordBytes`). */
export interface HintTotals {
  /** Entries of the hint file: one for every key of the segment. */
  readonly entryCount: number;
  readonly recordCount: number;
  readonly recordBytes: number;
  /** Of `recordCount` and `recordBytes`, what is tombstones. */
  readonly tombstoneCount: number;
  readonly tombstoneBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
  /** How many records have an expiry, passed or not. */
  readonly expiringCount: number;
}

/** One key of a segment: where its newest record in that segment lies. */
export interface HintEntry {
  /** The key is `bytes[keyStart..keyEnd)`, valid only during the call. */
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly sequence: number;
  /** Of the record's first byte in the segment file. */
  readonly offset: number;
  readonly valueBytes: number;
  readonly tombstone: boolean;
  /** Milliseconds since 1970; 0 for none. */
  readonly expiresAtMs: number;
}

/** What holds of a hint's totals by themselves; the rule that does not, or `undefined`. */
export function flawOfTotals(totals: HintTotals, sealedBytes: number): string | undefined {
  const { entryCount, recordCount, tombstoneCount, expiringCount, lowestSequence, highestSequence } = totals;
  if (!Object.values(totals).every((value) => Number.isSafeInteger(value) && value >= 0)) return "not an integer";
  if (entryCount < 1 || entryCount > recordCount) return "entryCount";
  if (lowestSequence < 1 || lowestSequence > highestSequence) return "sequences";
  if (tombstoneCount + expiringCount > recordCount) return "tombstoneCount or expiringCount";
  if (totals.tombstoneBytes > totals.recordBytes) return "tombstoneBytes";
  if (totals.recordBytes > sealedBytes - SEGMENT_HEADER_BYTES - FRAME_HEADER_BYTES) return "recordBytes";
  return totals.recordBytes < recordCount * RECORD_HEADER_BYTES ? "recordCount" : undefined;
}

/**
 * Checks entries one by one and all against the totals: the same class checks what is written and what is read.
 */
export class HintTally {
  entryCount = 0;
  readonly #sealedBytes: number;
  #recordBytes = 0;
  #tombstoneCount = 0;
  #expiringCount = 0;
  #lowest = SEQUENCE_MAX;
  #highest = 0;

  constructor(sealedBytes: number) {
    this.#sealedBytes = sealedBytes;
  }

  /** Counts an entry; `false` if it is impossible in a segment of this length. */
  add(
    keyBytes: number,
    sequence: number,
    offset: number,
    valueBytes: number,
    tombstone: boolean,
    expiresAtMs: number,
  ): boolean {
    const bytes = recordBytes(keyBytes, valueBytes, expiresAtMs !== 0);
    if (offset < SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES || offset + bytes > this.#sealedBytes) return false;
    if (sequence < 1 || sequence > SEQUENCE_MAX || expiresAtMs > EXPIRY_MAX) return false;
    if (tombstone && (valueBytes !== 0 || expiresAtMs !== 0)) return false;
    this.entryCount++;
    this.#recordBytes += bytes;
    if (tombstone) this.#tombstoneCount++;
    if (expiresAtMs !== 0) this.#expiringCount++;
    if (sequence < this.#lowest) this.#lowest = sequence;
    if (sequence > this.#highest) this.#highest = sequence;
    return true;
  }

  /** Why these entries cannot be those of a segment with these totals, or `undefined`. */
  flawAgainst(totals: HintTotals): string | undefined {
    if (this.entryCount !== totals.entryCount) return "entryCount";
    if (this.#recordBytes > totals.recordBytes) return "recordBytes";
    if (this.#tombstoneCount > totals.tombstoneCount) return "tombstoneCount";
    if (this.#expiringCount > totals.expiringCount) return "expiringCount";
    if (this.#lowest < totals.lowestSequence) return "lowestSequence";
    // The last record of a segment is the newest of its key, so it is always listed.
    return this.#highest === totals.highestSequence ? undefined : "highestSequence";
  }
}

/** A flaw as the caller's mistake. */
export function invalidTotals(flaw: string, totals: unknown): Error {
  return invalidArgument("totals", `must fit the entries: ${flaw}`, totals);
}
