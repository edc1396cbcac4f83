import { crc32 } from "./crc32.ts";
import { checkInteger, invalidArgument } from "./errors.ts";
import {
  flawOfTotals,
  HINT_BLOCK_HEADER_BYTES,
  HINT_ENTRY_FIXED_BYTES,
  HINT_FLAG_ALWAYS,
  HINT_FLAG_EXPIRY,
  HINT_FLAG_TOMBSTONE,
  HINT_FOOTER_BYTES,
  HINT_HEADER_BYTES,
  HINT_KIND_BLOCK,
  HINT_KIND_FOOTER,
  HINT_PAYLOAD_BYTES_MAX,
  HINT_PAYLOAD_BYTES_TARGET,
  type HintSegment,
  HintTally,
  type HintTotals,
  invalidTotals,
} from "./hint-layout.ts";
import { writeBig64, writeU16, writeU32, writeU56, writeU64 } from "./integers.ts";
import {
  EXPIRY_BYTES,
  EXPIRY_MAX,
  FILE_ID_MAX,
  FORMAT_VERSION,
  KEY_BYTES_MAX,
  SEALED_BYTES_MIN,
  SEGMENT_BYTES_MAX,
  SEQUENCE_MAX,
} from "./limits.ts";
import { HINT_MAGIC } from "./magic.ts";
import { type Place, placeMask, placeOf } from "./place.ts";

/**
 * Writes a hint file (hint-layout.ts) block by block: however many keys the segment has, what is held is one block.
 *
 * `add` every key's newest record, then `finish` once. After an error, thrown here or by the sink, the encoder and what
 * it wrote are of no use.
 */
export class HintEncoder {
  readonly #sink: (block: Uint8Array) => void;
  readonly #place: Place;
  readonly #sealedBytes: number;
  readonly #tally: HintTally;
  readonly #buffer = new Uint8Array(HINT_HEADER_BYTES + HINT_BLOCK_HEADER_BYTES + HINT_PAYLOAD_BYTES_MAX);
  /** Where in the buffer the present block begins: behind the file's header at first, which goes out with it. */
  #blockStart = HINT_HEADER_BYTES;
  #at = HINT_HEADER_BYTES + HINT_BLOCK_HEADER_BYTES;
  #blockEntries = 0;
  /** Where in the file the buffer's first byte will lie. */
  #position = 0;
  #finished = false;

  /**
   * @param sink takes the file's bytes in order. They are the encoder's again when it returns.
   * @throws FormatError `FORMAT_INVALID_ARGUMENT`
   */
  constructor(segment: HintSegment, sink: (block: Uint8Array) => void) {
    checkInteger("segmentId", segment.segmentId, 1, FILE_ID_MAX);
    checkInteger("sealedBytes", segment.sealedBytes, SEALED_BYTES_MIN, SEGMENT_BYTES_MAX);
    this.#place = placeOf(segment.identity);
    this.#sink = sink;
    this.#sealedBytes = segment.sealedBytes;
    this.#tally = new HintTally(segment.sealedBytes);
    writeHeader(this.#buffer, segment);
  }

  /**
   * Adds the newest record of key `bytes[keyStart..keyEnd)`, which is copied.
   * @throws FormatError `FORMAT_INVALID_ARGUMENT` if there can be no such record in the segment
   */
  add(
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    sequence: number,
    offset: number,
    valueBytes: number,
    tombstone: boolean,
    expiresAtMs: number,
  ): void {
    const keyBytes = keyEnd - keyStart;
    checkInteger("keyBytes", keyBytes, 0, KEY_BYTES_MAX);
    checkInteger("sequence", sequence, 1, SEQUENCE_MAX);
    checkInteger("offset", offset, 0, SEGMENT_BYTES_MAX);
    checkInteger("valueBytes", valueBytes, 0, SEGMENT_BYTES_MAX);
    checkInteger("expiresAtMs", expiresAtMs, 0, EXPIRY_MAX);
    if (!this.#tally.add(keyBytes, sequence, offset, valueBytes, tombstone, expiresAtMs)) {
      throw invalidArgument("entry", "must lie inside of the segment", offset);
    }
    const entryBytes = HINT_ENTRY_FIXED_BYTES + (expiresAtMs === 0 ? 0 : EXPIRY_BYTES) + keyBytes;
    const payloadBytes = this.#at - this.#blockStart - HINT_BLOCK_HEADER_BYTES;
    if (payloadBytes > 0 && payloadBytes + entryBytes > HINT_PAYLOAD_BYTES_TARGET) this.#flush();

    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at] = HINT_FLAG_ALWAYS | (tombstone ? HINT_FLAG_TOMBSTONE : 0) | (expiresAtMs === 0 ? 0 : HINT_FLAG_EXPIRY);
    writeU56(buffer, at + 1, sequence);
    writeU32(buffer, at + 8, offset);
    writeU32(buffer, at + 12, valueBytes);
    writeU16(buffer, at + 16, keyBytes);
    at += HINT_ENTRY_FIXED_BYTES;
    if (expiresAtMs !== 0) {
      writeU64(buffer, at, expiresAtMs);
      at += EXPIRY_BYTES;
    }
    // Keys are mostly short, and a loop beats the view that `set` would need.
    for (let from = keyStart; from < keyEnd; from++) buffer[at++] = bytes[from]!;
    this.#at = at;
    this.#blockEntries++;
  }

  /**
   * Writes what is left and the footer.
   * @throws FormatError `FORMAT_INVALID_ARGUMENT` if the totals cannot be those of a segment with these entries, or
   * there are none, or it was called before
   */
  finish(totals: Omit<HintTotals, "entryCount">): void {
    if (this.#finished) throw invalidArgument("finish", "must be called once");
    const all: HintTotals = { ...totals, entryCount: this.#tally.entryCount };
    const flaw = flawOfTotals(all, this.#sealedBytes) ?? this.#tally.flawAgainst(all);
    if (flaw !== undefined) throw invalidTotals(flaw, totals);
    this.#finished = true;
    this.#flush();
    this.#sink(footer(all, this.#place, this.#position));
  }

  #flush(): void {
    const buffer = this.#buffer;
    const start = this.#blockStart;
    const offset = this.#position + start;
    writeU32(buffer, start + 4, HINT_KIND_BLOCK);
    writeU32(buffer, start + 8, this.#at - start - HINT_BLOCK_HEADER_BYTES);
    writeU32(buffer, start + 12, this.#blockEntries);
    writeU32(buffer, start, crc32(buffer, start + 4, this.#at) ^ placeMask(this.#place, offset));
    this.#sink(buffer.subarray(0, this.#at));
    this.#position += this.#at;
    this.#blockStart = 0;
    this.#at = HINT_BLOCK_HEADER_BYTES;
    this.#blockEntries = 0;
  }
}

function writeHeader(bytes: Uint8Array, segment: HintSegment): void {
  bytes.set(HINT_MAGIC);
  writeU32(bytes, 8, FORMAT_VERSION);
  writeU32(bytes, 12, segment.segmentId);
  writeBig64(bytes, 16, segment.identity);
  writeU32(bytes, 24, segment.sealedBytes);
  writeU32(bytes, 28, crc32(bytes, 0, 28));
}

function footer(totals: HintTotals, place: Place, position: number): Uint8Array {
  const bytes = new Uint8Array(HINT_FOOTER_BYTES);
  writeU32(bytes, 4, HINT_KIND_FOOTER);
  writeU32(bytes, 8, totals.entryCount);
  writeU32(bytes, 12, totals.recordCount);
  writeU32(bytes, 16, totals.recordBytes);
  writeU32(bytes, 20, totals.tombstoneCount);
  writeU32(bytes, 24, totals.tombstoneBytes);
  writeU32(bytes, 28, totals.expiringCount);
  writeU64(bytes, 32, totals.lowestSequence);
  writeU64(bytes, 40, totals.highestSequence);
  writeU32(bytes, 0, crc32(bytes, 4) ^ placeMask(place, position));
  return bytes;
}
