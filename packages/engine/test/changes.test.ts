import { bytes, json } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../src/limits.ts";
import { putMany, SMALL, smallStore } from "./support/changing.ts";
import { short, take, takeShort } from "./support/feeds.ts";
import { isSettled, rejection } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, readingAsynchronously } from "./support/worlds.ts";

function versions(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe.each(FILE_SYSTEMS)("on $name, a feed", ({ newWorld }) => {
  test("delivers what is written from the call on, in the order of the log", async () => {
    const world = await newWorld();
    const db = await smallStore(world);
    await db.put("before", "1");
    const feed = db.changes();
    await db.put("a", "1");
    await db.put("b", "2", { expiresAtMs: world.clock.now() + 1000 });
    await db.delete("a");
    expect(await take(feed, 3)).toEqual([
      { type: "put", key: "a", value: "1", version: 2, resume: 2 },
      { type: "put", key: "b", value: "2", version: 3, expiresAtMs: world.clock.now() + 1000, resume: 3 },
      { type: "delete", key: "a", version: 4, resume: 4 },
    ]);
    const next = feed.next();
    expect(await isSettled(next)).toBe(false);
    await db.put("c", "3");
    expect(short((await next).value!)).toBe("c=3 @5");
    await feed.return();
  });

  test("goes on behind any change of another one, across segments, and then waits for more", async () => {
    const db = await smallStore(await newWorld());
    await putMany(db, 0, 30);
    expect(db.stats().segments.length).toBeGreaterThan(5);
    for (const since of [1, 2, 3, 14, 29]) {
      const feed = db.changes({ since });
      const changes = await take(feed, 30 - since);
      expect(changes.map(({ version }) => version)).toEqual(versions(since + 1, 30));
      expect(changes.every(({ version, resume }) => version === resume)).toBe(true);
      expect(await isSettled(feed.next())).toBe(false);
      await feed.return();
    }
  });

  test("gives a batch as single changes, and goes on in the midst of one", async () => {
    const db = await smallStore(await newWorld());
    await db.put("a", "1");
    await db.batch([
      { type: "put", key: "b", value: "2" },
      { type: "delete", key: "a" },
      { type: "put", key: "c", value: "3" },
    ]);
    await db.put("d", "4");
    const whole = ["b=2 @2", "-a @3", "c=3 @4", "d=4 @5"];
    for (const since of [1, 2, 3, 4]) {
      await using feed = db.changes({ since });
      expect(await takeShort(feed, 5 - since)).toEqual(whole.slice(since - 1));
    }
  });

  test("begins with the whole state for `since: 0`, complete only with its last entry, and goes on with the log", async () => {
    const world = await newWorld();
    const db = await smallStore(world);
    await putMany(db, 0, 10);
    await db.put("for a while", "1", { ttlMs: 10 });
    await db.put("for long", "1", { ttlMs: 1000 });
    await db.delete("key 3");
    world.clock.advance(100);
    const feed = db.changes({ since: 0 });
    // All of that comes after the moment of the state.
    await db.put("key 4", "new");
    await db.delete("key 5");
    const state = await take(feed, 10);
    expect(state.map(({ key }) => key).toSorted()).toEqual(
      [
        ...versions(0, 9)
          .filter((index) => index !== 3)
          .map((index) => `key ${index}`),
        "for long",
      ].toSorted(),
    );
    for (const [index, change] of state.entries()) {
      const long = change.key === "for long";
      const version = long ? 12 : Number(change.key.slice(4)) + 1;
      const value = long ? "1" : `${version - 1}`.padEnd(100, ".");
      const expiry = long ? { expiresAtMs: world.clock.now() + 900 } : {};
      expect(change).toEqual({
        ...{ type: "put", key: change.key, value, version, ...expiry },
        resume: index < 9 ? 0 : 13,
      });
    }
    expect(await takeShort(feed, 2)).toEqual(["key 4=new @14", "-key 5 @15"]);
    await feed.return();
    await using resumed = db.changes({ since: state.at(-1)!.resume });
    expect(await takeShort(resumed, 2)).toEqual(["key 4=new @14", "-key 5 @15"]);
  });

  test("keeps what it has not read, whatever is merged, and what is begun meanwhile as well", async () => {
    const db = await smallStore(await newWorld());
    await putMany(db, 0, 10);
    const feed = db.changes({ since: 4 });
    await putMany(db, 0, 10);
    await db.compact();
    await putMany(db, 0, 10);
    await db.compact();
    const { feeds } = db.stats();
    expect(feeds).toEqual({ count: 1, oldestSequence: 4, bytesKept: feeds.bytesKept });
    expect(feeds.bytesKept).toBeGreaterThan(26 * 100);
    expect((await take(feed, 26)).map(({ version }) => version)).toEqual(versions(5, 30));
    await db.put("last", "1");
    expect(await takeShort(feed, 1)).toEqual(["last=1 @31"]);
    expect(db.stats().feeds).toEqual({ count: 1, oldestSequence: 31, bytesKept: 0 });
    await feed.return();
    expect(db.stats().feeds).toEqual({ count: 0, oldestSequence: undefined, bytesKept: 0 });
  });
});

describe("what is delivered", () => {
  test("is the caller's own", async () => {
    const db = await (await memoryWorld()).open({ keys: bytes, values: bytes });
    const feed = db.changes();
    const key = Uint8Array.of(1, 2, 3);
    // A value that is a part of a slab, and one that is a part of what was read.
    for (const length of [100, 200_000]) {
      await db.put(key, new Uint8Array(length).fill(7));
      const [change] = await take(feed, 1);
      if (change?.type !== "put") throw new Error("it was a put");
      change.key.fill(0);
      change.value.fill(0);
      expect(await db.get(key)).toEqual(new Uint8Array(length).fill(7));
    }
    await feed.return();
  });

  test("is decoded by the codec", async () => {
    const db = await (await memoryWorld()).open({ values: json<{ name: string }>() });
    await using feed = db.changes();
    await db.put("ada", { name: "Ada" });
    expect((await feed.next()).value).toMatchObject({ key: "ada", value: { name: "Ada" } });
  });

  test("has the version that the entry has", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 20);
    await db.compact();
    await putMany(db, 5, 10);
    await using feed = db.changes({ since: 0 });
    for (const { key, version } of await take(feed, 20)) {
      expect([key, version]).toEqual([key, (await db.getEntry(key))!.version]);
    }
  });

  test("is a put that has expired as well: that is no write", async () => {
    const world = await memoryWorld();
    const db = await smallStore(world);
    await using feed = db.changes();
    await db.put("a", "1", { ttlMs: 10 });
    world.clock.advance(100);
    expect(await takeShort(feed, 1)).toEqual(["a=1 @1"]);
    expect(await db.get("a")).toBeUndefined();
  });

  test("is in order for calls that do not wait for one another", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 4);
    const feed = db.changes({ since: 1 });
    const calls = [feed.next(), feed.next(), feed.next(), feed.next(), feed.next()];
    const first = await Promise.all(calls.slice(0, 3));
    expect(first.map(({ value }) => value?.version)).toEqual([2, 3, 4]);
    await putMany(db, 4, 6);
    expect((await Promise.all(calls)).map(({ value }) => value?.version)).toEqual([2, 3, 4, 5, 6]);
    await feed.return();
  });

  test("comes from a file system that cannot read synchronously, too", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>({ ...SMALL, fileSystem: readingAsynchronously(world.fileSystem) });
    await putMany(db, 0, 20);
    await using feed = db.changes({ since: 3 });
    expect((await take(feed, 17)).map(({ version }) => version)).toEqual(versions(4, 20));
    world.leaveUnchecked();
  });

  test("comes whatever pieces the log is read in, and through large frames", async () => {
    const world = await memoryWorld();
    for (const scanBytes of [32, 33, 64, 100, 1000]) {
      const db = await world.openWithin<string, string>({ ...LIMITS, scanBytes, valuesAhead: 3 }, SMALL);
      const from = db.stats().sequence;
      await putMany(db, 0, 3, 10);
      await db.batch(versions(0, 20).map((index) => ({ type: "put", key: `${index}`, value: "x".repeat(index * 7) })));
      await db.put("last", "1");
      await using feed = db.changes({ since: from === 0 ? 1 : from });
      const changes = await take(feed, from === 0 ? 24 : 25);
      expect(changes.at(-1)).toMatchObject({ key: "last", version: from + 25 });
      expect(changes.at(-2)).toMatchObject({ key: "20", value: "x".repeat(140) });
      await feed.return();
      await db.close();
    }
  });

  test("is nothing that waits for its sync, until that is done", async () => {
    const world = await memoryWorld();
    const db = await smallStore(world);
    await db.put("a", "1");
    const feed = db.changes({ since: 1 });
    const sync = world.watched.hold("sync", /\.segment$/);
    const put = db.put("b", "2");
    await sync.reached;
    const next = feed.next();
    expect(await isSettled(next)).toBe(false);
    sync.release();
    await put;
    expect(short((await next).value!)).toBe("b=2 @2");
    await feed.return();
  });
});

describe("a `since`", () => {
  test("that merges have overtaken is refused, and the oldest one that will do is told", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 20);
    await db.compact();
    await putMany(db, 20, 25);
    for (const since of [1, 10, 19]) {
      const feed = db.changes({ since });
      const error = await rejection(feed.next());
      expect(error).toMatchObject({ code: "HASHLOG_COMPACTED", expected: 20, actual: since, path: db.directory });
      expect((error as Error).message).toMatch(/since: 0/);
      expect(await feed.next()).toEqual({ done: true, value: undefined });
    }
    for (const since of [20, 22]) {
      await using feed = db.changes({ since });
      expect((await take(feed, 25 - since)).map(({ version }) => version)).toEqual(versions(since + 1, 25));
    }
    expect(db.stats().feeds.count).toBe(0);
  });

  test("that merges have overtaken only in part of what they read is refused as well", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 20);
    // The second one alone: the first is whole, and what follows it is not.
    const { segmentId, records } = db.stats().segments[1]!;
    const before = db.stats().segments[0]!.records;
    await db.compact({ segments: [segmentId] });
    const error = await rejection(db.changes({ since: 1 }).next());
    expect(error).toMatchObject({ code: "HASHLOG_COMPACTED", expected: before + records });
  });

  test("that is 0 will always do", async () => {
    const db = await smallStore(await memoryWorld());
    await using empty = db.changes({ since: 0 });
    await putMany(db, 0, 20);
    await db.compact();
    await using feed = db.changes({ since: 0 });
    expect(await take(feed, 20)).toHaveLength(20);
    expect((await take(empty, 20)).map(({ resume }) => resume)).toEqual(versions(1, 20));
  });

  test("that lies beyond every write is refused, and one among sequences that a crash has skipped is not", async () => {
    const world = await memoryWorld();
    const db = await smallStore(world);
    await putMany(db, 0, 3);
    const beyond = { code: "HASHLOG_INVALID_ARGUMENT", expected: 3, actual: 4 };
    expect(() => db.changes({ since: 4 })).toThrow(expect.objectContaining(beyond));
    expect(db.stats().feeds.count).toBe(0);
    const fault = world.watched.fail("sync", /\.segment$/, "FS_NO_SPACE");
    await rejection(db.put("refused", "1"));
    fault.end();
    await using inGap = db.changes({ since: 4 });
    await using before = db.changes({ since: 3 });
    await db.put("later", "1");
    const { sequence } = db.stats();
    expect(sequence).toBeGreaterThan(1000);
    for (const feed of [inGap, before]) expect(await takeShort(feed, 1)).toEqual([`later=1 @${sequence}`]);
  });

  test("stays good when the store is closed and opened again", async () => {
    const world = await memoryWorld();
    const db = await smallStore(world);
    await putMany(db, 0, 7);
    const again = await world.reopen(db);
    expect(() => again.changes({ since: 8 })).toThrow(expect.objectContaining({ code: "HASHLOG_INVALID_ARGUMENT" }));
    await using feed = again.changes({ since: 5 });
    await again.put("later", "1");
    expect((await take(feed, 3)).map(({ version }) => version)).toEqual([6, 7, 8]);
  });

  test.each([[-1], [1.5], [Number.NaN], [2 ** 53], ["1"], [null]])("that is %s is refused", async (since) => {
    const db = await smallStore(await memoryWorld());
    expect(() => db.changes({ since: since as number })).toThrow(/"since" of changes must be an integer from 0/);
  });
});

test("options that there are not are refused by name", async () => {
  const db = await smallStore(await memoryWorld());
  expect(() => db.changes({ from: 1 } as never)).toThrow(/changes has no option "from"/);
  expect(() => db.changes({ signal: {} as AbortSignal })).toThrow(/"signal" of changes must be an AbortSignal/);
  expect(() => db.changes(7 as never)).toThrow(/options of changes/);
});
