import type { ImportProgress } from "@hashlog/engine";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { many, pieces, THREE, watchedSource } from "./support/import-sources.ts";
import { exportOf, HEADER, line } from "./support/moving.ts";
import { isSettled, rejection, utf8Bytes } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

describe("it is written in commits of bounded size", () => {
  test.each(["overwrite", "skip", "fail"] as const)("a thousand entries each: %s", async (ifExists) => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1", { sync: true });
    const { yields } = world.clock;
    const progress: number[] = [];
    const appends = world.watched.count("append");
    const syncs = world.watched.count("sync", /\.segment$/);
    await db.importFrom([exportOf(many(2500))], {
      ifExists,
      onProgress: ({ entriesDone }) => progress.push(entriesDone),
    });
    // Three frames, and the fence behind the one sync at the end.
    expect(world.watched.count("append") - appends).toBe(4);
    expect(world.watched.count("sync", /\.segment$/) - syncs).toBe(1);
    expect(progress).toEqual([1000, 2000, 2500]);
    expect(world.clock.yields - yields).toBeGreaterThanOrEqual(3);
    expect(db.stats().keys).toBe(2501);
  });

  test("or about a megabyte, and a larger entry one of its own", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1", { sync: true });
    const value = "x".repeat(400_000);
    const lines = Array.from({ length: 7 }, (_, index) => line(`${index}`, index === 4 ? value.repeat(5) : value));
    const appends = world.watched.count("append");
    await db.importFrom(pieces(exportOf(lines), 64 * 1024));
    // Two, two, the large one, two; and the fence.
    expect(world.watched.count("append") - appends).toBe(5);
    expect((await db.get("4"))!.length).toBe(2_000_000);
  });

  test("and others have their turn also where nothing is to be written, and where it is ended it ends", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const expired = '{"key":"a","value":"1","expiresAtMs":1}';
    const source = [exportOf(Array.from({ length: 20_000 }, () => expired)), "\n".repeat(20_000)];
    const { yields } = world.clock;
    const progress: ImportProgress[] = [];
    const report = await db.importFrom(source, { onProgress: (one) => progress.push(one) });
    expect(report).toMatchObject({ entries: 0, expired: 20_000 });
    // Of two thousand short lines each.
    expect(world.clock.yields - yields).toBeGreaterThan(15);
    expect(progress.length).toBeGreaterThan(15);
    const controller = new AbortController();
    let told = 0;
    const onProgress = (): void => {
      told += 1;
      if (told === 3) controller.abort();
    };
    const ended = db.importFrom(source, { onProgress, signal: controller.signal });
    expect(await rejection(ended)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(told).toBe(3);
  });

  test("with the store's policy: each is durable before the next one is written", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "always" });
    await db.put("first", "1");
    const syncs = world.watched.count("sync", /\.segment$/);
    await db.importFrom([exportOf(many(2500))]);
    expect(world.watched.count("sync", /\.segment$/) - syncs).toBe(3);
  });

  test("and progress says how much was read", async () => {
    const db = await (await memoryWorld()).open();
    const content = exportOf(many(2500));
    const seen: unknown[] = [];
    await db.importFrom(pieces(content, 10_000), { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ entriesDone: 2500, bytesDone: utf8Bytes(content).length });
    const thrown = new Error("of the callback");
    const throwing = (): never => {
      throw thrown;
    };
    expect(await rejection(db.importFrom([content], { onProgress: throwing }))).toBe(thrown);
  });
});

describe("an import that ends early", () => {
  test("by its signal, while the source keeps it waiting", async () => {
    const db = await (await memoryWorld()).open();
    const controller = new AbortController();
    let given = 0;
    const next = (): Promise<unknown> =>
      given++ === 0
        ? Promise.resolve({ done: false, value: exportOf(many(1500)).slice(0, -20) })
        : new Promise(() => undefined);
    const source = { [Symbol.asyncIterator]: () => ({ next, return: next }) };
    const imported = db.importFrom(source as never, { signal: controller.signal });
    expect(await isSettled(imported)).toBe(false);
    controller.abort("enough");
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_ABORTED", cause: "enough", entriesDone: 1000 });
    expect(db.stats().keys).toBe(1000);
  });

  test("by its signal, and a stream of Node's that keeps it waiting is destroyed", async () => {
    const db = await (await memoryWorld()).open();
    const controller = new AbortController();
    const source = new Readable({ read: () => undefined });
    source.push(`${HEADER}\n`);
    const imported = db.importFrom(source, { signal: controller.signal });
    expect(await isSettled(imported)).toBe(false);
    controller.abort();
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(source.destroyed).toBe(true);
  });

  test("by its signal, between two commits, and before it begins", async () => {
    const db = await (await memoryWorld()).open();
    const controller = new AbortController();
    const imported = db.importFrom([exportOf(many(5000))], {
      signal: controller.signal,
      onProgress: ({ entriesDone }) => entriesDone === 2000 && controller.abort(),
    });
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_ABORTED", entriesDone: 2000 });
    expect(db.stats().keys).toBe(2000);
    const source = watchedSource([THREE]);
    expect(await rejection(db.importFrom(source, { signal: AbortSignal.abort() }))).toMatchObject({
      code: "HASHLOG_ABORTED",
    });
    expect(db.has("a")).toBe(false);
  });

  test("before it begins, and its source is left all the same", async () => {
    const db = await (await memoryWorld()).open();
    for (const [options, code] of [
      [{ signal: AbortSignal.abort() }, "HASHLOG_ABORTED"],
      [{}, "HASHLOG_CLOSED"],
    ] as const) {
      if (code === "HASHLOG_CLOSED") await db.close();
      const [watched, stream] = [watchedSource([THREE]), Readable.from([THREE])];
      for (const source of [watched, stream]) {
        expect(await rejection(db.importFrom(source, options))).toMatchObject({ code });
      }
      expect([watched.left, stream.destroyed]).toEqual([1, true]);
    }
  });

  test("as the store is closed", async () => {
    const db = await (await memoryWorld()).open();
    let closed: Promise<void> | undefined;
    const imported = db.importFrom([exportOf(many(5000))], {
      onProgress: ({ entriesDone }) => {
        if (entriesDone === 2000) closed = db.close();
      },
    });
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_CLOSED", entriesDone: 2000 });
    await closed;
    expect(await rejection(db.importFrom([THREE]))).toMatchObject({ code: "HASHLOG_CLOSED" });
  });

  test.each(["overwrite", "skip", "fail"] as const)("as the volume is full: %s", async (ifExists) => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key 1500", "old");
    const fault: { end?: () => void } = {};
    const imported = db.importFrom([exportOf(many(5000))], {
      ifExists: ifExists === "fail" ? "overwrite" : ifExists,
      onProgress: () => {
        Object.assign(fault, world.watched.fail("append", /\.segment$/, "FS_NO_SPACE"));
      },
    });
    const failure = await rejection(imported);
    expect(failure).toMatchObject({ code: "HASHLOG_NO_SPACE", entriesDone: 1000 });
    fault.end!();
    world.watched.letGo();
    expect(db.stats().keys).toBe(1001);
  });
});

/** Nothing is done any more, however long one waits. */
async function mustBeOver(world: World): Promise<void> {
  const calls = world.watched.calls.length;
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(world.watched.calls).toHaveLength(calls);
}

describe("closing the store ends it between two writes, and nothing is written afterwards", () => {
  const entries = Array.from({ length: 8 }, (_, index) => line(`${index}`, "1"));

  test("where each is written only if none before it was there", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("7", "there");
    const sync = world.watched.hold("sync", /\.segment$/);
    const importing = rejection(db.importFrom([exportOf(entries)], { ifExists: "fail" }));
    await sync.reached;
    const closing = db.close();
    sync.release();
    await closing;
    expect(await importing).toMatchObject({ code: "HASHLOG_CLOSED", entriesDone: 1 });
    await mustBeOver(world);
    expect((await world.open()).stats().keys).toBe(2);
  });

  test("where those that are there are left out, and one is on its way", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("first", "1");
    const sync = world.watched.hold("sync", /\.segment$/);
    const written = db.put("7", "there");
    await sync.reached;
    const importing = rejection(db.importFrom([exportOf(entries)], { ifExists: "skip" }));
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const closing = db.close();
    sync.release();
    await written;
    await closing;
    expect(await importing).toMatchObject({ code: "HASHLOG_CLOSED", entriesDone: 0 });
    await mustBeOver(world);
    const again = await world.open();
    expect(again.stats()).toMatchObject({ keys: 2, open: { clean: true } });
  });
});
