import type { StoreStatistics } from "./statistics.ts";

/**
 * Which segments are worth merging now. A pure function of what it is told: the same statistics give the same choice, and
 * nothing else is asked. What a merge may cost in space, when merges may run at all and what becomes of tombstones is
 * `planMerge`'s business, and the same for all strategies. `runStrategyContract` in `./testing` proves an implementation.
 */
export interface MergeStrategy {
  /** For reports. */
  readonly name: string;

  /**
   * The segments that had best be merged together now, or `undefined` if none had. The one that is most worth it first:
   * where not all may be merged at once, those at the end are left out. Never an unsealed one that is not active, never an
   * empty one, and none twice. A store in which nothing is dead, expired or small is left alone: every choice must gain
   * something, or merges would never end.
   */
  choose(statistics: StoreStatistics): MergeChoice | undefined;
}

/** What a strategy chose. */
export interface MergeChoice {
  /** What set it off, in a word or two, for reports. */
  readonly trigger: string;
  readonly segments: readonly ChosenSegment[];
  /**
   * Whether the segments are worth merging only all together, as tombstones are that go when everything older than they
   * takes part. Such a merge is done wholly or not at all, and not kept to a share of the store (`transientShareMax`).
   * Default `false`.
   */
  readonly whole?: boolean | undefined;
  /** What to merge if these cannot be, for want of room or because of a limit, or would not gain enough. */
  readonly instead?: MergeChoice | undefined;
}

/** A segment, and in a word or two why it is among those chosen. */
export interface ChosenSegment {
  readonly segmentId: number;
  readonly reason: string;
}
