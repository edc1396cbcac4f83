import { recordBytes } from "@hashlog/format";
import type { Keydir, RecordLocation, SlotTally } from "@hashlog/index";
import { KEYS_IN_A_TURN } from "./count-live.ts";
import type { Segment } from "./segment.ts";
import { newTally, SlotCounts } from "./slot-counts.ts";

/**
 * How much of what a key points to has expired, segment by segment, *as of* a moment: a record counts whose expiry is not
 * above it. Nothing happens in a store when a record expires, so the moment only moves when somebody looks at every key
 * again: a sweep. Between two of them what is written and what dies is counted as it comes, and so the numbers are at
 * any time those of a recount as of that moment, also while a sweep is under way.
 */
export class ExpiryCounts {
  #asOfMs = 0;
  #sweep: Sweep | undefined;

  /** Milliseconds since 1970; 0 if nothing was looked for yet. */
  get asOfMs(): number {
    return this.#asOfMs;
  }

  /** The segments' numbers are those as of this moment. */
  set(asOfMs: number): void {
    this.#asOfMs = asOfMs;
  }

  /** The record at `location`, of the key `bytes[start..end)`, may expire and is live now (`sign` 1) or not any more (-1). */
  count(
    segment: Segment,
    location: Readonly<RecordLocation>,
    bytes: Uint8Array,
    start: number,
    end: number,
    sign: 1 | -1,
  ): void {
    if (location.expiresAtMs <= this.#asOfMs) {
      segment.expiredRecords += sign;
      segment.expiredBytes += sign * recordBytes(end - start, location.valueBytes, true);
    }
    this.#sweep?.count(location, bytes, start, end, sign);
  }

  /** Counts anew what has expired as of `asOfMs`, some thousand keys at a time. One sweep at a time. */
  async sweep({ keydir, table, clock }: SweptParts, asOfMs: number): Promise<void> {
    const sweep = new Sweep(keydir, asOfMs);
    this.#sweep = sweep;
    try {
      let keys = 0;
      while (sweep.shardsDone < keydir.shardCount) {
        sweep.nextShard(table.slotCount);
        keys += keydir.size / keydir.shardCount;
        if (keys < KEYS_IN_A_TURN) continue;
        keys = 0;
        await clock.yield();
      }
    } finally {
      this.#sweep = undefined;
    }
    for (const segment of table.all()) {
      segment.expiredRecords = sweep.tally.expiredRecords[segment.slot] ?? 0;
      segment.expiredBytes = sweep.tally.expiredBytes[segment.slot] ?? 0;
    }
    this.#asOfMs = asOfMs;
  }
}

/** What a sweep goes over. */
export interface SweptParts {
  readonly keydir: Keydir;
  readonly table: { readonly slotCount: number; all(): Iterable<Segment> };
  readonly clock: { yield(): Promise<void> };
}

/** A sweep under way: what it has counted in the shards that it has been to, as they are now. */
class Sweep {
  readonly keydir: Keydir;
  readonly asOfMs: number;
  shardsDone = 0;
  readonly #counts: SlotCounts;

  constructor(keydir: Keydir, asOfMs: number) {
    this.keydir = keydir;
    this.asOfMs = asOfMs;
    this.#counts = new SlotCounts(newTally(0, asOfMs));
  }

  get tally(): SlotTally {
    return this.#counts.tally;
  }

  nextShard(slotCount: number): void {
    this.#counts.makeRoom(slotCount);
    this.keydir.tally(this.shardsDone, this.tally);
    this.shardsDone += 1;
  }

  /** Counts a key that was changed, if the sweep has been to its shard. */
  count(location: Readonly<RecordLocation>, bytes: Uint8Array, start: number, end: number, sign: 1 | -1): void {
    if (location.expiresAtMs > this.asOfMs || this.keydir.shardOf(bytes, start, end) >= this.shardsDone) return;
    // mark: expiry/changed-where-the-sweep-has-been
    this.#counts.count(location, end - start, sign);
  }
}
