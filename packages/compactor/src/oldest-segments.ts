import { isMergeable, liveBytesOf, packedBytes } from "./measures.ts";
import type { SegmentStatistics, StoreStatistics } from "./statistics.ts";
import type { ChosenSegment } from "./strategy.ts";

/** The oldest segments, up to some point, and what a merge of all of them would do. */
export interface OldestSegments {
  readonly segments: readonly ChosenSegment[];
  readonly fileBytes: number;
  readonly keptBytes: number;
  readonly freedBytes: number;
  /** Bytes freed for each byte that is read or written. */
  readonly gain: number;
  /** Of the bytes freed, those of tombstones. */
  readonly tombstoneBytes: number;
}

/**
 * The set of oldest segments whose merge frees most for the bytes it costs; `undefined` if there is none. A tombstone goes
 * when nothing outside the merge is older than it is, so this is the way to be rid of tombstones: a merge of all segments
 * that begin before some sequence leaves none of a segment that ends before it (Bitcask calls this a prefix merge).
 */
export function bestOldestSegments(statistics: StoreStatistics): OldestSegments | undefined {
  const byAge = statistics.segments.toSorted(
    (a, b) => a.lowestSequence - b.lowestSequence || a.segmentId - b.segmentId,
  );
  const ended = byAge.toSorted((a, b) => a.highestSequence - b.highestSequence);
  const taken: SegmentStatistics[] = [];
  let best: Omit<OldestSegments, "segments"> | undefined;
  let bestCount = 0;
  let [fileBytes, liveBytes, tombstoneBytes, goneBytes, endedCount] = [0, 0, 0, 0, 0];
  for (const [index, segment] of byAge.entries()) {
    // What cannot be merged, and holds anything, is older than all that follows, and its tombstones would have to stay.
    if (!isMergeable(segment)) break;
    taken.push(segment);
    fileBytes += segment.fileBytes;
    liveBytes += liveBytesOf(segment);
    tombstoneBytes += segment.tombstoneBytes;
    const lowestLeft = byAge[index + 1]?.lowestSequence ?? Infinity;
    for (; endedCount < ended.length && ended[endedCount]!.highestSequence < lowestLeft; endedCount++) {
      // What ends before it has begun before it, and so is taken.
      goneBytes += ended[endedCount]!.tombstoneBytes;
    }
    const keptBytes = packedBytes(liveBytes + tombstoneBytes - goneBytes);
    const freedBytes = Math.max(0, fileBytes - keptBytes);
    const gain = freedBytes / Math.max(1, fileBytes + keptBytes);
    if (best !== undefined && gain <= best.gain) continue;
    best = { fileBytes, keptBytes, freedBytes, gain, tombstoneBytes: goneBytes };
    bestCount = taken.length;
  }
  if (best === undefined || best.freedBytes === 0) return undefined;
  const segments = taken.slice(0, bestCount).map(({ segmentId }) => ({ segmentId, reason: "oldest" }));
  return { ...best, segments };
}
