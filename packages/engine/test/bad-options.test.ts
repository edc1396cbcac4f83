import { open } from "@hashlog/engine";
import { systemClock } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { failureOf } from "./support/failure-of.ts";
import { filler } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const NOT_OPTIONS: readonly unknown[] = [null, 0, "options", true, [], () => ({})];

describe("of the options of open", () => {
  const refused = async (world: World, options: unknown): Promise<unknown> => {
    const failure = await failureOf(() => open(world.directory, options as never));
    expect(await world.fileSystem.stat(world.directory)).toBe(undefined);
    return failure;
  };

  test("an unknown one is refused by its name, and the known ones are told", async () => {
    const world = await memoryWorld();
    for (const name of ["sinc", "readonly", "segmentBytes", "toString", "cacheBytes"]) {
      expect(await refused(world, { fileSystem: world.fileSystem, [name]: true })).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        message: expect.stringMatching(new RegExp(`"${name}".*segmentBytesMax`)) as unknown,
      });
    }
  });

  test.each([
    ["keys", [null, "utf8", {}, { name: "x", encode: () => filler(1) }]],
    ["values", [null, () => filler(1), { decode: () => 1 }]],
    [
      "sync",
      [
        null,
        "Always",
        "sometimes",
        true,
        0,
        {},
        { intervalMs: 0 },
        { intervalMs: 1.5 },
        { intervalMs: "1" },
        { intervalMs: 2 ** 31 },
      ],
    ],
    ["createIfMissing", [null, 0, "yes"]],
    ["segmentBytesMax", [null, 0, 511, 2 ** 31 + 1, 1000.5, "1000", Number.NaN, Infinity]],
    ["allowSharedVolume", [null, 1, "nfs"]],
    ["fileSystem", [null, "node", {}, { create: () => 1 }]],
    ["index", [null, "hash", {}]],
    ["clock", [null, Date, { now: () => 1 }, { ...systemClock, elapsedMs: undefined }]],
    ["random", [null, Math.random, {}]],
    ["onProgress", [null, "log", {}]],
    ["signal", [null, "stop", new AbortController()]],
  ] as const)("a wrong %s is refused by its name, with what was expected", async (name, wrong) => {
    const world = await memoryWorld();
    for (const value of wrong) {
      expect(await refused(world, { fileSystem: world.fileSystem, [name]: value })).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        message: expect.stringContaining(`"${name}"`) as unknown,
        actual: value,
      });
    }
  });

  test("options that are no object are refused, and undefined ones are as left out", async () => {
    const world = await memoryWorld();
    for (const options of NOT_OPTIONS) {
      expect(await refused(world, options)).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    }
    const { fileSystem } = world;
    const db = await open(world.directory, { fileSystem, sync: undefined, keys: undefined });
    await db.put("key", "value");
    await db.put("key", "value", { ttlMs: undefined, sync: undefined });
    expect(await db.delete("missing", {})).toBe(false);
    await db.close();
  });

  test("a directory that is no path is refused", async () => {
    for (const directory of [undefined, null, "", 1, {}, ["a"], new URL("file:///tmp/store")]) {
      expect(await failureOf(() => open(directory as string))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    }
  });

  test("segments may be as short and as long as they say", async () => {
    const world = await memoryWorld();
    for (const segmentBytesMax of [512, 2 ** 31]) {
      const db = await world.open({ segmentBytesMax });
      await db.put("key", filler(100, segmentBytesMax));
      expect(await db.get("key")).toEqual(filler(100, segmentBytesMax));
      await db.close();
    }
  });
});
