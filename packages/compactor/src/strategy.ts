import type { StoreStatistics } from "./statistics.ts";

/**
 * Which segments are worth merging now. A pure function of what it is told: the same statistics give the same choice,
 * whatever the order of the segments and whoever was asked before, nothing else is asked, and nothing is changed. What a
 * merge may cost in space, when merges may run at all and what becomes of tombstones is `planMerge`'s business, and the same
 * for all strategies. `runStrategyContract` in `./testing` proves an implementation.
 *
 * It is asked about stores without a segment, with one, and with many thousands, whatever the numbers say of them, and must
 * not throw: that would be told as the failure of a merge.
 */
export interface MergeStrategy {
  /** For reports; not empty. */
  readonly name: string;

  /**
   * The segments that had best be merged together now, or `undefined` if none had. The one that is most worth it first:
   * where not all may be merged at once, those at the end are left out. Never an unsealed one that is not active, never an
   * empty one, and none twice. A store in which nothing is dead, expired or small is left alone: every choice must gain
   * something, or merges would never end. And what is overwritten, or expires, must not be let lie for ever: in a store that
   * is written to without end, and whose live bytes do not grow, neither do its files (but for tombstones that something
   * older keeps; `compact` removes them).
   */
  choose(statistics: StoreStatistics): MergeChoice | undefined;
}

/** What a strategy chose. */
export interface MergeChoice {
  /** What set it off, in a word or two, for reports; not empty. */
  readonly trigger: string;
  /** One at least. */
  readonly segments: readonly ChosenSegment[];
  /**
   * Whether the segments are worth merging only all together, as tombstones are that go when everything older than they
   * takes part. Such a merge is done wholly or not at all, and not kept to a share of the store (`transientShareMax`).
   * Default `false`.
   */
  readonly whole?: boolean | undefined;
  /**
   * What to merge if these cannot be, for want of room or because of a limit, or would not gain enough. Held to the same as
   * the first; of more than a hundred in a row the others are not looked at.
   */
  readonly instead?: MergeChoice | undefined;
}

/** A segment, and in a word or two why it is among those chosen; not empty. */
export interface ChosenSegment {
  readonly segmentId: number;
  readonly reason: string;
}
