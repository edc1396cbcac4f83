import { bitcaskStrategy, type MergeStrategy, type SegmentStatistics } from "@hashlog/compactor";
import type { CompactionOptions } from "@hashlog/engine";
import { LIMITS, type Limits } from "../../src/limits.ts";
import { until } from "./event-loop.ts";
import type { TextStore } from "./text-store.ts";
import { filler } from "./values.ts";

/** Limits at which a store of a few kilobytes does what another does with gigabytes. */
export const SMALL_LIMITS: Limits = {
  ...LIMITS,
  compactionLookBytes: 512,
  mergeSliceBytes: 512,
  mergeSyncBytes: 2048,
};

/** The policy of every store, for one in which kilobytes matter; nothing of it is random. */
export const SOON: CompactionOptions = {
  strategy: bitcaskStrategy({ garbageBytesLeast: 0, smallFilesMax: 3 }),
  jitter: 0,
};

/** Merges whatever has garbage, all at once, and nothing else. */
export const garbageStrategy: MergeStrategy = {
  name: "garbage",
  choose({ segments }) {
    const chosen = segments.filter((segment) => segment.state === "sealed" && garbageBytes(segment) > 0);
    if (chosen.length === 0) return undefined;
    return { trigger: "garbage", segments: chosen.map(({ segmentId }) => ({ segmentId, reason: "garbage" })) };
  },
};

/**
 * Merges a part of the segments whenever it is asked, the active one among them: which ones looks like chance, and is the
 * same for the same store.
 */
export const eagerStrategy: MergeStrategy = {
  name: "eager",
  choose({ segments }) {
    const seed = segments.reduce((sum, { segmentId, highestSequence }) => sum * 31 + segmentId + highestSequence, 7);
    const drawn = segments.filter(
      ({ state, records }, index) => state !== "unsealed" && records > 0 && ((seed >>> (index % 16)) & 3) !== 0,
    );
    if (drawn.length < 2 && !drawn.some((segment) => garbageBytes(segment) > 0)) return undefined;
    return { trigger: "chance", segments: drawn.map(({ segmentId }) => ({ segmentId, reason: "drawn" })) };
  },
};

function garbageBytes({ recordBytes, liveBytes, expiredBytes, tombstoneBytes }: SegmentStatistics): number {
  return recordBytes - liveBytes - tombstoneBytes + expiredBytes;
}

/** Writes `keys` keys of `bytes` bytes each, `rounds` times over. */
export async function overwrite(
  db: TextStore,
  rounds: number = 4,
  keys: number = 20,
  bytes: number = 100,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (let key = 0; key < keys; key += 1) await db.put(`key ${key}`, filler(bytes, key + round));
  }
}

/** As `overwrite`, and every other time there is a key beside it that stays: no segment is wholly dead. */
export async function overwritePartly(db: TextStore, rounds: number = 3, keys: number = 10): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (let key = 0; key < keys; key += 1) {
      await db.put(`key ${key}`, filler(100, key + round));
      if (key % 2 === 0) await db.put(`stays ${round} ${key}`, filler(100, key + round));
    }
  }
}

/**
 * Waits until the background has nothing to do, with no call of the store's, and where no call of the file system takes
 * longer than some turns of the event loop.
 */
export function untilIdle(db: TextStore): Promise<void> {
  let quiet = 0;
  return until(() => {
    const { compaction, segments } = db.stats();
    const busy = compaction.state === "merging" || segments.some(({ state }) => state === "unsealed");
    quiet = busy ? 0 : quiet + 1;
    return quiet > QUIET_TURNS;
  }, "the background is at rest");
}

const QUIET_TURNS = 100;

type EventName = "onStart" | "onProgress" | "onEnd" | "onFailure";

/** Listens to merges, and keeps what it is told. */
export class Listener {
  readonly events: { readonly [Name in EventName]: NonNullable<CompactionOptions[Name]> };
  readonly plans: Parameters<NonNullable<CompactionOptions["onStart"]>>[0][] = [];
  readonly progress: Parameters<NonNullable<CompactionOptions["onProgress"]>>[0][] = [];
  readonly reports: Parameters<NonNullable<CompactionOptions["onEnd"]>>[0][] = [];
  readonly failures: Parameters<NonNullable<CompactionOptions["onFailure"]>>[0][] = [];
  /** `start`, the phases, `end` and `failure`, in order, none twice in a row. */
  readonly order: string[] = [];

  constructor() {
    this.events = {
      onStart: (plan) => this.#note("start", this.plans, plan),
      onProgress: (progress) => this.#note(progress.phase, this.progress, progress),
      onEnd: (report) => this.#note("end", this.reports, report),
      onFailure: (error) => this.#note(`failure ${error.code}`, this.failures, error),
    };
  }

  #note<T>(event: string, kept: T[], told: T): void {
    kept.push(told);
    if (this.order.at(-1) !== event) this.order.push(event);
  }
}
