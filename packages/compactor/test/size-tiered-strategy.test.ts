import { describe, expect, test } from "vitest";
import { sizeTieredStrategy, type SizeTieredStrategyOptions, type SegmentStatistics } from "../src/index.ts";
import { measureAlone } from "../src/measures.ts";
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
  expect(choose([...tier(4, 20, 6), ...tier(4, 200, 120, 10)])).toEqual(["dead bytes of a tier", [10, 11, 12, 13]]);
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

test("sealed segments take part whatever their size", () => {
  expect(choose([...tier(4, 20, 6), ...tier(60, 80, 0, 20)])).toEqual(["dead bytes of a tier", [1, 2, 3, 4]]);
});

describe("a bound may be reached", () => {
  const four = tier(4, 20, 6);
  const measures = measureAlone(store(four));
  const freed = measures.reduce((sum, { freedBytes }) => sum + freedBytes, 0);
  const share = freed / (4 * 20 * MIB);
  const more = (value: number): number => value * (1 + 2 ** -40);

  test("by the dead share of a tier", () => {
    expect(choose(four, { deadShareLeast: share })).toBeDefined();
    expect(choose(four, { deadShareLeast: more(share) })).toBeUndefined();
  });

  test("by its dead bytes", () => {
    expect(choose(four, { deadBytesLeast: freed })).toBeDefined();
    expect(choose(four, { deadBytesLeast: freed + 1 })).toBeUndefined();
  });

  test("by the dead share of one alone, which is twice as much", () => {
    const alone = [segment(1, { dead: 9 })];
    const { freedShare } = measureAlone(store(alone))[0]!;
    expect(choose(alone, { deadShareLeast: freedShare / 2 })).toBeDefined();
    expect(choose(alone, { deadShareLeast: more(freedShare) / 2 })).toBeUndefined();
  });

  test("by the dead share of one among others, which is half as much", () => {
    const cleaner = segment(5, { file: 20, dead: 3 });
    const taken = (deadShareLeast: number) => choose([...tier(4, 20, 12), cleaner], { deadShareLeast });
    const { freedShare } = measureAlone(store([cleaner]))[0]!;
    expect(taken(2 * freedShare)).toEqual(["dead bytes of a tier", [1, 2, 3, 4, 5]]);
    expect(taken(2 * more(freedShare))).toEqual(["dead bytes of a tier", [1, 2, 3, 4]]);
  });

  test("by the size of a tier: a factor of four, from one byte on", () => {
    const sized = (fileBytes: number, first: number): SegmentStatistics[] =>
      tier(4, 20, 20, first).map((one) => ({ ...one, fileBytes, recordBytes: fileBytes, liveBytes: 0 }));
    const options = { deadShareLeast: 0.9 };
    expect(choose([...sized(4 ** 12, 1), ...sized(4 ** 12 - 1, 11)], options)).toEqual([
      "dead bytes of a tier",
      [11, 12, 13, 14],
    ]);
    expect(choose([...sized(4 ** 12, 1), ...sized(4 ** 13 - 1, 11)], options)).toEqual([
      "dead bytes of a tier",
      [1, 2, 3, 4, 11, 12, 13, 14],
    ]);
  });

  test("by the size of the active segment: half of what it should have", () => {
    const active = segment(9, { file: 8, dead: 7 }, { state: "active" });
    const choice = (segmentBytesMax: number) =>
      sizeTieredStrategy().choose(store([...tier(20, 16, 0, 20), active], { segmentBytesMax }));
    expect(ids(choice(16 * MIB)?.segments)).toEqual([9]);
    expect(choice(16 * MIB + 2)).toBeUndefined();
  });
});

test("why a segment takes part is told", () => {
  expect(sizeTieredStrategy().choose(store(tier(4, 20, 6)))?.segments[0]?.reason).toBe("of a tier");
  expect(sizeTieredStrategy().choose(store(tier(4, 0.1, 0)))?.segments[0]?.reason).toBe("small");
});
