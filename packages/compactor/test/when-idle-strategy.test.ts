import { expect, test } from "vitest";
import { type SegmentStatistics, whenIdleStrategy, type WhenIdleStrategyOptions } from "../src/index.ts";
import { ids, segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

function choose(
  segments: readonly SegmentStatistics[],
  idleMs: number,
  options: WhenIdleStrategyOptions = {},
): unknown {
  const choice = whenIdleStrategy(options).choose(store(segments, { idleMs }));
  return choice && [choice.trigger, ids(choice.segments)];
}

const SEGMENTS = [segment(1), segment(2, { dead: 2 }), segment(3, { dead: 10 }), segment(4, { expired: 4 })];

test("nothing is merged while the store is busy", () => {
  expect(choose(SEGMENTS, 299_999)).toBeUndefined();
  expect(choose(SEGMENTS, 300_000)).toBeDefined();
  expect(choose(SEGMENTS, 0, { idleMsLeast: 0 })).toBeDefined();
});

test("when it is idle, all that has something to gain is merged, the best first", () => {
  expect(choose(SEGMENTS, 300_000)).toEqual(["idle", [3, 4, 2]]);
  expect(choose(SEGMENTS, 300_000, { garbageShareLeast: 0.2 })).toEqual(["idle", [3, 4]]);
  expect(choose(SEGMENTS, 300_000, { garbageBytesLeast: 20 * MIB })).toBeUndefined();
});

test("tombstones take everything older with them when they are worth it", () => {
  const pinned = [segment(1), segment(2), segment(3, { tombstones: 15 })];
  const choice = whenIdleStrategy().choose(store(pinned, { idleMs: 300_000 }));
  expect(choice).toMatchObject({ trigger: "tombstones", whole: true });
  expect(choose(pinned, 300_000, { garbageShareLeast: 0.5 })).toBeUndefined();
});

test("small files are joined", () => {
  const small = Array.from({ length: 9 }, (_, index) => segment(index + 1, { file: 0.1 }));
  expect(choose(small, 300_000)).toEqual(["small files", [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  expect(choose(small.slice(1), 300_000)).toBeUndefined();
  expect(choose(small.slice(5), 300_000, { smallFilesMax: 3 })).toBeDefined();
});
