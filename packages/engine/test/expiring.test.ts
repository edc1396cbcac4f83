import type { Store } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { all, entriesOf, filler, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Whether the key is there, asked in every way there is; fails if they do not agree. */
async function isThere(db: TextStore, key: string): Promise<boolean> {
  const answers = [
    db.has(key),
    db.getSync(key) !== undefined,
    (await db.get(key)) !== undefined,
    (await db.getMany([key]))[0] !== undefined,
    (await all(db.keys())).includes(key),
    (await all(db.entries())).some(([found]) => found === key),
  ];
  expect(new Set(answers).size).toBe(1);
  return answers[0]!;
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a key is there until the very millisecond of its expiry, and not in it", async () => {
    const world = await newWorld();
    const db = await world.open();
    const now = world.clock.now();
    await db.put("by time to live", "1", { ttlMs: 100 });
    await db.put("by date", "1", { expiresAtMs: now + 100 });
    await db.put("shortest", "1", { ttlMs: 0.001 });
    await db.put("for ever", "1");
    expect(await isThere(db, "shortest")).toBe(true);
    world.clock.advance(1);
    expect(await isThere(db, "shortest")).toBe(false);
    world.clock.advance(98);
    expect([await isThere(db, "by time to live"), await isThere(db, "by date")]).toEqual([true, true]);
    world.clock.advance(1);
    expect([await isThere(db, "by time to live"), await isThere(db, "by date")]).toEqual([false, false]);
    expect(await isThere(db, "for ever")).toBe(true);
  });

  test("an expiry outlives the store that it was given to", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("key", "1", { ttlMs: 100 });
    world.clock.advance(99);
    db = await world.reopen(db);
    expect(await isThere(db, "key")).toBe(true);
    world.clock.advance(1);
    expect(await isThere(db, "key")).toBe(false);
    db = await world.reopen(db);
    expect(await isThere(db, "key")).toBe(false);
  });

  test("an expired key is counted until it is merged away, and no older value comes to light", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("key", "older");
    await db.put("filler", filler(400));
    await db.put("key", "short-lived", { ttlMs: 10 });
    await db.put("more filler", filler(400));
    world.clock.advance(10);
    expect(db.stats().keys).toBe(3);
    expect(await isThere(db, "key")).toBe(false);
    db = await world.reopen(db);
    expect(db.stats().keys).toBe(3);
    expect(await isThere(db, "key")).toBe(false);
    const report = await db.compact();
    expect(report.expiredDropped).toBe(1);
    expect(db.stats()).toMatchObject({ keys: 2, deadBytes: 0 });
    db = await world.reopen(db);
    expect(await isThere(db, "key")).toBe(false);
  });

  test("a clock that is set back within an open revives nothing, merged or not", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1", { ttlMs: 100 });
    await db.put("other", "1", { ttlMs: 100 });
    world.clock.advance(100);
    expect(await isThere(db, "key")).toBe(false);
    world.clock.advance(-50);
    expect([await isThere(db, "key"), await isThere(db, "other")]).toEqual([false, false]);
    await db.compact();
    expect(db.stats().keys).toBe(0);
    expect([await isThere(db, "key"), await isThere(db, "other")]).toEqual([false, false]);
    // A time to live begins at the highest time that was seen.
    await db.put("key", "2", { ttlMs: 10 });
    expect(await isThere(db, "key")).toBe(true);
    world.clock.advance(59);
    expect(await isThere(db, "key")).toBe(true);
    world.clock.advance(1);
    expect(await isThere(db, "key")).toBe(false);
  });

  test("under an earlier clock a reopened store may show what had expired, and never an older value", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("key", "older");
    await db.put("filler", filler(400));
    await db.put("key", "newer", { ttlMs: 100 });
    world.clock.advance(100);
    expect(await isThere(db, "key")).toBe(false);
    await db.close();
    world.clock.advance(-100);
    db = await world.open();
    expect(text(db.getSync("key"))).toBe("newer");
    world.clock.advance(100);
    await db.compact();
    await db.close();
    world.clock.advance(-100);
    db = await world.open();
    expect(await isThere(db, "key")).toBe(false);
  });

  test("a put without an expiry makes the key stay, and one with an expiry makes it go", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("stays", "1", { ttlMs: 10 });
    await db.put("stays", "2");
    await db.put("goes", "1");
    await db.put("goes", "2", { ttlMs: 10 });
    world.clock.advance(10);
    expect(await entriesOf(db)).toEqual([["stays", "2"]]);
    db = await world.reopen(db);
    expect(await entriesOf(db)).toEqual([["stays", "2"]]);
  });

  test("an expired key can be put again, before and after a merge", async () => {
    const world = await newWorld();
    let db = await world.open();
    for (const merged of [false, true]) {
      await db.put("key", "1", { ttlMs: 10 });
      world.clock.advance(10);
      if (merged) await db.compact();
      await db.put("key", "again");
      expect(text(await db.get("key"))).toBe("again");
      db = await world.reopen(db);
      expect(text(await db.get("key"))).toBe("again");
    }
  });

  test("an expiry that has passed already hides the older value", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("key", "old");
    await db.put("key", "new", { expiresAtMs: 1 });
    expect(await isThere(db, "key")).toBe(false);
    db = await world.reopen(db);
    expect(await isThere(db, "key")).toBe(false);
    await db.compact();
    expect(await isThere(db, "key")).toBe(false);
    expect(db.stats()).toMatchObject({ keys: 0, totalBytes: 0 });
  });

  test("a delete of an expired key finds nothing, and the key is gone for good", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("key", "1", { ttlMs: 10 });
    const waiting = [db.put("in flight", "1", { expiresAtMs: 1 }), db.delete("in flight")];
    expect(await Promise.all(waiting)).toEqual([true, false]);
    world.clock.advance(10);
    expect(await db.delete("key")).toBe(false);
    expect(db.stats().keys).toBe(0);
    await db.close();
    world.clock.advance(-10);
    db = await world.open();
    expect(await isThere(db, "key")).toBe(false);
  });

  test("an iterator keeps the time of its call", async () => {
    const world = await newWorld();
    const db = await world.open();
    for (let index = 0; index < 300; index += 1) void db.put(`key ${index}`, "1", { ttlMs: 100 });
    await db.put("gone already", "1", { expiresAtMs: 1 });
    const iterators = [db.keys(), db.entries(), db.values()];
    await iterators[0]!.next();
    world.clock.advance(100);
    const counts = [];
    for (const iterator of iterators) counts.push((await all<unknown>(iterator)).length);
    expect(counts).toEqual([299, 300, 300]);
    expect(await all(db.keys())).toEqual([]);
  });

  test("a checkpoint keeps expiries", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("key", "1", { ttlMs: 100 });
    await db.put("other", "1");
    await db.checkpoint();
    db = await world.reopen(db);
    expect(db.stats().open.road).toBe("checkpoint");
    world.clock.advance(99);
    expect(await isThere(db, "key")).toBe(true);
    world.clock.advance(1);
    expect(await entriesOf(db)).toEqual([["other", "1"]]);
  });
});

test("the latest date of all is one, and a time to live that ends beyond it is refused", async () => {
  const world = await memoryWorld();
  let db = await world.open();
  await db.put("latest", "1", { expiresAtMs: Number.MAX_SAFE_INTEGER });
  await db.put("by time to live", "1", { ttlMs: Number.MAX_SAFE_INTEGER - world.clock.now() });
  expect(await rejection(db.put("beyond", "1", { ttlMs: Number.MAX_SAFE_INTEGER }))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
  });
  expect(await rejection(db.put("beyond", "1", { ttlMs: Number.MAX_VALUE }))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
  });
  world.clock.advance(Number.MAX_SAFE_INTEGER - world.clock.now() - 1);
  db = await world.reopen(db);
  expect((await all(db.keys())).sort()).toEqual(["by time to live", "latest"]);
  world.clock.advance(1);
  expect(await all(db.keys())).toEqual([]);
});

test("a clock with fractions of a millisecond is as good as any", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  world.clock.advance(0.25);
  await db.put("key", "1", { ttlMs: 10 });
  await db.batch([{ type: "put", key: "other", value: "1", ttlMs: 0.5 }]);
  expect(await isThere(db, "other")).toBe(true);
  world.clock.advance(10);
  // Never too early.
  expect([await isThere(db, "key"), await isThere(db, "other")]).toEqual([true, false]);
  world.clock.advance(1);
  expect(await isThere(db, "key")).toBe(false);
});
