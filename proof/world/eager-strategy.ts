import type { MergeStrategy, SegmentStatistics } from "@hashlog/compactor";

/**
 * Merges this and that whenever it is asked: a part of the segments, which one looks like chance and is the same for the
 * same store, as long as that frees something or makes fewer of them. What a sensible strategy does once in a day happens
 * in every case; and what it never does, as a merge of the oldest and the newest without what lies between.
 */
export const eagerStrategy: MergeStrategy = {
  name: "eager",
  choose({ segments }) {
    const mergeable = segments.filter(({ state, records }) => state !== "unsealed" && records > 0);
    const lottery = segments.reduce((sum, { segmentId, highestSequence }) => sum * 31 + segmentId + highestSequence, 7);
    const drawn = mergeable.filter((_, index) => ((lottery >>> (index % 16)) & 3) !== 0);
    const gains = drawn.length > 1 || drawn.some(hasGarbage);
    if (!gains) return undefined;
    return { trigger: "chance", segments: drawn.map(({ segmentId }) => ({ segmentId, reason: "drawn" })) };
  },
};

function hasGarbage({ recordBytes, liveBytes, expiredBytes, tombstoneBytes }: SegmentStatistics): boolean {
  return recordBytes - liveBytes - tombstoneBytes + expiredBytes > 0;
}
