import { isMergeable, smallBytesOf } from "./measures.ts";
import type { SegmentStatistics, StoreStatistics } from "./statistics.ts";
import type { ChosenSegment } from "./strategy.ts";

/** How much larger the files of a tier may be than those of the tier below. */
const TIER_RATIO = 4;

/**
 * The small sealed segments that had best be joined, the smallest first; empty if there are not too many. Tiers of sizes,
 * each four times the one below; a tier with more than `filesMax` segments is joined into one, with all that is smaller.
 * So what is written in many short openings, each of which leaves a segment, is copied once for every tier it rises through,
 * which is O(log) of the number of openings, and never more than `filesMax` segments a tier stay (size-tiered compaction,
 * as in Cassandra, after the minor compactions of Bigtable).
 *
 * @param threshold bytes from which on no segment is small; in a small store less
 */
export function smallFilesToJoin(statistics: StoreStatistics, threshold: number, filesMax: number): ChosenSegment[] {
  const smallBytes = smallBytesOf(statistics, threshold);
  const small = statistics.segments
    .filter((segment) => segment.state === "sealed" && isMergeable(segment) && segment.fileBytes < smallBytes)
    .toSorted((a, b) => a.fileBytes - b.fileBytes || a.segmentId - b.segmentId);
  const counts = new Map<number, number>();
  for (const segment of small) counts.set(tierOf(segment), (counts.get(tierOf(segment)) ?? 0) + 1);
  const full = [...counts].filter(([, count]) => count > filesMax).map(([tier]) => tier);
  // Below all of them where none is full.
  const highest = Math.max(...full);
  return small.filter((segment) => tierOf(segment) <= highest).map(({ segmentId }) => ({ segmentId, reason: "small" }));
}

function tierOf({ fileBytes }: SegmentStatistics): number {
  return Math.floor(Math.log(Math.max(1, fileBytes)) / Math.log(TIER_RATIO));
}
