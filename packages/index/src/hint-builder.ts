import { HintEncoder, type HintSegment, type HintTotals, recordBytes } from "@hashlog/format";
import { checkHashKey, checkKey, checkLocation, checkSequence } from "./checks.ts";
import {
  ABSENT_SLOT,
  expiresAtMsAt,
  headerWords,
  keyBytesAt,
  readKey,
  segmentSlotAt,
  sequenceAt,
  valueBytesAt,
} from "./entry.ts";
import type { RecordLocation } from "./keydir.ts";
import { keepNewest, SEQUENCE_WORDS } from "./newest.ts";
import type { Shard } from "./shard.ts";
import { SHARD_COUNT, Shards } from "./shards.ts";

type Totals = { -readonly [Name in keyof Omit<HintTotals, "entryCount">]: HintTotals[Name] };

/**
 * Gathers what the hint file of one segment says: the newest record of every key in it, tombstones included, judged by
 * that segment alone. The records may come in any order (those of a merged segment do). The entries are written in the
 * order of the keydir's shards, so that loading them goes from shard to shard instead of all over memory.
 */
export class HintBuilder {
  readonly #shards: Shards;
  readonly #totals: Totals = {
    recordCount: 0,
    recordBytes: 0,
    tombstoneCount: 0,
    tombstoneBytes: 0,
    lowestSequence: Number.MAX_SAFE_INTEGER,
    highestSequence: 0,
    expiringCount: 0,
  };
  #key = new Uint8Array(256);

  /**
   * @param options.hashKey the store's 16 bytes: with another the hint is as good, but loads more slowly
   * @throws IndexError `INDEX_INVALID_ARGUMENT`
   */
  constructor(options: { readonly hashKey: Uint8Array }) {
    checkHashKey(options.hashKey);
    this.#shards = new Shards(new Uint8Array(options.hashKey), SEQUENCE_WORDS);
  }

  /** The totals of all records given so far; `lowestSequence` is 2^53 - 1 and `highestSequence` 0 before the first. */
  get totals(): Readonly<Omit<HintTotals, "entryCount">> {
    return { ...this.#totals };
  }

  /** Bytes of memory that the entries take. */
  get memoryBytes(): number {
    return this.#shards.memoryBytes;
  }

  /**
   * A put of key `bytes[start..end)` at `offset` of the segment. The key is copied.
   * @param expiresAtMs 0 for none
   * @throws IndexError `INDEX_INVALID_ARGUMENT`, `INDEX_FULL`
   */
  put(
    bytes: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    offset: number,
    valueBytes: number,
    expiresAtMs: number,
  ): void {
    this.#keep(bytes, start, end, sequence, { segmentSlot: 0, offset, valueBytes, expiresAtMs });
    if (expiresAtMs !== 0) this.#totals.expiringCount++;
  }

  /**
   * A tombstone of key `bytes[start..end)` at `offset`.
   * @throws IndexError `INDEX_INVALID_ARGUMENT`, `INDEX_FULL`
   */
  delete(bytes: Uint8Array, start: number, end: number, sequence: number, offset: number): void {
    this.#keep(bytes, start, end, sequence, { segmentSlot: 0, offset, valueBytes: 0, expiresAtMs: 0 }, ABSENT_SLOT);
    this.#totals.tombstoneCount++;
    this.#totals.tombstoneBytes += recordBytes(end - start, 0, false);
  }

  /**
   * Gives the whole hint file of `segment` to `sink`, block by block, as `HintEncoder` of `@hashlog/format` does: the
   * bytes are only valid during the call. There must have been a record.
   * @throws FormatError `FORMAT_INVALID_ARGUMENT` if there can be no such records in such a segment
   */
  encode(segment: HintSegment, sink: (block: Uint8Array) => void): void {
    const steps = this.encodeInSteps(segment, sink);
    while (steps.next().done !== true);
  }

  /** The same in 256 steps, for callers that have other things to do between them. */
  *encodeInSteps(segment: HintSegment, sink: (block: Uint8Array) => void): Generator<undefined, undefined> {
    const encoder = new HintEncoder(segment, sink);
    for (let i = 0; i < SHARD_COUNT; i++) {
      this.#encodeShard(this.#shards.at(i), encoder);
      yield undefined;
    }
    encoder.finish(this.#totals);
    return undefined;
  }

  #keep(
    bytes: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    location: RecordLocation,
    segmentSlot = 0,
  ): void {
    checkKey(bytes, start, end);
    checkSequence(sequence);
    checkLocation(location);
    location.segmentSlot = segmentSlot;
    keepNewest(this.#shards, bytes, start, end, sequence, location);
    const totals = this.#totals;
    totals.recordCount++;
    totals.recordBytes += recordBytes(end - start, location.valueBytes, location.expiresAtMs !== 0);
    totals.lowestSequence = Math.min(totals.lowestSequence, sequence);
    totals.highestSequence = Math.max(totals.highestSequence, sequence);
  }

  #encodeShard(shard: Shard, encoder: HintEncoder): void {
    const { slots, arena } = shard;
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === 0) continue;
      const reference = (slots[i] >>> 8) - 1;
      const words = arena.chunks[reference >>> arena.shift];
      const at = reference & arena.mask;
      const keyBytes = keyBytesAt(words, at);
      if (keyBytes > this.#key.length) this.#key = new Uint8Array(keyBytes);
      readKey(words, at + headerWords(words, at, SEQUENCE_WORDS), keyBytes, this.#key, 0);
      encoder.add(
        this.#key,
        0,
        keyBytes,
        sequenceAt(words, at),
        words[at],
        valueBytesAt(words, at),
        segmentSlotAt(words, at) === ABSENT_SLOT,
        expiresAtMsAt(words, at),
      );
    }
  }
}
