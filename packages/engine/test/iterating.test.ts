import type { Store } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { collectGarbage } from "./support/memory.ts";
import { all, entriesOf, filler, isSame, isSettled, rejection, settle, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld, readingAsynchronously, type World } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Keys `key 0` to `key <count - 1>`, each with its number as value. */
async function fill(db: TextStore, count: number): Promise<[string, string][]> {
  const entries = Array.from({ length: count }, (_, index): [string, string] => [`key ${index}`, String(index)]);
  await db.batch(entries.map(([key, value]) => ({ type: "put", key, value })));
  return entries.sort(([left], [right]) => (left < right ? -1 : 1));
}

function sortedText(entries: readonly [string, Uint8Array][]): [string, string | undefined][] {
  return entries
    .map(([key, value]): [string, string | undefined] => [key, text(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("entries, keys and values give everything once, in any number", async () => {
    const world = await newWorld();
    const db = await world.open();
    expect([await all(db.entries()), await all(db.keys()), await all(db.values())]).toEqual([[], [], []]);
    const entries = await fill(db, 700);
    expect(await entriesOf(db)).toEqual(entries);
    expect((await all(db.keys())).sort()).toEqual(entries.map(([key]) => key));
    expect((await all(db.values())).map((value) => String(text(value))).sort()).toEqual(
      entries.map(([, value]) => value).sort(),
    );
  });

  test("an iterator shows the store as of its call, whatever is written, merged, and expires before it is read", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    const before = await fill(db, 150);
    await db.put("soon gone", "still there", { ttlMs: 1000 });
    const iterators = [db.entries(), db.entries()];
    const keys = db.keys();
    const expected = [...before, ["soon gone", "still there"]];

    // Half read, and then everything changes.
    const half: [string, Uint8Array][] = [];
    for (let index = 0; index < 70; index += 1) half.push((await iterators[1]!.next()).value as [string, Uint8Array]);
    for (let index = 0; index < 150; index += 1) {
      if (index % 3 === 0) await db.delete(`key ${index}`);
      else await db.put(`key ${index}`, filler(60, index));
      if (index % 50 === 49) await db.compact();
    }
    await db.put("new", "key");
    world.clock.advance(2000);
    await db.compact();

    expect(sortedText(await all(iterators[0]!))).toEqual(expected);
    expect(sortedText([...half, ...(await all(iterators[1]!))])).toEqual(expected);
    expect((await all(keys)).sort()).toEqual(expected.map(([key]) => key));
    expect((await all(db.keys())).length).toBe(101);
    expect(db.stats().iterators).toBe(0);
  });

  test("what was not acknowledged at the call is not in it", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("a", "1");
    const sync = world.watched.hold("sync", SEGMENT);
    const write = db.batch([
      { type: "put", key: "b", value: "2" },
      { type: "delete", key: "a" },
    ]);
    await sync.reached;
    const iterator = db.entries();
    sync.release();
    await write;
    expect(sortedText(await all(iterator))).toEqual([["a", "1"]]);
    expect(await entriesOf(db)).toEqual([["b", "2"]]);
  });

  test("each of several iterators has a moment of its own", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    const iterators = [];
    for (let turn = 0; turn < 5; turn += 1) {
      await db.put("key", `${turn}`);
      await db.put(`only ${turn}`, filler(200));
      if (turn > 0) await db.delete(`only ${turn - 1}`);
      iterators.push(db.entries());
      await db.compact();
    }
    for (const [turn, iterator] of iterators.reverse().entries()) {
      const entries = (await all(iterator)).sort(([left], [right]) => (left < right ? -1 : 1));
      expect(entries).toEqual([
        ["key", new TextEncoder().encode(`${4 - turn}`)],
        [`only ${4 - turn}`, filler(200)],
      ]);
    }
  });

  test("an iterator that is left early gives its files free", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    await fill(db, 200);
    for await (const [key] of db.entries()) {
      expect(key).toMatch(/^key/);
      expect(db.stats().iterators).toBe(1);
      break;
    }
    expect(db.stats().iterators).toBe(0);
    await expect(
      (async () => {
        for await (const key of db.keys()) throw new RangeError(key);
      })(),
    ).rejects.toThrow(RangeError);
    expect(db.stats().iterators).toBe(0);
  });

  test("files that a merge removed stay readable for an iterator, and are given free with it", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(400, index));
    await db.compact();
    // Behind the hints that are written in the background.
    await db.checkpoint();
    await settle(db);
    const settled = world.watched.openFiles;
    const iterator = db.entries();
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(400, index + 1));
    await db.compact();
    await db.checkpoint();
    await settle(db);
    expect(world.watched.openFiles).toBeGreaterThan(settled);
    expect((await all(iterator)).find(([key]) => key === "key 7")?.[1]).toEqual(filler(400, 7));
    expect(world.watched.openFiles).toBe(settled);
  });

  test("calls of next that do not wait for one another are answered in their order", async () => {
    const world = await newWorld();
    const db = await world.open();
    const entries = await fill(db, 130);
    const iterator = db.entries();
    const results = await Promise.all(Array.from({ length: 140 }, () => iterator.next()));
    const given = results.filter(({ done }) => done !== true).map(({ value }) => value as [string, Uint8Array]);
    expect(sortedText(given)).toEqual(entries);
    expect(results.slice(130).every(({ done }) => done === true)).toBe(true);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("return ends an iterator, at any time and as often as one likes", async () => {
    const world = await newWorld();
    const db = await world.open();
    await fill(db, 10);
    const iterator = db.keys();
    await iterator.next();
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    const unused = db.entries();
    expect(db.stats().iterators).toBe(1);
    await unused.return!();
    expect(db.stats().iterators).toBe(0);
    expect(await all(unused)).toEqual([]);
  });

  test("an iterator ends with HASHLOG_ABORTED when its signal says so", async () => {
    const world = await newWorld();
    const db = await world.open();
    await fill(db, 10);
    const stop = new AbortController();
    const iterator = db.entries({ signal: stop.signal });
    expect((await iterator.next()).done).toBe(false);
    stop.abort(new RangeError("enough"));
    expect(await rejection(iterator.next())).toMatchObject({
      code: "HASHLOG_ABORTED",
      cause: stop.signal.reason as unknown,
    });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(db.stats().iterators).toBe(0);
    expect(await rejection(all(db.keys({ signal: AbortSignal.abort() })))).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect((await all(db.keys({ signal: new AbortController().signal }))).length).toBe(10);
  });

  test("an iterator that is used after close fails with HASHLOG_CLOSED, what it had read ahead included", async () => {
    const world = await newWorld();
    const db = await world.open();
    await fill(db, 10);
    const iterators = [db.entries(), db.keys(), db.values()];
    const [, begun] = [await iterators[0]!.next(), db.keys()];
    await begun.next();
    const ended = db.keys();
    await all(ended);
    const closed = db.close();
    for (const iterator of [...iterators, begun]) {
      expect(await rejection(iterator.next())).toMatchObject({ code: "HASHLOG_CLOSED", path: world.directory });
    }
    await closed;
    for (const iterator of iterators) expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await ended.next()).toEqual({ done: true, value: undefined });
    expect(db.stats().iterators).toBe(0);
  });

  test("closing waits for the value that an iterator is reading", async () => {
    const world = await newWorld();
    const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
    await db.put("key", "value");
    const iterator = db.entries();
    const read = world.watched.hold("read", SEGMENT);
    const next = iterator.next();
    await read.reached;
    const closed = db.close();
    expect(await isSettled(closed)).toBe(false);
    read.release();
    expect(await next).toEqual({ done: false, value: ["key", new TextEncoder().encode("value")] });
    await closed;
  });
});

test("an iterator that nobody holds any more is closed by the garbage collector", async () => {
  const world = await nodeWorld();
  const db = await world.open({ segmentBytesMax: 1024, fileSystem: readingAsynchronously(world.fileSystem) });
  await fill(db, 100);
  const held = await beginSome(db, world);
  expect(db.stats().iterators).toBe(3);
  await fill(db, 100);
  await db.compact();
  await settle(db);
  expect(world.watched.openFiles).toBeGreaterThan(db.stats().segments.length);
  held.length = 0;
  for (let round = 0; round < 50 && db.stats().iterators > 0; round += 1) await collectGarbage();
  expect(db.stats().iterators).toBe(0);
  expect(world.watched.openFiles).toBe(db.stats().segments.length);
});

// In a function of its own, so that nothing but the list that it gives back holds the iterators.
async function beginSome(db: TextStore, world: World): Promise<unknown[]> {
  const begun = db.entries();
  await begun.next();
  const untouched = db.keys();
  const read = world.watched.hold("read", SEGMENT);
  const reading = db.entries();
  const next = reading.next();
  await read.reached;
  read.release();
  await next;
  return [begun, untouched, reading];
}

test("iterating over keys reads no file", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const entries = await fill(db, 1000);
  const calls = world.watched.calls.length;
  expect((await all(db.keys())).length).toBe(entries.length);
  expect(entries.every(([key]) => db.has(key))).toBe(true);
  expect(world.watched.calls.length).toBe(calls);
});

test("an iterator that fails in the middle gives its files free, and the store goes on", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 200);
  const iterator = db.entries();
  await iterator.next();
  const failing = world.watched.fail("readSync", SEGMENT);
  expect(await rejection(all(iterator))).toMatchObject({
    code: "HASHLOG_IO",
    path: expect.stringMatching(SEGMENT) as unknown,
  });
  expect(db.stats().iterators).toBe(0);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  failing.end();
  expect((await all(db.entries())).length).toBe(200);
});

test("values larger than what is read ahead come one by one, and right", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  for (let index = 0; index < 8; index += 1) await db.put(`key ${index}`, filler(700_000, index));
  const right: string[] = [];
  for await (const [key, value] of db.entries())
    if (isSame(value, filler(700_000, Number(key.slice(4))))) right.push(key);
  expect(right.length).toBe(8);
});

test("a large value is read without holding the event loop, and does not keep the small ones before it waiting", async () => {
  const world = await memoryWorld();
  const db = await world.open({ ordered: true });
  await db.put("a", filler(100));
  await db.put("b", filler(2_000_000));
  await db.put("c", filler(100));
  await db.put("d", filler(2_000_000));
  await db.put("e", filler(2_000_000));
  const lengths: number[] = [];
  const roads: string[] = [];
  let calls = world.watched.calls.length;
  for await (const value of db.values()) {
    lengths.push(value.length);
    roads.push(
      world.watched.calls
        .slice(calls)
        .map(({ operation }) => operation)
        .join("+"),
    );
    calls = world.watched.calls.length;
  }
  expect(lengths).toEqual([100, 2_000_000, 100, 2_000_000, 2_000_000]);
  expect(roads).toEqual(["readSync", "read", "readSync", "read", "read"]);
});

test("an iterator gives the event loop away among keys that have expired about as often as among others", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  const keys = Array.from({ length: 40_000 }, (_, index) => `key ${index}`);
  await db.batch(keys.map((key) => ({ type: "put", key, value: "", ttlMs: 1000 }) as const));
  await db.count({ gte: "" });
  const yieldsOf = async (range: object, count: number): Promise<number> => {
    const before = world.clock.yields;
    expect(await db.count(range)).toBe(count);
    return world.clock.yields - before;
  };
  const amongOthers = [await yieldsOf({}, 40_000), await yieldsOf({ gte: "" }, 40_000)];
  world.clock.advance(1000);
  const amongExpired = [await yieldsOf({}, 0), await yieldsOf({ gte: "" }, 0)];
  for (const [at, yields] of amongOthers.entries()) {
    expect(yields).toBeGreaterThan(10);
    expect(amongExpired[at]).toBeGreaterThan(yields / 2);
  }
});

test("an iterator that is left at whatever moment of a call gives an entry that there is, or its end", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 5);
  for (let turns = 0; turns < 20; turns += 1) {
    const iterator = db.entries();
    const next = iterator.next();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    void iterator.return();
    const { done, value } = await next;
    expect([turns, done === true || value !== undefined]).toEqual([turns, true]);
  }
});
