import type { SegmentStatistics, StoreStatistics } from "../src/index.ts";

const MIB = 1024 * 1024;

/** A segment in megabytes: `file` of them, of which the others are a part; sealed, all live, and as old as its id says. */
export function segment(
  segmentId: number,
  parts: { file?: number; dead?: number; expired?: number; tombstones?: number } = {},
  rest: Partial<SegmentStatistics> = {},
): SegmentStatistics {
  const { file = 16, dead = 0, expired = 0, tombstones = 0 } = parts;
  const recordBytes = file * MIB - 1024;
  const liveBytes = recordBytes - Math.min(recordBytes, (dead + tombstones) * MIB);
  return {
    segmentId,
    state: "sealed",
    fileBytes: file * MIB,
    records: 1000,
    recordBytes,
    liveRecords: 500,
    liveBytes,
    expiredRecords: expired * 10,
    expiredBytes: expired * MIB,
    tombstones: tombstones * 1000,
    tombstoneBytes: tombstones * MIB,
    lowestSequence: segmentId * 1000,
    highestSequence: segmentId * 1000 + 999,
    merged: false,
    ...rest,
  };
}

/** A store of these segments, at noon, with room. */
export function store(segments: readonly SegmentStatistics[], rest: Partial<StoreStatistics> = {}): StoreStatistics {
  const noon = new Date(2026, 5, 1, 12, 30).getTime();
  return { segments, nowMs: noon, idleMs: 0, freeBytes: Infinity, segmentBytesMax: 256 * MIB, ...rest };
}

/** The ids of segments of a choice, a plan or a store. */
export function ids(segments: readonly { readonly segmentId: number }[] | undefined): number[] | undefined {
  return segments?.map(({ segmentId }) => segmentId);
}
