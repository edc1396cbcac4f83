import { describe, expect, test } from "vitest";
import { bestFirst } from "../src/choices.ts";
import type { SegmentMeasure } from "../src/measures.ts";
import { ids, segment } from "./statistics-of.ts";

/** A segment: its id, the middle of its sequences, and what it frees for its bytes. */
type Told = readonly [segmentId: number, middle: number, gain: number];

function measured(...all: readonly Told[]): SegmentMeasure[] {
  return all.map(([segmentId, middle, gain]) => ({
    segment: segment(segmentId, {}, { lowestSequence: middle - 10, highestSequence: middle + 10 }),
    keptBytes: 0,
    freedBytes: 0,
    pinnedBytes: 0,
    freedShare: 0,
    gain,
  }));
}

const order = (...all: readonly Told[]): number[] | undefined =>
  ids(bestFirst(measured(...all)).map((one) => one.segment));

describe("the best segment", () => {
  test("is the one that frees most for its bytes, of equal age", () => {
    expect(order([1, 5_000, 0.3], [2, 5_000, 0.5], [3, 5_000, 0.4])).toEqual([2, 3, 1]);
  });

  test("is the oldest of equals, and of those of one age the first, in whatever order they are told", () => {
    expect(order([1, 7_000, 0.5], [2, 6_000, 0.5], [3, 5_000, 0.5])).toEqual([3, 2, 1]);
    expect(order([3, 5_000, 0.5], [1, 5_000, 0.5], [2, 5_000, 0.5])).toEqual([1, 2, 3]);
  });

  // A gain counts by the cube root of 0.02 and the age, which is 0 for the newest sequence and 1 for the oldest. The store's
  // reach from 4,990 to 6,010; so the ages are 0.990 for the oldest segment, 0.5 in the middle, and 0.010 for the youngest:
  // 1.003, 0.804 and 0.310.
  test.each([
    ["in the middle", 5_500, 1.003 / 0.804],
    ["youngest", 6_000, 1.003 / 0.31],
  ])("is one %s only when it frees so much more than the oldest one", (_, middle, factor) => {
    const youngest: Told = [9, 6_000, 0.001];
    expect(order([1, 5_000, 0.2], [2, middle, 0.2 * factor * 0.98], youngest)).toEqual([1, 2, 9]);
    expect(order([1, 5_000, 0.2], [2, middle, 0.2 * factor * 1.02], youngest)).toEqual([2, 1, 9]);
  });

  test("is found in a store of one record", () => {
    const [only] = measured([1, 5_000, 0.5]);
    const record = { ...only!, segment: { ...only!.segment, lowestSequence: 7, highestSequence: 7 } };
    expect(bestFirst([record])).toEqual([record]);
  });
});
