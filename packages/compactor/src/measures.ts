import type { SegmentStatistics, StoreStatistics } from "./statistics.ts";

/** What the planner and the strategies reckon from statistics. Nothing here decides anything. */

const MIB = 1024 * 1024;

/** Segments below this are never worth beginning on purpose, however small the store is. */
export const OUTPUT_BYTES_LEAST: number = 4 * MIB;

/** How many segments a store is in that is small enough to be in so few. */
const SEGMENTS_OF_A_STORE = 16;

/** Segments of an eighth of the store, joined four at a time at least: what is below a quarter of the size is small. */
const SMALL_SHARE = 4;

const HEADER_BYTES = 32;
/** Records are packed into frames of twice this, but for the last one that does not fit. */
const PACKED_BYTES = 64 * 1024;

/** What a merge of one segment would do to it, with all others outside. */
export interface SegmentMeasure {
  readonly segment: SegmentStatistics;
  /** Bytes that would have to be written, and bytes that would be freed. Never negative. */
  readonly keptBytes: number;
  readonly freedBytes: number;
  /** Bytes of tombstones that would have to stay because something older is outside. */
  readonly pinnedBytes: number;
  /** Bytes freed for each byte of the file, from 0 to 1. */
  readonly freedShare: number;
  /** Bytes freed for each byte that is read or written: the gain for the cost. */
  readonly gain: number;
}

/** Whether it can be merged: it is sealed, or the active one, and holds a record. */
export function isMergeable({ state, records }: SegmentStatistics): boolean {
  return state !== "unsealed" && records > 0;
}

/** Bytes of records that are dead or expired. */
export function garbageBytesOf({ recordBytes, liveBytes, expiredBytes }: SegmentStatistics): number {
  return Math.min(recordBytes, Math.max(0, recordBytes - liveBytes + expiredBytes));
}

/** Bytes of records that are live and have not expired. */
export function liveBytesOf({ liveBytes, expiredBytes }: SegmentStatistics): number {
  return Math.max(0, liveBytes - expiredBytes);
}

/** The lowest sequence of all segments that are not in `inside`; `Infinity` if there is none. */
export function lowestOutside(statistics: StoreStatistics, inside: ReadonlySet<number>): number {
  let lowest = Infinity;
  for (const { segmentId, lowestSequence } of statistics.segments) {
    if (!inside.has(segmentId)) lowest = Math.min(lowest, lowestSequence);
  }
  return lowest;
}

/** Bytes of its tombstones that have to stay, at most: those of a segment that is no older than all outside count whole. */
export function pinnedBytesOf({ tombstoneBytes, highestSequence }: SegmentStatistics, lowest: number): number {
  return highestSequence > lowest ? tombstoneBytes : 0;
}

/** Bytes that records of so many bytes take in an output, headers included; rather too many than too few. */
export function packedBytes(recordBytes: number, outputBytesMax: number = Infinity): number {
  if (recordBytes <= 0) return 0;
  // Of a file, and of the frame that is not full at its end.
  const ofFiles = 2 * HEADER_BYTES * Math.max(1, Math.ceil(recordBytes / Math.max(1, outputBytesMax)));
  return recordBytes + ofFiles + HEADER_BYTES * Math.floor(recordBytes / PACKED_BYTES);
}

/** What a merge of the segment with others would do, if `lowest` is the lowest sequence that stays outside. */
export function measure(segment: SegmentStatistics, lowest: number): SegmentMeasure {
  const pinnedBytes = pinnedBytesOf(segment, lowest);
  const keptBytes = packedBytes(liveBytesOf(segment) + pinnedBytes);
  const freedBytes = Math.max(0, segment.fileBytes - keptBytes);
  const freedShare = freedBytes / Math.max(1, segment.fileBytes);
  const gain = freedBytes / Math.max(1, segment.fileBytes + keptBytes);
  return { segment, keptBytes, freedBytes, pinnedBytes, freedShare, gain };
}

/** Each segment that can be merged, measured as if it were merged alone, by its id. */
export function measureAlone(statistics: StoreStatistics): SegmentMeasure[] {
  const [oldest = Infinity, second = Infinity] = statistics.segments
    .map(({ lowestSequence }) => lowestSequence)
    .toSorted((a, b) => a - b);
  return statistics.segments
    .filter(isMergeable)
    .map((segment) => measure(segment, segment.lowestSequence === oldest ? second : oldest))
    .toSorted((a, b) => a.segment.segmentId - b.segment.segmentId);
}

/** Bytes of all segments, of what is live in them, and of what is dead or expired. */
export function totalsOf({ segments }: StoreStatistics): {
  fileBytes: number;
  liveBytes: number;
  garbageBytes: number;
} {
  return {
    fileBytes: sum(segments, (s) => s.fileBytes),
    liveBytes: sum(segments, liveBytesOf),
    garbageBytes: sum(segments, garbageBytesOf),
  };
}

/**
 * The size at which a segment of this store is best ended, in bytes: a sixteenth of what is live, at least 4 MiB, at most
 * `segmentBytesMax`. Merges write segments of this size. A store that begins new ones at this size, and not only at
 * `segmentBytesMax`, keeps its promise about space also while it is small: a segment that holds half of the store can only
 * be merged by writing half of the store beside it.
 */
export function segmentBytesFor(statistics: StoreStatistics): number {
  const proportional = Math.ceil(totalsOf(statistics).liveBytes / SEGMENTS_OF_A_STORE);
  return Math.max(1, Math.min(statistics.segmentBytesMax, Math.max(OUTPUT_BYTES_LEAST, proportional)));
}

/** Bytes below which a sealed segment is small, if `threshold` does not say less: so many fit into one that joining pays. */
export function smallBytesOf(statistics: StoreStatistics, threshold: number): number {
  return Math.min(threshold, segmentBytesFor(statistics) / SMALL_SHARE);
}

/** The sum of a number of each. */
export function sum<Element>(elements: readonly Element[], numberOf: (element: Element) => number): number {
  let total = 0;
  for (const element of elements) total += numberOf(element);
  return total;
}
