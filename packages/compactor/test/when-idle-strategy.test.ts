import { expect, test } from "vitest";
import { type SegmentStatistics, whenIdleStrategy, type WhenIdleStrategyOptions } from "../src/index.ts";
import { measureAlone, type SegmentMeasure } from "../src/measures.ts";
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
  const little = [segment(1, { file: 4, dead: 0.5 })];
  expect(choose(little, 300_000)).toBeUndefined();
  expect(choose(little, 300_000, { garbageBytesLeast: MIB / 4 })).toEqual(["idle", [1]]);
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

test("a bound may be reached: the share of a segment, the bytes of all", () => {
  const measures = measureAlone(store(SEGMENTS));
  const gaining = measures.filter(({ segment }) => [2, 3, 4].includes(segment.segmentId));
  const [{ freedShare }] = gaining as [SegmentMeasure];
  expect(choose(SEGMENTS, 300_000, { garbageShareLeast: freedShare })).toEqual(["idle", [3, 4, 2]]);
  expect(choose(SEGMENTS, 300_000, { garbageShareLeast: freedShare * (1 + 2 ** -40) })).toEqual(["idle", [3, 4]]);
  const freed = gaining.reduce((sum, { freedBytes }) => sum + freedBytes, 0);
  expect(choose(SEGMENTS, 300_000, { garbageBytesLeast: freed })).toBeDefined();
  expect(choose(SEGMENTS, 300_000, { garbageBytesLeast: freed + 1 })).toBeUndefined();
});

test("tombstones that may go are worth it from the bytes on, and from the share of the store on, that are asked for", () => {
  const pinned = [segment(1), segment(2), segment(3, { tombstones: 15 })];
  const bytes = 15 * MIB;
  const live = pinned.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
  const chosen = (options: WhenIdleStrategyOptions) => choose(pinned, 300_000, options) !== undefined;
  expect(chosen({ garbageBytesLeast: bytes })).toBe(true);
  expect(chosen({ garbageBytesLeast: bytes + 1 })).toBe(false);
  expect(chosen({ garbageShareLeast: bytes / live })).toBe(true);
  expect(chosen({ garbageShareLeast: (bytes + 1) / live })).toBe(false);
});

test("tombstones stay where what is dead elsewhere frees more", () => {
  // What is not sealed ends the oldest ones that can be merged together.
  const old = [segment(1), segment(2, { tombstones: 15 }), segment(3, {}, { state: "unsealed" })];
  expect(choose([...old, segment(4, { dead: 12 })], 300_000)).toEqual(["tombstones", [1, 2]]);
  expect(choose([...old, segment(4, { dead: 12 }), segment(5, { dead: 12 })], 300_000)).toEqual(["idle", [4, 5]]);
});

test("why a segment takes part is told", () => {
  expect(whenIdleStrategy().choose(store(SEGMENTS, { idleMs: 300_000 }))?.segments[0]?.reason).toBe("has garbage");
  const pinned = [segment(1), segment(2), segment(3, { tombstones: 15 })];
  expect(whenIdleStrategy().choose(store(pinned, { idleMs: 300_000 }))?.segments[0]?.reason).toBe("oldest");
});
