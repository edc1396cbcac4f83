import type { Keydir } from "@hashlog/index";
import type { Segment } from "./segment.ts";

/** A record takes more than these bytes, so no two begin in the same so many of a segment: one bit for each. */
const BYTES_BITS = 4;
const WORD_BITS = 5;

/** Where the live records of a segment begin. A 128th of the segment in memory. */
export class LivePlaces {
  readonly #words: Uint32Array;

  /** For a segment of `bytes` bytes. */
  constructor(bytes: number) {
    this.#words = new Uint32Array((bytes >>> (BYTES_BITS + WORD_BITS)) + 1);
  }

  add(offset: number): void {
    this.#words[offset >>> (BYTES_BITS + WORD_BITS)]! |= 1 << (offset >>> BYTES_BITS);
  }

  delete(offset: number): void {
    this.#words[offset >>> (BYTES_BITS + WORD_BITS)]! &= ~(1 << (offset >>> BYTES_BITS));
  }

  has(offset: number): boolean {
    return (this.#words[offset >>> (BYTES_BITS + WORD_BITS)]! & (1 << (offset >>> BYTES_BITS))) !== 0;
  }
}

/** One key of a walk over the keydir costs a tenth to a sixth of one that is looked up; a quarter have to be spared. */
const SPARED_SHARE = 1 / 4;
/** So many keys are walked over in one turn of the event loop, and the rest of their shard: less than a millisecond. */
const KEYS_PER_TURN = 16_384;

/**
 * Gives the segments their `livePlaces` by one walk over the keydir, if they have so many records that need not be looked up
 * then that a merge of them is done sooner for it. From then on they are kept right by whoever counts a record as dead
 * (`SegmentTable`); no key ever comes to a place in a sealed segment but by being loaded or relocated.
 */
export async function surveyLivePlaces(
  keydir: Keydir,
  segments: readonly Segment[],
  pause: () => Promise<void>,
): Promise<void> {
  const spared = segments.reduce((sum, segment) => sum + recordsSpared(segment), 0);
  if (spared < keydir.size * SPARED_SHARE) {
    // mark: merge/keys-looked-up-one-by-one
    return;
  }
  const bySlot: (LivePlaces | undefined)[] = [];
  for (const segment of segments) bySlot[segment.slot] = segment.livePlaces = new LivePlaces(segment.bytes);
  let keys = 0;
  for (let shard = 0; shard < keydir.shardCount; shard += 1) {
    keydir.forEachPlace(shard, (segmentSlot, offset) => {
      bySlot[segmentSlot]?.add(offset);
      keys += 1;
    });
    if (keys < KEYS_PER_TURN) continue;
    keys = 0;
    await pause();
  }
}

// Of what is dead a tombstone may have to be looked up all the same, and so may what has an expiry.
function recordsSpared({ liveRecords, totals }: Segment): number {
  const { recordCount, tombstoneCount, expiringCount } = totals;
  return Math.max(liveRecords, recordCount - tombstoneCount - expiringCount);
}
