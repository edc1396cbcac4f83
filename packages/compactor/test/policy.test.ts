import { describe, expect, test } from "vitest";
import {
  bitcaskStrategy,
  isExpiredGarbage,
  jittered,
  MergeError,
  type MergePolicyOptions,
  resolvePolicy,
  sizeTieredStrategy,
  whenIdleStrategy,
} from "../src/index.ts";

describe("a policy", () => {
  test("has defaults for everything", () => {
    expect(resolvePolicy()).toEqual({
      strategy: expect.objectContaining({ name: "bitcask" }),
      window: undefined,
      mergeBytesMax: 4 * 2 ** 30,
      transientShareMax: 0.05,
      outputBytesMax: undefined,
      expiryGraceMs: 0,
      checkIntervalMs: 60_000,
      jitter: 0.2,
    });
  });

  test("takes what it is given, at the ends of each range too", () => {
    const strategy = whenIdleStrategy();
    const options = {
      strategy,
      window: { fromHour: 23, toHour: 0 },
      mergeBytesMax: Infinity,
      transientShareMax: 1,
      outputBytesMax: 2 ** 32 - 1,
      expiryGraceMs: 1,
      checkIntervalMs: 2 ** 31 - 1,
      jitter: 0,
    };
    expect(resolvePolicy(options)).toEqual(options);
    expect(resolvePolicy({ jitter: 1, window: undefined, mergeBytesMax: 1 })).toMatchObject({
      jitter: 1,
      mergeBytesMax: 1,
    });
  });

  test.each<[string, unknown, RegExp]>([
    ["an option that is misspelt", { mergeBytesMaximum: 1 }, /no option mergeBytesMaximum/],
    ["no object", null, /must be an object/],
    ["a number for an object", 5, /must be an object/],
    ["a strategy that cannot choose", { strategy: { name: "none" } }, /strategy must be/],
    ["a strategy without a name", { strategy: { choose: () => undefined } }, /strategy must be/],
    ["a window with an hour too much", { window: { fromHour: 0, toHour: 24 } }, /window.toHour must be .* 0 to 23/],
    ["a window with half an hour", { window: { fromHour: 0.5, toHour: 2 } }, /window.fromHour must be an integer/],
    ["a window without an end", { window: { fromHour: 3 } }, /window.toHour must be/],
    ["a window of no hours", { window: { fromHour: 3, toHour: 3 } }, /must differ/],
    ["a window with minutes", { window: { fromHour: 3, toHour: 4, minute: 0 } }, /no option minute/],
    ["no bytes at all", { mergeBytesMax: 0 }, /mergeBytesMax must be/],
    ["bytes as text", { mergeBytesMax: "1" }, /mergeBytesMax must be/],
    ["half a byte", { mergeBytesMax: 1.5 }, /mergeBytesMax must be an integer/],
    ["outputs that are too large", { outputBytesMax: 2 ** 32 }, /outputBytesMax must be/],
    ["a share as text", { transientShareMax: "0.5" }, /transientShareMax must be a number above 0, up to 1/],
    ["a share of nothing", { transientShareMax: 0 }, /transientShareMax must be/],
    ["a time of grace before the expiry", { expiryGraceMs: -1 }, /expiryGraceMs must be/],
    ["an interval that no timer takes", { checkIntervalMs: 2 ** 31 }, /checkIntervalMs must be/],
    ["jitter that is not a number", { jitter: NaN }, /jitter must be/],
  ])("refuses %s", (_what, options, message) => {
    judgeRefusal(() => resolvePolicy(options as MergePolicyOptions), message);
  });

  test("of a window that is not given every part must be", () => {
    const options: object = { window: { fromHour: undefined, toHour: 3 } };
    judgeRefusal(() => resolvePolicy(options), /window.fromHour must be/);
  });
});

describe("the strategies' options", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["bitcask", () => bitcaskStrategy({ fragTrigger: 1 } as object), /no option fragTrigger/],
    ["bitcask", () => bitcaskStrategy({ fragmentationTrigger: 60 }), /fragmentationTrigger must be/],
    ["bitcask", () => bitcaskStrategy({ fragmentationThreshold: 0 }), /fragmentationThreshold must be/],
    ["bitcask", () => bitcaskStrategy({ amplificationTrigger: 1 }), /amplificationTrigger must be/],
    ["bitcask", () => bitcaskStrategy({ deadBytesTrigger: 0 }), /deadBytesTrigger must be/],
    ["bitcask", () => bitcaskStrategy({ deadBytesThreshold: 0.5 }), /deadBytesThreshold must be/],
    ["bitcask", () => bitcaskStrategy({ smallFileThreshold: -1 }), /smallFileThreshold must be/],
    ["bitcask", () => bitcaskStrategy({ smallFilesMax: 2 }), /smallFilesMax must be/],
    ["bitcask", () => bitcaskStrategy({ garbageBytesLeast: NaN }), /garbageBytesLeast must be/],
    ["size-tiered", () => sizeTieredStrategy({ files: 1 } as object), /no option files/],
    ["size-tiered", () => sizeTieredStrategy({ filesLeast: 2 }), /filesLeast must be/],
    ["size-tiered", () => sizeTieredStrategy({ tierRatio: 1 }), /tierRatio must be/],
    ["size-tiered", () => sizeTieredStrategy({ deadShareLeast: 0 }), /deadShareLeast must be/],
    ["size-tiered", () => sizeTieredStrategy({ deadBytesLeast: 0 }), /deadBytesLeast must be/],
    ["size-tiered", () => sizeTieredStrategy({ smallFileThreshold: -1 }), /smallFileThreshold must be/],
    ["when idle", () => whenIdleStrategy({ idle: 1 } as object), /no option idle/],
    ["when idle", () => whenIdleStrategy({ idleMsLeast: -1 }), /idleMsLeast must be/],
    ["when idle", () => whenIdleStrategy({ garbageBytesLeast: 0 }), /garbageBytesLeast must be/],
    ["when idle", () => whenIdleStrategy({ garbageShareLeast: 2 }), /garbageShareLeast must be/],
    ["when idle", () => whenIdleStrategy({ smallFilesMax: 1 }), /smallFilesMax must be/],
  ])("of %s are checked: %s", (_name, make, message) => {
    judgeRefusal(make, message);
  });
});

describe("jitter", () => {
  test("makes a value longer or shorter by its share at most", () => {
    expect([0, 0.5, 1].map((random01) => jittered(100, 0.2, random01))).toEqual([80, 100, 120]);
    expect(jittered(100, 0, 0.9)).toBe(100);
    expect(jittered(100, 1, 0)).toBe(0);
  });
});

describe("an expired record", () => {
  test("is garbage when the time of grace is over, and never without an expiry", () => {
    expect(isExpiredGarbage(1000, 1000, 0)).toBe(true);
    expect(isExpiredGarbage(1000, 999, 0)).toBe(false);
    expect(isExpiredGarbage(1000, 1499, 500)).toBe(false);
    expect(isExpiredGarbage(1000, 1500, 500)).toBe(true);
    expect(isExpiredGarbage(0, 1500, 0)).toBe(false);
  });
});

function judgeRefusal(run: () => unknown, message: RegExp): void {
  try {
    run();
  } catch (error) {
    expect(MergeError.is(error) && error.code).toBe("MERGE_INVALID_ARGUMENT");
    expect((error as Error).message).toMatch(message);
    return;
  }
  expect.unreachable("it should be refused");
}
