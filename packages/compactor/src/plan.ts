/** A merge that is worth doing, and what it is expected to do. */
export interface MergePlan {
  /** What set it off, in a word or two: a trigger of the strategy, or `"listed"`. */
  readonly trigger: string;
  /** The segments to merge, in this order: the oldest data first. If one of them is the active one, it is to be sealed before. */
  readonly segments: readonly PlannedSegment[];
  /** Bytes that each segment which is written may have. */
  readonly outputBytesMax: number;
  /** Estimates: bytes of the segments, of what will have to be written, and of the difference. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bytesFreed: number;
}

/** A segment of a plan. */
export interface PlannedSegment {
  readonly segmentId: number;
  /** Why it is among them, in a word or two. */
  readonly reason: string;
  /** Bytes of records that are dead or expired. */
  readonly garbageBytes: number;
  /** Its tombstones, and the segments outside the plan because of which some of them may have to stay. */
  readonly tombstones: number;
  readonly pinnedBy: readonly number[];
}

/** No merge, and why. */
export interface NoMerge {
  readonly kind: "none";
  readonly reason: "nothing-to-gain" | "outside-the-window" | "no-room";
}

/** What `planMerge` decides. */
export type MergeDecision = ({ readonly kind: "merge" } & MergePlan) | NoMerge;
