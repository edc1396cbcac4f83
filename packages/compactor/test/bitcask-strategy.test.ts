import { describe, expect, test } from "vitest";
import {
  bitcaskStrategy,
  type BitcaskStrategyOptions,
  planMerge,
  resolvePolicy,
  type SegmentStatistics,
  type StoreStatistics,
} from "../src/index.ts";
import { measureAlone, type SegmentMeasure, totalsOf } from "../src/measures.ts";
import { ids, segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

function choose(
  segments: readonly SegmentStatistics[],
  options: BitcaskStrategyOptions = {},
  rest: Partial<StoreStatistics> = {},
): [trigger: string, segments: number[] | undefined] | undefined {
  const choice = bitcaskStrategy(options).choose(store(segments, rest));
  return choice && [choice.trigger, ids(choice.segments)];
}

/** Segments of 16 MB without anything dead. */
function clean(count: number, first = 100): SegmentStatistics[] {
  return Array.from({ length: count }, (_, index) => segment(first + index));
}

describe("the triggers", () => {
  test("are set off by the dead share of any one segment", () => {
    expect(choose([segment(1, { dead: 9 }), ...clean(9)])).toBeUndefined();
    expect(choose([segment(1, { dead: 10 }), ...clean(9)])).toEqual(["fragmentation", [1]]);
    expect(choose([segment(1, { dead: 9 }), ...clean(9)], { fragmentationTrigger: 0.5 })).toEqual([
      "fragmentation",
      [1],
    ]);
  });

  test("are set off by the dead bytes of any one segment", () => {
    const large = segment(1, { file: 256, dead: 129 });
    expect(choose([large, ...clean(40)])).toEqual(["dead bytes", [1]]);
    expect(choose([large, ...clean(40)], { deadBytesTrigger: 200 * MIB })).toBeUndefined();
  });

  test("are set off by the space of the store as a whole, which frees no more than it must", () => {
    const segments = Array.from({ length: 10 }, (_, index) => segment(index + 1, { dead: 3 }));
    expect(choose(segments)).toBeUndefined();
    const more = Array.from({ length: 10 }, (_, index) => segment(index + 1, { dead: 3.5 }));
    const [trigger, chosen] = choose(more)!;
    expect(trigger).toBe("space amplification");
    expect(chosen).toEqual([1, 2, 3]);
    expect(choose(segments, { amplificationTrigger: 1.2 })?.[0]).toBe("space amplification");
  });

  test("count what has expired as dead", () => {
    expect(choose([segment(1, { dead: 2, expired: 8 }), ...clean(9)])).toEqual(["fragmentation", [1]]);
  });

  test("count the headers of frames that can be joined as dead", () => {
    const frames = clean(4).map((one) => ({ ...one, recordBytes: one.recordBytes / 2, liveBytes: one.liveBytes / 2 }));
    expect(choose(frames)?.[0]).toBe("space amplification");
  });

  test("leave a store in peace that has little garbage, however small it is", () => {
    const tiny = Array.from({ length: 3 }, (_, index) => segment(index + 1, { file: 1, dead: 0.9 }));
    expect(choose(tiny)).toBeUndefined();
    expect(choose(tiny, { garbageBytesLeast: MIB })?.[0]).toBe("space amplification");
  });
});

describe("an option that says from which on", () => {
  /** What the next larger setting is, far below anything that a store could tell. */
  const more = (value: number): number => value * (1 + 2 ** -40);
  const dirty = segment(1, { dead: 11 });
  const segments = [dirty, segment(2, { dead: 9 }), ...clean(20)];
  const [{ freedShare, freedBytes }, other] = measureAlone(store(segments)) as [SegmentMeasure, SegmentMeasure];

  test.each<[string, BitcaskStrategyOptions, BitcaskStrategyOptions, string]>([
    [
      "a share of a segment",
      { fragmentationTrigger: freedShare },
      { fragmentationTrigger: more(freedShare) },
      "fragmentation",
    ],
    [
      "bytes of a segment",
      { fragmentationTrigger: 1, deadBytesTrigger: freedBytes },
      { fragmentationTrigger: 1, deadBytesTrigger: freedBytes + 1 },
      "dead bytes",
    ],
    [
      "a quarter of the least garbage",
      { garbageBytesLeast: 4 * freedBytes, amplificationTrigger: 9 },
      { garbageBytesLeast: 4 * freedBytes + 4, amplificationTrigger: 9 },
      "fragmentation",
    ],
  ])("a merge is due, means that too: %s", (_, exactly, beyond, trigger) => {
    const garbage = Array.from({ length: 9 }, (_, index) => segment(50 + index, { dead: 6 }));
    expect(choose([...segments, ...garbage], { ...exactly })?.[0]).toBe(trigger);
    expect(choose([...segments, ...garbage], { ...beyond })).toBeUndefined();
  });

  test("a segment takes part, means that too", () => {
    const { freedShare: share, freedBytes: bytes } = other;
    const taken = (options: BitcaskStrategyOptions) => choose(segments, { fragmentationThreshold: 1, ...options })?.[1];
    expect(taken({ fragmentationThreshold: share })).toEqual([1, 2]);
    expect(taken({ fragmentationThreshold: more(share) })).toEqual([1]);
    expect(taken({ deadBytesThreshold: bytes })).toEqual([1, 2]);
    expect(taken({ deadBytesThreshold: bytes + 1 })).toEqual([1]);
  });

  test("the space of the store is too much, means that too", () => {
    const one = segment(1, { file: 20 }, { liveBytes: 16 * MIB });
    expect(choose([one])?.[0]).toBe("space amplification");
    expect(choose([{ ...one, liveBytes: 16 * MIB + 1 }])).toBeUndefined();
  });

  test("a store is left in peace below, means that it is not there", () => {
    const one = segment(1, { dead: 5 });
    const { fileBytes, liveBytes } = totalsOf(store([one]));
    expect(choose([one], { garbageBytesLeast: fileBytes - liveBytes })?.[0]).toBe("space amplification");
    expect(choose([one], { garbageBytesLeast: fileBytes - liveBytes + 1 })).toBeUndefined();
  });

  test("the active segment is sealed early, means that too", () => {
    const active = segment(200, { file: 8, dead: 7 }, { state: "active" });
    const taken = (segmentBytesMax: number) => choose([...clean(20), active], {}, { segmentBytesMax })?.[1];
    expect(taken(16 * MIB)).toEqual([200]);
    expect(taken(16 * MIB + 2)).toBeUndefined();
  });
});

describe("the segments that take part", () => {
  test("are those above a threshold, the best first", () => {
    const segments = [segment(1, { dead: 7 }), segment(2, { dead: 11 }), segment(3, { dead: 6 }), ...clean(20)];
    expect(choose(segments)).toEqual(["fragmentation", [2, 1]]);
    expect(bitcaskStrategy().choose(store(segments))?.segments[0]?.reason).toBe("fragmented");
    expect(choose(segments, { fragmentationThreshold: 0.7 })).toEqual(["fragmentation", [2]]);
    expect(choose(segments, { deadBytesThreshold: 5.5 * MIB })).toEqual(["fragmentation", [2, 1, 3]]);
  });

  test("are the oldest of equals, as what is young loses more by itself", () => {
    expect(choose([3, 1, 2].map((id) => segment(id, { dead: 10 })))?.[1]).toEqual([1, 2, 3]);
  });

  test("are the active one too, when it has half the size that a segment should have", () => {
    const active = (file: number): SegmentStatistics => segment(200, { file, dead: file - 1 }, { state: "active" });
    expect(choose([...clean(20), active(6)], { garbageBytesLeast: MIB })).toBeUndefined();
    expect(choose([...clean(20), active(11)])).toEqual(["fragmentation", [200]]);
    expect(choose([...clean(20), { ...active(11), state: "unsealed" }])).toBeUndefined();
  });

  test("let a store of 10 MB be merged in its only segment, long before that is full", () => {
    const active = segment(1, { file: 15, dead: 5 }, { state: "active" });
    expect(choose([active])).toEqual(["space amplification", [1]]);
  });

  test("are none that are nearly clean, though the store takes too much space", () => {
    const segments = [...clean(10), segment(1, { dead: 2 })];
    const pinned = segment(200, { tombstones: 16 });
    const older = segments.map((one) => ({ ...one, lowestSequence: 1 }));
    expect(
      choose([...older, pinned, pinned, pinned].map((one, index) => ({ ...one, segmentId: index }))),
    ).toBeUndefined();
  });
});

describe("small files", () => {
  const files = (count: number, file: number, first = 1): SegmentStatistics[] =>
    Array.from({ length: count }, (_, index) => segment(first + index, { file }));

  test("are joined when there are too many of about a size, with all that are smaller", () => {
    expect(choose(files(8, 0.1))).toBeUndefined();
    expect(choose(files(9, 0.1))).toEqual(["small files", [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
    expect(choose([...files(9, 0.1), ...files(2, 0.01, 50)])?.[1]).toEqual([50, 51, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(choose([...files(9, 0.01), ...files(2, 0.1, 50)])?.[1]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(choose(files(5, 0.1), { smallFilesMax: 4 })?.[0]).toBe("small files");
    const [small, large] = [files(9, 0.01), files(9, 0.1, 50)];
    expect(choose([...small, ...large])?.[1]).toEqual([...ids(small)!, ...ids(large)!]);
  });

  test("are of about a size up to a factor of four, from one byte on", () => {
    const sized = (count: number, fileBytes: number, first: number): SegmentStatistics[] =>
      files(count, 0.1, first).map((one) => ({ ...one, fileBytes }));
    expect(choose([...sized(5, 4 ** 8, 1), ...sized(4, 4 ** 9 - 1, 50)])?.[1]).toHaveLength(9);
    expect(choose([...sized(5, 4 ** 8 - 1, 1), ...sized(4, 4 ** 8, 50)])).toBeUndefined();
  });

  test("are small in proportion to the store, and below the threshold", () => {
    expect(choose(files(20, 1))).toBeUndefined();
    expect(choose([...clean(20), ...files(20, 1)])?.[0]).toBe("small files");
    expect(choose([...clean(20), ...files(20, 1)], { smallFileThreshold: MIB / 2 })).toBeUndefined();
    expect(choose(files(9, 0.1), {}, { segmentBytesMax: MIB / 10 })).toBeUndefined();
  });

  test("wait behind garbage, unless there are far too many", () => {
    const garbage = segment(1, { dead: 15 });
    const behind = bitcaskStrategy().choose(store([garbage, ...clean(9), ...files(20, 0.1, 500)]));
    expect(behind).toMatchObject({ trigger: "fragmentation", instead: { trigger: "small files" } });
    const before = bitcaskStrategy().choose(store([garbage, ...clean(9), ...files(200, 0.1, 500)]));
    expect(before).toMatchObject({ trigger: "small files", instead: { trigger: "fragmentation" } });
  });
});

describe("tombstones that something older keeps", () => {
  const old = clean(10, 1);
  const pinned = Array.from({ length: 4 }, (_, index) => segment(50 + index, { tombstones: 14 }));

  test("are no reason to merge their segments alone", () => {
    expect(choose([...clean(30, 1), ...pinned])).toBeUndefined();
  });

  test("are merged with everything older when they take a large share of the store", () => {
    const choice = bitcaskStrategy().choose(store([...old, ...pinned]));
    expect(choice).toMatchObject({ trigger: "tombstones", whole: true });
    expect(ids(choice?.segments)).toEqual([...ids(old)!, ...ids(pinned)!]);
    const plan = planMerge(store([...old, ...pinned]), resolvePolicy());
    expect(plan).toMatchObject({ kind: "merge", bytesFreed: expect.closeTo(56 * MIB, -6) });
  });

  test("are merged with everything older when that is little, sooner", () => {
    const few = [segment(1, { file: 2 }), segment(2, { file: 40, tombstones: 38 }), ...clean(8)];
    const choice = bitcaskStrategy().choose(store(few));
    expect(choice).toMatchObject({ trigger: "tombstones", whole: true });
    expect(ids(choice?.segments)).toEqual([1, 2]);
  });

  test("stay as long as what is dead otherwise frees more for its bytes", () => {
    const dead = segment(200, { dead: 15 });
    expect(choose([...old, ...pinned, dead])).toEqual(["space amplification", [200]]);
  });

  test("go before what frees less for its bytes", () => {
    const few = [segment(1, { file: 2 }), segment(2, { file: 40, tombstones: 38 }), ...clean(8)];
    const choice = bitcaskStrategy().choose(store([...few, segment(300, { dead: 8 })]));
    expect(choice).toMatchObject({ trigger: "tombstones", instead: { trigger: "space amplification" } });
    expect(ids(choice?.segments)).toEqual([1, 2]);
  });

  test("stay where the oldest segments have few, and those with many lie behind what cannot be merged", () => {
    const few = segment(1, { file: 4, tombstones: 0.5 });
    const unsealed = segment(2, {}, { state: "unsealed" });
    expect(
      choose([few, unsealed, ...clean(10), ...pinned.map((one, at) => ({ ...one, segmentId: 200 + at }))]),
    ).toBeUndefined();
  });

  test("stay where something older cannot be merged", () => {
    const unsealed = segment(0, {}, { state: "unsealed" });
    expect(choose([unsealed, ...old, ...pinned])).toBeUndefined();
  });
});

test("a store of a terabyte is merged in parts of some gigabytes", () => {
  const segments = Array.from({ length: 4096 }, (_, index) =>
    segment(index + 1, { file: 256, dead: 30 + ((index * 7919) % 60) }),
  );
  const plan = planMerge(store(segments), resolvePolicy());
  expect(plan).toMatchObject({ kind: "merge", trigger: "space amplification", outputBytesMax: 256 * MIB });
  expect(plan).toHaveProperty("segments.length", 16);
});
