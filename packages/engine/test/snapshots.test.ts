import { describe, expect, test } from "vitest";
import { collectGarbage } from "./support/memory.ts";
import { all, filler, rejection, settle, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a snapshot shows the store as it was, whatever is written, deleted and merged later", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 2048 });
    for (const key of ["a", "b", "c", "d"]) await db.put(key, `old ${key}`);
    const before = await db.getEntry("a");
    const snapshot = db.snapshot();
    await db.put("a", "new a");
    await db.delete("b");
    await db.put("e", "new e");
    await db.put("c", filler(1500));
    await db.put("c", filler(1500, 1));
    await db.compact();
    await db.clear({ prefix: "d" });

    expect(text(await snapshot.get("a"))).toBe("old a");
    expect(text(snapshot.getSync("b"))).toBe("old b");
    expect((await snapshot.getMany(["c", "e", "d"])).map(text)).toEqual(["old c", undefined, "old d"]);
    expect([snapshot.has("b"), snapshot.has("e")]).toEqual([true, false]);
    expect(await snapshot.getEntry("a")).toEqual(before);
    expect(await snapshot.getEntry("e")).toBe(undefined);
    expect((await all(snapshot.entries({ gte: "" }))).map(([key, value]) => [key, text(value)])).toEqual(
      ["a", "b", "c", "d"].map((key) => [key, `old ${key}`]),
    );
    expect((await all(snapshot.keys())).toSorted()).toEqual(["a", "b", "c", "d"]);
    expect((await all(snapshot.values({ lt: "c", reverse: true }))).map(text)).toEqual(["old b", "old a"]);
    expect([await snapshot.count(), await snapshot.count({ gt: "b" })]).toEqual([4, 2]);
    expect([await db.count(), text(await db.get("a"))]).toEqual([3, "new a"]);
    snapshot.close();
  });

  test("the files that it needs stay readable, and are given free when it is closed", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(400, index));
    await db.compact();
    await settle(db);
    const settled = world.watched.openFiles;
    const snapshot = db.snapshot();
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(400, index + 1));
    await db.compact();
    await settle(db);
    expect(world.watched.openFiles).toBeGreaterThan(settled);
    for (let index = 0; index < 20; index += 1) expect(await snapshot.get(`key ${index}`)).toEqual(filler(400, index));
    expect(db.stats()).toMatchObject({ snapshots: 1, iterators: 0 });
    snapshot.close();
    expect(world.watched.openFiles).toBe(settled);
    expect(db.stats().snapshots).toBe(0);
  });
});

test("what expires after a snapshot was made is in it, what had expired before is not", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("early", "1", { ttlMs: 10 });
  await db.put("late", "2", { ttlMs: 1000 });
  world.clock.advance(10);
  const snapshot = db.snapshot();
  world.clock.advance(10_000);
  await db.compact();
  expect([snapshot.has("early"), snapshot.has("late"), db.has("late")]).toEqual([false, true, false]);
  expect(text(snapshot.getSync("late"))).toBe("2");
  expect(await all(snapshot.keys({ gte: "" }))).toEqual(["late"]);
  expect(await snapshot.count()).toBe(1);
  snapshot.close();
});

test("what was not acknowledged when it was made is not in it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  const sync = world.watched.hold("sync", /\.segment$/);
  const write = db.put("a", "2");
  await sync.reached;
  const snapshot = db.snapshot();
  sync.release();
  await write;
  expect([text(await snapshot.get("a")), text(await db.get("a"))]).toEqual(["1", "2"]);
  snapshot.close();
});

test("several snapshots and iterators of them do not disturb each other", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 1024 });
  const snapshots = [];
  for (let turn = 0; turn < 4; turn += 1) {
    for (let key = 0; key < 30; key += 1) await db.put(`key ${String(key).padStart(2, "0")}`, `${turn}`);
    await db.delete(`key 0${turn}`);
    snapshots.push(db.snapshot());
  }
  await db.compact();
  for (const turn of [2, 0, 3, 1]) {
    const snapshot = snapshots[turn]!;
    const [one, other] = [snapshot.entries({ gte: "" }), snapshot.keys({ reverse: true })];
    const first = await one.next();
    const keys = await all(other);
    const entries = [first.value!, ...(await all(one))];
    expect(keys).toEqual(entries.map(([key]) => key).toReversed());
    expect(keys.length).toBe(29);
    expect(keys).not.toContain(`key 0${turn}`);
    expect(entries.every(([, value]) => text(value) === `${turn}`)).toBe(true);
    snapshot.close();
  }
});

test("a closed snapshot refuses to be read, by its iterators as well, and may be closed again", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  await db.put("b", "2");
  const snapshot = db.snapshot();
  const begun = snapshot.keys({ gte: "" });
  await begun.next();
  expect(snapshot.isClosed).toBe(false);
  snapshot.close();
  snapshot.close();
  expect(snapshot.isClosed).toBe(true);
  const closed = expect.objectContaining({ code: "HASHLOG_CLOSED", message: "the snapshot is closed" });
  expect(await rejection(snapshot.get("a"))).toEqual(closed);
  expect(await rejection(snapshot.getEntry("a"))).toEqual(closed);
  expect(await rejection(snapshot.getMany(["a"]))).toEqual(closed);
  expect(await rejection(snapshot.count())).toEqual(closed);
  expect(await rejection(begun.next())).toEqual(closed);
  for (const call of [
    () => snapshot.getSync("a"),
    () => snapshot.has("a"),
    () => snapshot.keys(),
    () => snapshot.entries({ gte: "" }),
    () => snapshot.values(),
  ]) {
    expect(call).toThrow(closed);
  }
  expect(text(await db.get("a"))).toBe("1");
});

test("closing the store closes its snapshots; a closed store makes none", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  const snapshot = db.snapshot();
  await db.close();
  expect(snapshot.isClosed).toBe(true);
  expect(() => snapshot.has("a")).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
  expect(() => db.snapshot()).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
});

test("a snapshot is closed at the end of the block that declares it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  {
    using snapshot = db.snapshot();
    expect([snapshot.has("a"), db.stats().snapshots]).toEqual([false, 1]);
  }
  expect(db.stats().snapshots).toBe(0);
});

test("it costs memory for what is changed while it is open, and once it is closed nothing", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const keys = Array.from({ length: 20_000 }, (_, index) => `key ${index}`);
  await db.batch(keys.map((key) => ({ type: "put", key, value: "" })));
  const before = db.stats().keydirBytes;
  const snapshot = db.snapshot();
  expect(db.stats().keydirBytes - before).toBeLessThan(1000);
  await db.batch(keys.slice(0, 5000).map((key) => ({ type: "put", key, value: "1" })));
  const during = db.stats().keydirBytes - before;
  expect(during).toBeGreaterThan(5000 * 16);
  expect(during).toBeLessThan(5000 * 64);
  snapshot.close();
  expect(db.stats().keydirBytes - before).toBeLessThan(1000);
});

test("a snapshot that nobody holds any more is closed by the garbage collector, but not beneath an iterator of it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  for (let index = 0; index < 300; index += 1) await db.put(`key ${index}`, "1");
  const begin = async (): Promise<AsyncIterator<string>> => {
    const keys = db.snapshot().keys({ gte: "" });
    await keys.next();
    return keys;
  };
  let keys: AsyncIterator<string> | undefined = await begin();
  await collectGarbage();
  expect(db.stats().snapshots).toBe(1);
  let rest = 1;
  while ((await keys.next()).done !== true) rest += 1;
  expect(rest).toBe(300);
  keys = undefined;
  for (let round = 0; round < 40 && db.stats().snapshots > 0; round += 1) await collectGarbage();
  expect(db.stats().snapshots).toBe(0);
});

test("a snapshot is closed as soon as its store is being closed", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  const snapshot = db.snapshot();
  expect(snapshot.isClosed).toBe(false);
  const closing = db.close();
  expect(snapshot.isClosed).toBe(true);
  expect(await rejection(snapshot.get("a"))).toMatchObject({ code: "HASHLOG_CLOSED" });
  await closing;
  expect(snapshot.isClosed).toBe(true);
});

test("a range of a snapshot gives the event loop away, however much was written since", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never", ordered: true });
  await db.put("z", "1");
  const snapshot = db.snapshot();
  const keys = Array.from({ length: 50_000 }, (_, index) => `key ${index}`);
  await db.batch(keys.map((key) => ({ type: "put", key, value: "" }) as const));
  for (const range of [{ gte: "" }, { lte: "zz", reverse: true }]) {
    const yields = world.clock.yields;
    expect(await all(snapshot.keys(range))).toEqual(["z"]);
    // Some thousand keys are passed by at a time.
    expect(world.clock.yields - yields).toBeGreaterThan(10);
  }
});
