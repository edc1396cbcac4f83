import { describe, expect, test } from "vitest";
import { all, entriesOf, isSettled, rejection } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("clear deletes every key, expired ones included", async () => {
    const world = await newWorld();
    let db = await world.open();
    for (const key of ["a", "b", "", "__proto__"]) await db.put(key, "1");
    await db.put("expired", "1", { ttlMs: 1 });
    world.clock.advance(1);
    await db.clear();
    expect(db.stats().keys).toBe(0);
    expect(await all(db.entries())).toEqual([]);
    db = await world.reopen(db);
    expect(db.stats().keys).toBe(0);
    await db.compact();
    expect(db.stats()).toMatchObject({ totalBytes: 0, segments: [] });
    await db.put("a", "2");
    expect(await entriesOf(db)).toEqual([["a", "2"]]);
  });

  test("clear of an empty store is fine", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.clear();
    await db.clear({ sync: true });
    expect(db.stats().sequence).toBe(0);
  });
});

test("clear is done in commits of at most a thousand keys", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(Array.from({ length: 2500 }, (_, key) => ({ type: "put", key: `key ${key}`, value: "" })));
  const appends = world.watched.count("append");
  await db.clear();
  // Three frames, each with a fence behind it once it is durable.
  expect(world.watched.count("append") - appends).toBe(6);
  expect(db.stats()).toMatchObject({ keys: 0, tombstones: 2500 });
});

test("clear is done in commits of at most about a megabyte of keys", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const longest = (index: number): string => String(index).padEnd(65_535, ".");
  for (let index = 0; index < 40; index += 1) await db.put(longest(index), "");
  const appends = world.watched.count("append");
  await db.clear();
  expect(world.watched.count("append") - appends).toBe(6);
  expect(db.stats().keys).toBe(0);
});

test("a key that was not there when clear was called is not deleted by it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(Array.from({ length: 3000 }, (_, key) => ({ type: "put", key: `key ${key}`, value: "" })));
  const sync = world.watched.hold("sync", /\.segment$/);
  const cleared = db.clear();
  await sync.reached;
  const put = db.put("new", "1");
  sync.release();
  await Promise.all([cleared, put]);
  expect(await entriesOf(db)).toEqual([["new", "1"]]);
});

test("clear that asks for a sync leaves nothing that a power cut could bring back", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  await db.put("a", "1", { sync: true });
  await db.clear({ sync: true });
  expect(db.stats().floor).toBe(db.stats().sequence);
  await db.put("a", "1", { sync: true });
  await db.delete("a");
  expect(db.stats().floor).toBeLessThan(db.stats().sequence);
  await db.clear({ sync: true });
  expect(db.stats().floor).toBe(db.stats().sequence);
});

test("closing waits for a clear that is under way", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(Array.from({ length: 2500 }, (_, key) => ({ type: "put", key: `key ${key}`, value: "" })));
  const sync = world.watched.hold("sync", /\.segment$/);
  const cleared = db.clear();
  await sync.reached;
  const closed = db.close();
  expect(await isSettled(closed)).toBe(false);
  sync.release();
  await Promise.all([cleared, closed]);
  const again = await world.open();
  expect(again.stats().keys).toBe(0);
});

test("clear with a bound that is undefined is refused: one that was lost would clear everything", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  for (const bound of ["gt", "gte", "lt", "lte", "prefix"]) {
    expect(await rejection(db.clear({ [bound]: undefined }))).toMatchObject({
      code: "HASHLOG_INVALID_ARGUMENT",
      message: expect.stringContaining(`"${bound}" of clear is undefined`) as unknown,
    });
  }
  expect(db.has("a")).toBe(true);
  await db.clear({ reverse: undefined, limit: undefined, sync: undefined });
  expect(db.has("a")).toBe(false);
});

test("clear tells how many keys it has deleted, and of how many if no range was asked for", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(Array.from({ length: 2500 }, (_, key) => ({ type: "put", key: `key ${key}`, value: "" })));
  const seen: unknown[] = [];
  const onProgress = (progress: unknown): void => void seen.push(progress);
  await db.clear({ prefix: "key 24", onProgress });
  expect(seen.splice(0)).toEqual([{ keysDone: 111, keysTotal: undefined }]);
  await db.clear({ onProgress });
  expect(seen).toEqual([
    { keysDone: 1000, keysTotal: 2389 },
    { keysDone: 2000, keysTotal: 2389 },
    { keysDone: 2389, keysTotal: 2389 },
  ]);
});

test("clear ends by its signal, between two commits and before it begins, and what was deleted stays so", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(Array.from({ length: 2500 }, (_, key) => ({ type: "put", key: `key ${key}`, value: "" })));
  const none = db.clear({ signal: AbortSignal.abort("no") });
  expect(await rejection(none)).toMatchObject({ code: "HASHLOG_ABORTED", cause: "no" });
  expect(db.stats().keys).toBe(2500);
  const controller = new AbortController();
  const cleared = db.clear({ signal: controller.signal, onProgress: () => controller.abort() });
  expect(await rejection(cleared)).toMatchObject({ code: "HASHLOG_ABORTED" });
  expect(db.stats()).toMatchObject({ keys: 1500, iterators: 0 });
  for (const options of [{ signal: {} }, { onProgress: 1 }]) {
    expect(await rejection(db.clear(options as never))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  }
});
