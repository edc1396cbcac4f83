import { describe, expect, test } from "vitest";
import { filler, isSame, rejection, settle, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("getMany answers in the order of its keys, whatever is there, however many, and as often as asked", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 4096 });
    for (let index = 0; index < 150; index += 1) void db.put(`key ${index}`, `value ${index}`);
    await db.sync();
    const keys = Array.from({ length: 400 }, (_, index) => `key ${(index * 7) % 200}`);
    const expected = keys.map((key) => (Number(key.slice(4)) < 150 ? `value ${key.slice(4)}` : undefined));
    expect((await db.getMany(keys)).map(text)).toEqual(expected);
  });

  test("getMany answers as of its call, whatever is written and merged meanwhile", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
    for (const key of keys) await db.put(key, `old value of ${key}`);
    const read = world.watched.hold("read", /\.segment$/);
    const values = db.getMany(keys);
    await read.reached;
    for (const [index, key] of keys.entries()) {
      if (index % 2 === 0) await db.delete(key);
      else await db.put(key, "new");
    }
    const compacted = db.compact();
    read.release();
    await compacted;
    expect((await values).map(text)).toEqual(keys.map((key) => `old value of ${key}`));
    await settle(db);
    expect(world.watched.openFiles).toBe(db.stats().segments.length);
  });

  test("a read that is under way gets its value though its segment is merged away", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", filler(70_000));
    await db.put("other", "1");
    const read = world.watched.hold("read", /\.segment$/);
    const value = db.get("key");
    await read.reached;
    await db.delete("other");
    const compacted = db.compact();
    read.release();
    await compacted;
    expect(isSame(await value, filler(70_000))).toBe(true);
  });
});

test("a read that fails is an error with its place, never a missing value, and the next one may work", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "value");
  await db.put("other", "value");
  const error = { code: "HASHLOG_IO", path: world.path("hashlog-0000000001.segment"), cause: { code: "FS_IO" } };
  const failing = [world.watched.fail("read", /segment$/), world.watched.fail("readSync", /segment$/)];
  expect(() => db.getSync("key")).toThrow(expect.objectContaining({ code: "HASHLOG_IO" }) as Error);
  expect(await rejection(db.get("key"))).toMatchObject(error);
  expect(await rejection(db.getMany(["missing", "key", "other"]))).toMatchObject(error);
  expect([db.has("key"), db.getSync("missing")]).toEqual([true, undefined]);
  for (const one of failing) one.end();
  expect(text(db.getSync("key"))).toBe("value");
  expect((await db.getMany(["missing", "key", "other"])).map(text)).toEqual([undefined, "value", "value"]);
});

test("a codec that throws leaves no segment pinned", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "value");
  expect(await rejection(db.getMany(["key", "\ud800"]))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  await db.put("key", "new");
  await db.compact();
  await settle(db);
  expect(world.watched.openFiles).toBe(1);
});
