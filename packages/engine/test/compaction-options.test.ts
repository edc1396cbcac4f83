import { HashlogError, open, type CompactionOptions, type OpenOptions } from "@hashlog/engine";
import { bitcaskStrategy } from "@hashlog/compactor";
import { describe, expect, test } from "vitest";
import { overwrite, SMALL_LIMITS, SOON } from "./support/merging.ts";
import { rejection } from "./support/values.ts";
import { inThisThread } from "../src/merge-executor.ts";
import { memoryWorld } from "./support/worlds.ts";

async function refusal(compaction: unknown): Promise<HashlogError> {
  const world = await memoryWorld();
  const error = await rejection(world.open({ compaction } as OpenOptions));
  if (!HashlogError.is(error)) throw error as Error;
  expect(error.code).toBe("HASHLOG_INVALID_ARGUMENT");
  // Nothing was made.
  expect(await world.fileSystem.stat(world.directory)).toBe(undefined);
  return error;
}

describe("an option that is wrong is refused by its name", () => {
  test.each([null, 1, "always", [], () => undefined])("compaction: %j", async (compaction) => {
    const error = await refusal(compaction);
    expect(error.message).toContain('"compaction"');
    expect(error.actual).toBe(compaction);
  });

  test.each<[keyof CompactionOptions, readonly unknown[]]>([
    ["bytesPerSecondMax", [0, 0.5, -1, Number.NaN, "1", null]],
    ["onStart", [1, {}, null]],
    ["onProgress", [1, {}, null]],
    ["onEnd", [1, {}, null]],
    ["onFailure", [1, {}, null]],
    ["strategy", [1, {}, { name: "a" }, { choose: () => undefined }]],
    ["mergeBytesMax", [0, -1, 1.5, "1"]],
    ["transientShareMax", [0, 1.1, -1, "1"]],
    ["outputBytesMax", [0, 2 ** 32, 1.5, "1"]],
    ["expiryGraceMs", [-1, 1.5, "1"]],
    ["checkIntervalMs", [0, 2 ** 31, 1.5, "1"]],
    ["jitter", [-0.1, 1.1, "1"]],
  ])("%s", async (name, values) => {
    for (const value of values) {
      const error = await refusal({ [name]: value });
      expect(error.message).toContain(name);
      expect(error.message).toContain("compaction");
    }
  });

  test.each([
    { fromHour: 1, toHour: 1 },
    { fromHour: 24, toHour: 1 },
    { fromHour: 1 },
    { fromHour: 1, toHour: 2, till: 3 },
  ])("window: %j", async (window) => {
    const error = await refusal({ window });
    expect(error.message).toMatch(/window|till/);
  });

  test("one that there is not", async () => {
    expect((await refusal({ interval: 5 })).message).toContain("interval");
  });

  test("all of them, where a store is only read", async () => {
    const world = await memoryWorld();
    await (await world.open()).close();
    for (const compaction of [true, false, {}]) {
      const options: object = { fileSystem: world.fileSystem, readOnly: true, compaction };
      expect(await rejection(open(world.directory, options))).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        message: expect.stringContaining('"compaction"') as string,
      });
    }
  });
});

test("every option that is right is taken, and so is each as undefined", async () => {
  const world = await memoryWorld();
  const options: Required<CompactionOptions> = {
    background: true,
    bytesPerSecondMax: Infinity,
    executor: inThisThread,
    onStart: () => undefined,
    onProgress: () => undefined,
    onEnd: () => undefined,
    onFailure: () => undefined,
    strategy: bitcaskStrategy(),
    window: { fromHour: 22, toHour: 6 },
    mergeBytesMax: Infinity,
    transientShareMax: 1,
    outputBytesMax: 2 ** 32 - 1,
    expiryGraceMs: 0,
    checkIntervalMs: 1,
    jitter: 1,
  };
  const none = Object.fromEntries(Object.keys(options).map((name) => [name, undefined]));
  for (const compaction of [options, none, {}, true, undefined]) {
    const db = await world.open({ compaction });
    expect(db.stats().compaction.state).toBe("idle");
    await db.close();
  }
});

test("what a merge writes is as large as outputBytesMax allows", async () => {
  const world = await memoryWorld();
  const compaction = { ...SOON, outputBytesMax: 700 };
  const db = await world.openWithin(SMALL_LIMITS, { compaction });
  await overwrite(db, 2);
  await db.compact();
  const { segments } = db.stats();
  expect(segments.length).toBeGreaterThan(3);
  expect(segments.every(({ fileBytes }) => fileBytes <= 700)).toBe(true);
});

test.each([
  [{ segments: "all" }, "segments"],
  [{ segments: [1.5] }, "segments"],
  [{ segments: ["1"] }, "segments"],
  [{ segments: [1, 1] }, "segments"],
  [{ signal: {} }, "signal"],
  [{ onProgress: 1 }, "onProgress"],
  [{ segment: 1 }, "segment"],
])("compact(%j) is refused by name", async (options, name) => {
  const world = await memoryWorld();
  const db = await world.open();
  expect(await rejection(db.compact(options as never))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: expect.stringContaining(`"${name}"`) as string,
  });
});
