import { describe, expect, test } from "vitest";
import { measure, packedBytes } from "../src/measures.ts";
import {
  type MergeChoice,
  type MergeDecision,
  type MergePolicyOptions,
  planListed,
  planMerge,
  resolvePolicy,
  type SegmentStatistics,
  type StoreStatistics,
} from "../src/index.ts";
import { choiceOf, planned } from "./choices-of.ts";
import { ids, segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

function plan(statistics: StoreStatistics, choice: MergeChoice, options: MergePolicyOptions = {}): MergeDecision {
  return planMerge(statistics, resolvePolicy({ ...options, strategy: { name: "fixed", choose: () => choice } }));
}

/** What a merge of a segment alone writes, if nothing older is outside. */
const written = (one: SegmentStatistics): number => measure(one, Infinity).keptBytes;

describe("a limit may be reached, and not be exceeded", () => {
  const [one, two] = [segment(1, { dead: 8 }), segment(2, { dead: 10 })];
  const both = store([one, two, segment(3)]);
  const bytes = written(one) + written(two);
  const wide = { transientShareMax: 1 };

  test("by the bytes of the inputs", () => {
    const inputs = (mergeBytesMax: number) => planned(plan(both, choiceOf([1, 2]), { ...wide, mergeBytesMax }));
    expect(inputs(32 * MIB)).toEqual([1, 2]);
    expect(inputs(32 * MIB - 1)).toEqual([1]);
  });

  test("by the bytes written, as a share of what is live", () => {
    const live = 64 * MIB;
    const statistics = store([
      one,
      two,
      segment(3, {}, { fileBytes: live, liveBytes: live - one.liveBytes - two.liveBytes }),
    ]);
    const share = (transientShareMax: number) => planned(plan(statistics, choiceOf([1, 2]), { transientShareMax }));
    expect(share(bytes / live)).toEqual([1, 2]);
    expect(share((bytes - 1) / live)).toEqual([1]);
  });

  test("by the free bytes, in whatever way segments are chosen", () => {
    const free = (choice: MergeChoice, freeBytes: number) => planned(plan({ ...both, freeBytes }, choice, wide));
    expect(free(choiceOf([1, 2]), bytes)).toEqual([1, 2]);
    expect(free(choiceOf([1, 2]), bytes - 1)).toEqual([1]);
    expect(free(choiceOf([1]), written(one))).toEqual([1]);
    expect(free(choiceOf([1]), written(one) - 1)).toBe("no-room");
    const whole = choiceOf([1, 2], { whole: true });
    const together = packedBytes(one.liveBytes + two.liveBytes, 4 * MIB);
    expect(free(whole, together)).toEqual([1, 2]);
    expect(free(whole, together - 1)).toBe("no-room");
  });

  test("by the bytes of the inputs of a choice that is merged as a whole", () => {
    const whole = choiceOf([1, 2], { whole: true });
    expect(planned(plan(both, whole, { mergeBytesMax: 32 * MIB }))).toEqual([1, 2]);
    expect(planned(plan(both, whole, { mergeBytesMax: 32 * MIB - 1 }))).toBe("nothing-to-gain");
  });

  test("by the free bytes of a list: all together, or as many as fit, the smallest first and of equals the oldest", () => {
    const equal = [segment(7, { dead: 8 }), segment(5, { dead: 8 }), segment(6, { dead: 8 })];
    const listed = (freeBytes: number, segmentIds: readonly number[] | "all" = [7, 5, 6]) =>
      planned(planListed(store(equal, { freeBytes }), { outputBytesMax: undefined }, segmentIds));
    const alone = written(equal[0]!);
    const together = packedBytes(3 * equal[0]!.liveBytes, 4 * MIB);
    expect(listed(together)).toEqual([5, 6, 7]);
    expect(listed(2 * alone)).toEqual([5, 6]);
    expect(listed(2 * alone - 1)).toEqual([5]);
    expect(listed(alone)).toEqual([5]);
    expect(listed(alone - 1)).toBe("no-room");
  });
});

describe("a list of which not all fits", () => {
  test("is planned as a list all the same", () => {
    const both = store([segment(1, { dead: 8 }), segment(2, { dead: 8 })], { freeBytes: 10 * MIB });
    const decision = planListed(both, { outputBytesMax: undefined }, "all");
    expect(decision).toMatchObject({ trigger: "listed", segments: [{ segmentId: 1, reason: "listed" }] });
  });

  test("fits as a whole where tombstones go by that, and by parts where there is room for those as well", () => {
    const pinned = [segment(1, { tombstones: 8 }), segment(2, { tombstones: 8 })];
    const listed = (freeBytes: number) =>
      planned(planListed(store(pinned, { freeBytes }), { outputBytesMax: 2 ** 30 }, [1, 2]));
    const whole = packedBytes(2 * pinned[0]!.liveBytes);
    const alone = packedBytes(pinned[0]!.liveBytes + 8 * MIB);
    expect(whole).toBeLessThan(alone);
    expect(listed(whole)).toEqual([1, 2]);
    expect(listed(whole - 1)).toBe("no-room");
  });
});

describe("a plan", () => {
  test("begins with the oldest data, whatever the ids are, and of one age with the first", () => {
    const aged = (segmentId: number, highestSequence: number) => segment(segmentId, { dead: 12 }, { highestSequence });
    const statistics = store([aged(1, 9_000), aged(5, 7_000), aged(3, 8_000), aged(2, 8_000), segment(9)]);
    expect(planned(plan(statistics, choiceOf([1, 3, 2, 5]), { transientShareMax: 1 }))).toEqual([5, 2, 3, 1]);
  });

  test("names nobody who keeps tombstones where there are none", () => {
    const statistics = store([segment(1), segment(2, { dead: 8 })]);
    expect(plan(statistics, choiceOf([2]))).toHaveProperty("segments.0.pinnedBy", []);
  });
});

describe("a plan is worth it", () => {
  /** A segment of which a merge alone frees exactly so many bytes. */
  const freeing = (bytes: number, segmentId = 1): SegmentStatistics => {
    const one = segment(segmentId, { dead: 1 });
    return { ...one, fileBytes: written(one) + bytes };
  };

  test("when it frees a hundredth of what it reads", () => {
    const kept = written(freeing(0));
    const least = kept / 99; // so that it is a hundredth of both together
    const alone = (bytes: number) => planned(plan(store([freeing(bytes)]), choiceOf([1]), { outputBytesMax: 2 ** 30 }));
    expect(alone(Math.ceil(least))).toEqual([1]);
    expect(alone(Math.floor(least) - 1)).toBe("nothing-to-gain");
  });

  test("or when a quarter of the files goes", () => {
    const files = (count: number, file: number) =>
      store(Array.from({ length: count }, (_, at) => segment(at + 1, { file })));
    // What is written fits into `2 * bytes / outputBytesMax + 1` files at most.
    const joined = (count: number, outputBytesMax: number) => {
      const statistics = files(count, 1);
      return planned(plan(statistics, choiceOf(ids(statistics.segments)!), { outputBytesMax, transientShareMax: 1 }));
    };
    const bytes = packedBytes(4 * segment(1, { file: 1 }).liveBytes, 100 * MIB);
    expect(joined(4, bytes)).toEqual([1, 2, 3, 4]); // into three
    expect(joined(4, Math.floor(bytes / 2))).toBe("nothing-to-gain"); // into five
  });

  test("of a list, whatever it gains; of all, when it frees a byte or a file", () => {
    const all = (one: SegmentStatistics) => planned(planListed(store([one]), { outputBytesMax: 2 ** 30 }, "all"));
    expect(all(freeing(1))).toEqual([1]);
    expect(all(freeing(0))).toBe("nothing-to-gain");
    expect(planned(planListed(store([freeing(0)]), { outputBytesMax: 2 ** 30 }, [1]))).toEqual([1]);
    const small = store([1, 2, 3].map((id) => ({ ...freeing(0, id), fileBytes: written(freeing(0)) - 1000 })));
    expect(planned(planListed(small, { outputBytesMax: 2 ** 30 }, "all"))).toEqual([1, 2, 3]);
  });

  test("not for tombstones that something as old keeps, and for those that nothing keeps", () => {
    const pinned = { ...segment(2, { tombstones: 8 }), lowestSequence: 2_000, highestSequence: 2_999 };
    const other = (lowestSequence: number) => store([pinned, segment(9, {}, { lowestSequence })]);
    expect(planned(plan(other(2_999), choiceOf([2])))).toEqual([2]);
    expect(planned(plan(other(2_998), choiceOf([2])))).toBe("nothing-to-gain");
    const listed = (lowestSequence: number) => planListed(other(lowestSequence), { outputBytesMax: undefined }, [2]);
    expect(listed(2_999)).toHaveProperty("segments.0.pinnedBy", []);
    expect(listed(2_998)).toHaveProperty("segments.0.pinnedBy", [9]);
  });

  test("of a hundred choices in a row, and of no more", () => {
    const row = (count: number): MergeChoice =>
      choiceOf([3], count === 0 ? { segments: choiceOf([1]).segments } : { instead: row(count - 1) });
    const statistics = store([segment(1, { dead: 8 }), segment(3)]);
    expect(planned(plan(statistics, row(99)))).toEqual([1]);
    expect(planned(plan(statistics, row(100)))).toBe("nothing-to-gain");
  });
});
