import { describe, expect, test } from "vitest";
import {
  type MergeChoice,
  type MergePolicyOptions,
  planListed,
  planMerge,
  resolvePolicy,
  segmentBytesFor,
  type StoreStatistics,
} from "../src/index.ts";
import { choiceOf, planned } from "./choices-of.ts";
import { segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

/** A policy whose strategy chooses these, whatever it is told. */
function choosing(
  choice: MergeChoice | readonly number[],
  options: MergePolicyOptions = {},
): ReturnType<typeof resolvePolicy> {
  const made = "trigger" in choice ? choice : choiceOf(choice);
  return resolvePolicy({ ...options, strategy: { name: "fixed", choose: () => made } });
}

/** Ten segments of 16 MB, half dead. */
const HALVES = store(Array.from({ length: 10 }, (_, index) => segment(index + 1, { dead: 8 })));

describe("a plan", () => {
  test("says what set it off, and of each segment why it is in it and what it holds", () => {
    const statistics = store([segment(1, { dead: 8 }), segment(2, { dead: 4, expired: 2 }), segment(3)]);
    const decision = planMerge(statistics, choosing([1, 2], { transientShareMax: 1 }));
    expect(decision).toMatchObject({
      kind: "merge",
      trigger: "test",
      segments: [
        { segmentId: 1, reason: "chosen", garbageBytes: 8 * MIB, tombstones: 0, pinnedBy: [] },
        { segmentId: 2, reason: "chosen", garbageBytes: 6 * MIB, tombstones: 0, pinnedBy: [] },
      ],
      bytesRead: 32 * MIB,
      outputBytesMax: segmentBytesFor(statistics),
    });
    expect(decision).toHaveProperty("bytesWritten", expect.closeTo(18 * MIB, -5));
    expect(decision).toHaveProperty("bytesFreed", expect.closeTo(14 * MIB, -5));
  });

  test("names the segments outside of it that keep tombstones in it, and reckons with those", () => {
    const statistics = store([segment(1), segment(2, { tombstones: 8 }), segment(3, { tombstones: 4, dead: 4 })]);
    const pinned = planMerge(statistics, choosing([3, 2], { transientShareMax: 1 }));
    expect(pinned).toMatchObject({
      segments: [
        { segmentId: 2, tombstones: 8000, pinnedBy: [1] },
        { segmentId: 3, tombstones: 4000, pinnedBy: [1] },
      ],
      bytesFreed: expect.closeTo(4 * MIB, -5),
    });
    const free = planMerge(statistics, choosing(choiceOf([1, 2, 3], { whole: true })));
    expect(free).toMatchObject({ bytesFreed: expect.closeTo(16 * MIB, -5) });
    expect(free).toHaveProperty("segments.1.pinnedBy", []);
  });

  test("begins with the oldest data, so that old and new do not come to lie together", () => {
    expect(planned(planMerge(HALVES, choosing([7, 2, 5], { transientShareMax: 1 })))).toEqual([2, 5, 7]);
  });

  test("is none when the strategy chooses nothing", () => {
    const policy = resolvePolicy({ strategy: { name: "never", choose: () => undefined } });
    expect(planMerge(HALVES, policy)).toEqual({ kind: "none", reason: "nothing-to-gain" });
    expect(planMerge(HALVES, choosing([]))).toEqual({ kind: "none", reason: "nothing-to-gain" });
  });

  test("is none when it gains nothing, and one when there will be fewer files", () => {
    const clean = store([1, 2, 3, 4, 5].map((id) => segment(id, { file: 16 })));
    expect(planned(planMerge(clean, choosing([1, 2, 3, 4, 5])))).toBe("nothing-to-gain");
    const small = store([...clean.segments, ...[6, 7, 8].map((id) => segment(id, { file: 0.1 }))]);
    expect(planned(planMerge(small, choosing([6, 7, 8])))).toEqual([6, 7, 8]);
    expect(planned(planMerge(small, choosing([6])))).toBe("nothing-to-gain");
    expect(planned(planMerge(store([segment(1), segment(2, { tombstones: 16 })]), choosing([2])))).toBe(
      "nothing-to-gain",
    );
  });

  test("is the next best where the first would gain nothing", () => {
    const clean = store([...HALVES.segments, segment(11)]);
    expect(planned(planMerge(clean, choosing(choiceOf([11], { instead: choiceOf([3]) }))))).toEqual([3]);
  });

  test("has outputs as large as the policy says", () => {
    expect(planMerge(HALVES, choosing([1], { outputBytesMax: 4321 }))).toMatchObject({ outputBytesMax: 4321 });
  });

  test.each([
    ["not there", [99], /the strategy fixed names segment 99, which is not there/],
    ["chosen twice", [1, 1], /names a segment twice/],
    ["not sealed", [11], /segment 11, which is not sealed/],
    ["empty", [12], /segment 12, which is empty/],
  ])("is refused when a strategy chooses a segment that is %s", (_what, segmentIds, message) => {
    const unsealed = segment(11, {}, { state: "unsealed" });
    const empty = segment(12, {}, { state: "active", records: 0 });
    const statistics = store([...HALVES.segments, unsealed, empty]);
    expect(() => planMerge(statistics, choosing(segmentIds))).toThrow(message);
  });
});

describe("the limits of a plan", () => {
  test("are bytes of the inputs, but the first segment is taken always", () => {
    const policy = { transientShareMax: 1 };
    expect(planned(planMerge(HALVES, choosing([4, 2, 6], { ...policy, mergeBytesMax: 32 * MIB })))).toEqual([2, 4]);
    expect(planned(planMerge(HALVES, choosing([4, 2], { ...policy, mergeBytesMax: 1 })))).toEqual([4]);
  });

  test("are bytes of the outputs as a share of the store, or some megabytes; a smaller segment may still fit", () => {
    const statistics = store([...HALVES.segments, segment(11, { file: 2, dead: 1 })]);
    const order = [1, 2, 3, 11];
    expect(planned(planMerge(statistics, choosing(order, { transientShareMax: 0.22 })))).toEqual([1, 2, 11]);
    expect(planned(planMerge(statistics, choosing(order)))).toEqual([1]);
    const little = store([1, 2, 3, 4, 5, 6].map((id) => segment(id, { file: 2, dead: 1 })));
    expect(planned(planMerge(little, choosing([1, 2, 3, 4, 5, 6], { transientShareMax: 0.01 })))).toEqual([1, 2, 3, 4]);
  });

  test("are the free bytes, for the first segment too; one that does not fit is passed over", () => {
    const mixed: StoreStatistics = {
      ...HALVES,
      segments: [...HALVES.segments, segment(11, { dead: 14 })],
      freeBytes: 3 * MIB,
    };
    expect(planned(planMerge(mixed, choosing([1, 11])))).toEqual([11]);
    expect(planned(planMerge({ ...mixed, freeBytes: MIB }, choosing([1, 11])))).toBe("no-room");
  });

  test("leave a choice whole or leave it, and then what is to be done instead", () => {
    const whole = choiceOf([1, 2, 3], { whole: true, instead: choiceOf([5]) });
    expect(planned(planMerge(HALVES, choosing(whole)))).toEqual([1, 2, 3]);
    expect(planned(planMerge(HALVES, choosing(whole, { mergeBytesMax: 47 * MIB })))).toEqual([5]);
    expect(planned(planMerge({ ...HALVES, freeBytes: 10 * MIB }, choosing(whole)))).toEqual([5]);
    expect(planned(planMerge({ ...HALVES, freeBytes: 10 }, choosing(whole)))).toBe("no-room");
  });
});

describe("the window", () => {
  const at = (hour: number): StoreStatistics => ({ ...HALVES, nowMs: new Date(2026, 5, 1, hour, 59, 59).getTime() });
  const hours = (fromHour: number, toHour: number): number[] => {
    const policy = choosing([1], { window: { fromHour, toHour } });
    return Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => planMerge(at(hour), policy).kind === "merge");
  };

  test("holds the hours from its first to before its last, by local time", () => {
    expect(hours(1, 5)).toEqual([1, 2, 3, 4]);
    expect(hours(0, 23)).toEqual(Array.from({ length: 23 }, (_, hour) => hour));
  });

  test("may reach over midnight", () => {
    expect(hours(22, 2)).toEqual([0, 1, 22, 23]);
    expect(hours(23, 0)).toEqual([23]);
  });

  test("is told from there being nothing to do", () => {
    const window = { fromHour: 1, toHour: 2 };
    expect(planned(planMerge(at(12), choosing([1], { window })))).toBe("outside-the-window");
    const never = resolvePolicy({ window, strategy: { name: "never", choose: () => undefined } });
    expect(planned(planMerge(at(12), never))).toBe("nothing-to-gain");
  });
});

describe("a listed merge", () => {
  const policy = resolvePolicy({ window: { fromHour: 1, toHour: 2 }, mergeBytesMax: 1 });
  const active = segment(11, { file: 1 }, { state: "active" });
  const unsealed = segment(12, {}, { state: "unsealed" });
  const statistics = store([...HALVES.segments, active, unsealed]);

  test("takes what is named, whatever the policy says, also where nothing is to be gained", () => {
    expect(planListed(statistics, policy, [9, 11])).toMatchObject({ kind: "merge", trigger: "listed" });
    expect(planned(planListed(statistics, policy, [9, 11]))).toEqual([9, 11]);
    expect(planned(planListed(store([segment(1), segment(2)]), { outputBytesMax: undefined }, [1]))).toEqual([1]);
  });

  test("of all takes the sealed and the active segments", () => {
    expect(planned(planListed(statistics, policy, "all"))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("of all is none where nothing is to be gained, or there is nothing", () => {
    expect(planned(planListed(store([segment(1)]), policy, "all"))).toBe("nothing-to-gain");
    expect(planned(planListed(store([]), policy, "all"))).toBe("nothing-to-gain");
    const empty = segment(1, {}, { state: "active", records: 0 });
    expect(planned(planListed(store([empty]), policy, [1]))).toBe("nothing-to-gain");
    expect(planned(planListed(statistics, policy, []))).toBe("nothing-to-gain");
  });

  test("takes those that need least of the free space if not all fit", () => {
    const mixed = [
      segment(1, { dead: 2 }),
      segment(2, { dead: 15 }),
      segment(3, { dead: 12 }),
      segment(4, { dead: 15 }),
    ];
    expect(planned(planListed(store(mixed, { freeBytes: 7 * MIB }), policy, "all"))).toEqual([2, 3, 4]);
    expect(planned(planListed(store(mixed, { freeBytes: 2.5 * MIB }), policy, [1, 2, 3, 4]))).toEqual([2, 4]);
    expect(planned(planListed(store(mixed, { freeBytes: 0 }), policy, "all"))).toBe("no-room");
  });

  test.each([
    [[99], /the list names segment 99, which is not there/],
    [[1, 2, 1], /the list names a segment twice/],
    [[12], /the list names segment 12, which is not sealed/],
  ])("refuses the list %j", (segmentIds, message) => {
    expect(() => planListed(statistics, policy, segmentIds)).toThrow(message);
    expect(() => planListed(statistics, policy, segmentIds)).toThrow(
      expect.objectContaining({ code: "MERGE_INVALID_ARGUMENT" }),
    );
  });
});

describe("the size of a store's segments", () => {
  test("is a sixteenth of what is live, within bounds", () => {
    expect(segmentBytesFor(store([]))).toBe(4 * MIB);
    expect(segmentBytesFor(HALVES)).toBeCloseTo(5 * MIB, -4);
    expect(segmentBytesFor({ ...HALVES, segmentBytesMax: 4 * MIB })).toBe(4 * MIB);
    expect(segmentBytesFor({ ...HALVES, segmentBytesMax: 100 })).toBe(100);
  });
});
