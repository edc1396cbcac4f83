import { describe, expect, test } from "vitest";
import { text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a delete tells whether the key was there", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    expect(await db.delete("key")).toBe(true);
    expect(await db.delete("key")).toBe(false);
    expect(await db.delete("never there")).toBe(false);
    expect(await db.get("key")).toBe(undefined);
    expect(db.has("key")).toBe(false);
  });

  test("a delete counts the writes that wait before it, and none after it", async () => {
    const world = await newWorld();
    const db = await world.open();
    const writes = [db.put("key", "1"), db.delete("key"), db.put("key", "2"), db.delete("key"), db.delete("key")];
    expect(await Promise.all(writes)).toEqual([true, true, true, true, false]);
    expect(db.has("key")).toBe(false);
    const more = [db.delete("key"), db.put("key", "3"), db.delete("key"), db.put("key", "4")];
    expect(await Promise.all(more)).toEqual([false, true, true, true]);
    expect(text(await db.get("key"))).toBe("4");
  });

  test("a delete counts a batch that waits before it", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("b", "1");
    const writes = [
      db.batch([
        { type: "put", key: "a", value: "1" },
        { type: "delete", key: "b" },
      ]),
      db.delete("a"),
      db.delete("b"),
    ];
    expect(await Promise.all(writes)).toEqual([true, true, false]);
  });

  test("two deletes of one key in flight: the first one found it", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    expect(await Promise.all([db.delete("key"), db.delete("key"), db.delete("key")])).toEqual([true, false, false]);
  });

  test("a delete of a missing key waits for the writes that its answer rests on", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    const sync = world.watched.hold("sync", /\.segment$/);
    const first = db.delete("key");
    await sync.reached;
    let answered = false;
    const second = db.delete("key").then((existed) => {
      answered = true;
      return existed;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    sync.release();
    expect(await Promise.all([first, second])).toEqual([true, false]);
  });

  test("a delete of a missing key writes nothing", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    const before = db.stats();
    const appends = world.watched.count("append");
    expect(await db.delete("missing")).toBe(false);
    expect(await db.delete("missing", { sync: true })).toBe(false);
    expect(db.stats()).toEqual(before);
    expect(world.watched.count("append")).toBe(appends);
  });

  test("a deleted key stays deleted when the store is opened again, and can be put again", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("key", "1");
    await db.delete("key");
    db = await world.reopen(db);
    expect(db.has("key")).toBe(false);
    await db.put("key", "2");
    db = await world.reopen(db);
    expect(text(await db.get("key"))).toBe("2");
  });
});

test("a delete that asks for a sync rests on durable writes only, also where there is nothing to delete", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  await db.put("key", "1", { sync: true });
  await db.delete("key");
  expect(db.stats().floor).toBeLessThan(db.stats().sequence);
  expect(await db.delete("key", { sync: true })).toBe(false);
  // Nobody who was told that the key is gone for good may find it after a power cut.
  expect(db.stats().floor).toBeGreaterThanOrEqual(2);
});
