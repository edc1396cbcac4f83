import { describe, expect, test } from "vitest";
import { measure, packedBytes } from "../src/measures.ts";
import { bestOldestSegments } from "../src/oldest-segments.ts";
import type { SegmentStatistics } from "../src/index.ts";
import { ids, segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

const from = (segmentId: number, lowestSequence: number, highestSequence: number, tombstones = 0): SegmentStatistics =>
  segment(segmentId, { tombstones }, { lowestSequence, highestSequence });

describe("the best set of oldest segments", () => {
  test("goes by the age of their records, not by their ids, and of one age by those", () => {
    const segments = [from(1, 500, 599, 8), from(5, 100, 199), from(9, 300, 399, 8), from(7, 300, 399, 8)];
    for (const told of [segments, segments.toReversed()])
      expect(ids(bestOldestSegments(store(told))?.segments)).toEqual([5, 7, 9, 1]);
  });

  test("is rid of the tombstones of every segment that ends before the others begin, whichever began first", () => {
    const [long, short, later] = [from(1, 100, 900, 4), from(2, 200, 300, 4), from(3, 800, 999)];
    const kept = later.liveBytes;
    const best = bestOldestSegments(store([long, short, later]))!;
    expect(ids(best.segments)).toEqual([1, 2, 3]);
    expect(best).toMatchObject({
      tombstoneBytes: 8 * MIB,
      keptBytes: packedBytes(long.liveBytes + short.liveBytes + kept),
    });
    // Where the last one cannot be merged, the tombstones of the long one have to stay.
    const unsealed = { ...later, state: "unsealed" as const };
    const without = bestOldestSegments(store([long, short, unsealed]))!;
    expect(ids(without.segments)).toEqual([1, 2]);
    expect(without.tombstoneBytes).toBe(4 * MIB);
    expect(without.freedBytes).toBe(32 * MIB - without.keptBytes);
    expect(without.gain).toBe(without.freedBytes / (32 * MIB + without.keptBytes));
  });

  test("is none where there is no segment, none that can be merged, or nothing that would be freed", () => {
    expect(bestOldestSegments(store([]))).toBeUndefined();
    expect(bestOldestSegments(store([segment(1, { dead: 8 }, { state: "unsealed" })]))).toBeUndefined();
    const clean = segment(1);
    const full = { ...clean, fileBytes: measure(clean, Infinity).keptBytes };
    expect(bestOldestSegments(store([full]))).toBeUndefined();
    expect(bestOldestSegments(store([{ ...full, fileBytes: full.fileBytes + 1 }]))).toMatchObject({ freedBytes: 1 });
  });
});
