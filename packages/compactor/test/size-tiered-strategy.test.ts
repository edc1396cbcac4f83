import { expect, test } from "vitest";
import { sizeTieredStrategy, type SizeTieredStrategyOptions, type SegmentStatistics } from "../src/index.ts";
import { ids, segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

function choose(segments: readonly SegmentStatistics[], options: SizeTieredStrategyOptions = {}): unknown {
  const choice = sizeTieredStrategy(options).choose(store(segments));
  return choice && [choice.trigger, ids(choice.segments)];
}

function tier(count: number, file: number, dead: number, first = 1): SegmentStatistics[] {
  return Array.from({ length: count }, (_, index) => segment(first + index, { file, dead }));
}

test("a tier is merged when there are enough segments in it and enough of them is dead", () => {
  expect(choose(tier(4, 20, 4))).toBeUndefined();
  expect(choose(tier(4, 20, 6))).toEqual(["dead bytes of a tier", [1, 2, 3, 4]]);
  expect(choose(tier(3, 20, 6))).toBeUndefined();
  expect(choose(tier(3, 20, 6), { filesLeast: 3 })).toBeDefined();
  expect(choose(tier(4, 20, 4), { deadShareLeast: 0.19 })).toBeDefined();
  expect(choose(tier(4, 20, 6), { deadBytesLeast: 100 * MIB })).toBeUndefined();
});

test("one segment that is dead by half is merged without company", () => {
  expect(choose([segment(1, { dead: 9 }), ...tier(4, 100, 0, 10)])).toEqual(["dead bytes of a tier", [1]]);
});

test("of several tiers the deadest is merged, without its segments that are nearly clean", () => {
  const segments = [...tier(4, 20, 8), segment(5, { file: 20 }), ...tier(4, 200, 60, 10)];
  expect(choose(segments)).toEqual(["dead bytes of a tier", [1, 2, 3, 4]]);
  expect(choose(segments, { tierRatio: 1000 })).toEqual(["dead bytes of a tier", expect.arrayContaining([1, 10])]);
});

test("small segments are joined though nothing in them is dead, large ones are not", () => {
  expect(choose(tier(4, 0.1, 0))).toEqual(["small files", [1, 2, 3, 4]]);
  expect(choose(tier(4, 0.1, 0), { smallFileThreshold: 1000 })).toBeUndefined();
  expect(choose(tier(20, 20, 0))).toBeUndefined();
});

test("the active segment takes part when it has half the size of a segment", () => {
  const active = segment(9, { file: 20, dead: 10 }, { state: "active" });
  expect(choose([...tier(3, 20, 6), active])).toEqual(["dead bytes of a tier", expect.arrayContaining([9])]);
  expect(choose([...tier(3, 20, 6), ...tier(60, 80, 0, 20), active])).toBeUndefined();
});
