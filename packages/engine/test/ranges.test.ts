import { bytes, open, type OpenProgress, type RangeOptions, type Store } from "@hashlog/engine";
import { hashKeydir, type Keydir } from "@hashlog/index";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "./support/fake-clock.ts";
import { all, filler, isSame, isSettled, rejection, text, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, readingAsynchronously } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

async function fill(db: TextStore, keys: Iterable<string>): Promise<string[]> {
  const all = [...keys];
  await db.batch(all.map((key) => ({ type: "put", key, value: `value of ${key}` })));
  return all;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key ${String((index * 7919) % count).padStart(5, "0")}`);
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test.each([false, true])(
    "a range gives keys, values and entries in order (kept from the start: %j)",
    async (ordered) => {
      const world = await newWorld();
      const db = await world.open({ ordered });
      const sorted = (await fill(db, numbered(1500))).toSorted();
      const range = { gte: "key 00100", lt: "key 01300" };
      const expected = sorted.filter((key) => key >= range.gte && key < range.lt);
      expect(await all(db.keys(range))).toEqual(expected);
      expect((await all(db.values(range))).map(text)).toEqual(expected.map((key) => `value of ${key}`));
      expect((await all(db.entries({ ...range, reverse: true }))).map(([key]) => key)).toEqual(expected.toReversed());
      expect(await db.count(range)).toBe(1200);
      expect(await all(db.keys({ ...range, limit: 3 }))).toEqual(expected.slice(0, 3));
    },
  );

  test("clear of a range deletes it, and nothing else", async () => {
    const world = await newWorld();
    let db = await world.open();
    await fill(db, numbered(300));
    await db.put("key 00150 expired", "1", { ttlMs: 1 });
    world.clock.advance(1);
    await db.clear({ gt: "key 00100", lte: "key 00199", sync: true });
    expect(await db.count()).toBe(201);
    expect(db.stats().keys).toBe(201);
    await db.clear({ prefix: "key 000", reverse: true, limit: 5 });
    expect(await all(db.keys({ gte: "key 00090", limit: 6 }))).toEqual([
      "key 00090",
      "key 00091",
      "key 00092",
      "key 00093",
      "key 00094",
      "key 00100",
    ]);
    db = await world.reopen(db);
    expect(await db.count()).toBe(196);
  });
});

describe("bounds", () => {
  const keys = ["", "a", "a\0", "aa", "ab", "b", "ba", "z", "é", "\u{ffff}", "\u{10000}"];
  const bound = fc.option(fc.constantFrom(...keys, "aab", "zz"), { nil: undefined });
  const options = fc.record({
    gt: bound,
    gte: bound,
    lt: bound,
    lte: bound,
    prefix: fc.option(fc.constantFrom("", "a", "aa", "b", "é", "\u{10000}", "none"), { nil: undefined }),
    reverse: fc.option(fc.boolean(), { nil: undefined }),
    limit: fc.option(fc.constantFrom(0, 1, 3, 100, Infinity), { nil: undefined }),
  });

  /** What the options say, word by word, over the bytes of the keys. */
  function selected(given: RangeOptions<string>): string[] {
    const compare = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
    const holds = (key: string): boolean =>
      (given.gt === undefined || compare(key, given.gt) > 0) &&
      (given.gte === undefined || compare(key, given.gte) >= 0) &&
      (given.lt === undefined || compare(key, given.lt) < 0) &&
      (given.lte === undefined || compare(key, given.lte) <= 0) &&
      (given.prefix === undefined || key.startsWith(given.prefix));
    const wanted = keys.filter(holds).toSorted(compare);
    if (given.reverse === true) wanted.reverse();
    return given.limit === undefined ? wanted : wanted.slice(0, given.limit);
  }

  test("all hold, in any combination, over the bytes of the keys", async () => {
    const world = await memoryWorld();
    const db = await world.open({ ordered: true });
    await fill(db, keys);
    await fc.assert(
      fc.asyncProperty(options, async (given) => {
        expect(await all(db.keys(given))).toEqual(selected(given));
        expect(await db.count(given)).toBe(selected(given).length);
      }),
      { numRuns: 300 },
    );
  });

  test("of bytes may be the highest there are", async () => {
    const world = await memoryWorld();
    const db = await world.open({ keys: bytes });
    const stored = [[], [0xfe], [0xfe, 0xff], [0xff], [0xff, 0], [0xff, 0xff]].map((key) => Uint8Array.from(key));
    for (const key of stored) await db.put(key, "1");
    const found = async (given: RangeOptions<Uint8Array>): Promise<number[][]> =>
      (await all(db.keys(given))).map((key) => [...key]);
    expect(await found({ prefix: Uint8Array.of(0xff) })).toEqual([[0xff], [0xff, 0], [0xff, 0xff]]);
    expect(await found({ prefix: Uint8Array.of(0xfe, 0xff) })).toEqual([[0xfe, 0xff]]);
    expect(await found({ prefix: Uint8Array.of(), gt: Uint8Array.of(0xff) })).toEqual([
      [0xff, 0],
      [0xff, 0xff],
    ]);
    expect(await found({ lte: Uint8Array.of(0xfe), reverse: true })).toEqual([[0xfe], []]);
  });

  test("are the caller's own, whatever a codec makes of them later", async () => {
    const world = await memoryWorld();
    const shared = new Uint8Array(1);
    const db = await world.open<number>({
      keys: {
        name: "one byte",
        encode: (key) => {
          shared[0] = key;
          return shared;
        },
        decode: ([key]) => key!,
      },
    });
    for (const key of [1, 2, 3, 4, 5]) await db.put(key, "1");
    const keys = db.keys({ gte: 2, lt: 5 });
    db.has(200);
    expect(await all(keys)).toEqual([2, 3, 4]);
  });
});

describe("seeking", () => {
  test("goes on with the first key that is not before the target, forward and back, within the range and the limit", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(1000));
    const keys = db.keys({ gte: "key 00010", lt: "key 00900", limit: 6 });
    const next = async (): Promise<string | undefined> => (await keys.next()).value;
    expect([await next(), await next()]).toEqual(["key 00010", "key 00011"]);
    keys.seek("key 00500");
    expect([await next(), await next()]).toEqual(["key 00500", "key 00501"]);
    keys.seek("a");
    expect(await next()).toBe("key 00010");
    keys.seek("key 00899x");
    expect(await next()).toBe(undefined);
    expect((await keys.next()).done).toBe(true);

    const back = db.entries({ lte: "key 00900", reverse: true });
    back.seek("key 00500");
    expect((await back.next()).value?.[0]).toBe("key 00500");
    back.seek("zzz");
    expect((await back.next()).value?.[0]).toBe("key 00900");
    back.seek("key 00300");
    back.seek("key 00200x");
    expect((await back.next()).value?.[0]).toBe("key 00200");
    await back.return();
    back.seek("key 00700");
    expect((await back.next()).done).toBe(true);
    expect(db.stats().iterators).toBe(0);
  });

  test("comes after what was asked for before it", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(100));
    const values = db.values({ gte: "" });
    const asked = [values.next(), values.next()];
    values.seek("key 00050");
    asked.push(values.next());
    expect((await Promise.all(asked)).map(({ value }) => text(value))).toEqual([
      "value of key 00000",
      "value of key 00001",
      "value of key 00050",
    ]);
    await values.return();
  });

  test("puts an iterator in order that has not begun, and is refused by one that has begun in no order", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(50));
    const keys = db.keys();
    keys.seek("key 00047");
    expect(await all(keys)).toEqual(["key 00047", "key 00048", "key 00049"]);
    const begun = db.keys();
    await begun.next();
    expect(() => begun.seek("key 00001")).toThrow(
      expect.objectContaining({
        code: "HASHLOG_INVALID_ARGUMENT",
        message: expect.stringContaining("no particular order"),
      }),
    );
    expect(() => begun.seek(7 as never)).toThrow(expect.objectContaining({ code: "HASHLOG_INVALID_ARGUMENT" }));
    expect((await all(begun)).length).toBe(49);
  });
});

describe("the order", () => {
  test("is that of a moment, whatever is written and merged before it is read", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 4096 });
    const sorted = (await fill(db, numbered(600))).toSorted();
    const entries = db.entries({ gt: "key 00099" });
    const first = [(await entries.next()).value![0]];
    for (const key of numbered(300)) await db.delete(key);
    await fill(
      db,
      numbered(900).map((key) => `${key} more`),
    );
    await db.put("key 00200", "changed");
    await db.compact();
    const rest = await all(entries);
    expect([...first, ...rest.map(([key]) => key)]).toEqual(sorted.slice(100));
    expect(rest.every(([key, value]) => text(value) === `value of ${key}`)).toBe(true);
  });

  test("is that of all iterators of a store that was opened so, and of those with a range else", async () => {
    const world = await memoryWorld();
    let db = await world.open({ ordered: true });
    const sorted = (await fill(db, numbered(400))).toSorted();
    expect(await all(db.keys())).toEqual(sorted);
    await db.close();
    db = await world.open();
    expect((await all(db.keys())).toSorted()).toEqual(sorted);
    expect(await all(db.keys({ reverse: false }))).toEqual(sorted);
  });

  test("takes its time when it is first asked for, lets others have their turn, and can be waited for by many", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const sorted = (await fill(db, numbered(20_000))).toSorted();
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    const counts = [db.count({ gte: "" }), db.count({ prefix: "key 0" }), all(db.keys({ gte: "key 19990" }))];
    expect(await Promise.all(counts)).toEqual([20_000, 10_000, sorted.slice(19_990)]);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
  });

  test("is given up where nobody waits for it any more, and can be asked for again", async () => {
    const world = await memoryWorld();
    let keydir: Keydir | undefined;
    const db = await world.open({ index: (options) => (keydir = hashKeydir(options)) });
    await fill(db, numbered(20_000));
    const stop = new AbortController();
    const counted = db.count({ gte: "", signal: stop.signal });
    await new Promise((resolve) => setImmediate(resolve));
    const memory = keydir!.memoryBytes;
    stop.abort(new RangeError("enough"));
    expect(await rejection(counted)).toMatchObject({ code: "HASHLOG_ABORTED", cause: stop.signal.reason as unknown });
    expect([keydir!.isOrdered, keydir!.memoryBytes < memory, db.stats().iterators]).toEqual([false, true, 0]);
    expect(await db.count({ gte: "key 00100" })).toBe(19_900);
  });

  test("is not waited for by closing: who waits is told that the store is closed", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(20_000));
    const counted = rejection(db.count({ gte: "" }));
    await new Promise((resolve) => setImmediate(resolve));
    const closed = db.close();
    expect(await counted).toMatchObject({ code: "HASHLOG_CLOSED" });
    expect(await isSettled(closed)).toBe(true);
  });

  test("is not waited for by whoever has left the iterator, or closed the snapshot", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(20_000));
    const keys = db.keys({ gte: "" });
    const next = keys.next();
    await new Promise((resolve) => setImmediate(resolve));
    await keys.return();
    expect(await next).toEqual({ done: true, value: undefined });
    const snapshot = db.snapshot();
    const counted = rejection(snapshot.count({ gte: "" }));
    await new Promise((resolve) => setImmediate(resolve));
    snapshot.close();
    expect(await counted).toMatchObject({ code: "HASHLOG_CLOSED", message: "the snapshot is closed" });
    expect(db.stats()).toMatchObject({ iterators: 0, snapshots: 0 });
  });

  test("of many keys in memory gives others their turn, and minds what they do", async () => {
    const world = await memoryWorld();
    const db = await world.open({ ordered: true });
    await fill(db, numbered(20_000));
    const left = db.keys();
    let given = 0;
    const reading = (async () => {
      for await (const key of left) given += key.length > 0 ? 1 : 0;
    })();
    const snapshot = db.snapshot();
    const counted = rejection(snapshot.count());
    await new Promise((resolve) => setImmediate(resolve));
    await left.return();
    snapshot.close();
    await reading;
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(20_000);
    expect(await counted).toMatchObject({ code: "HASHLOG_CLOSED", message: "the snapshot is closed" });
  });

  test("is part of an opening that asks for it: told of as it goes, and cancelled with it", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await fill(db, numbered(70_000));
    await db.close();
    const told: OpenProgress[] = [];
    const again = await world.open({ ordered: true, onProgress: (progress) => void told.push(progress) });
    const ordering = told.filter(({ phase }) => phase === "order");
    expect(ordering.length).toBeGreaterThan(1);
    expect(ordering.every(({ keysDone, keysTotal }) => keysDone <= 70_000 && keysTotal === 70_000)).toBe(true);
    expect(ordering.at(-1)!.keysDone).toBeGreaterThan(60_000);
    await again.close();
    const stop = new AbortController();
    const opening = open(world.directory, {
      fileSystem: world.fileSystem,
      ordered: true,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === "order" && stop.abort(),
    });
    expect(await rejection(opening)).toMatchObject({ code: "HASHLOG_ABORTED" });
    // Nothing is held by what was given up.
    await (await world.open()).close();
  });

  test("costs a refusal where there is no memory for it, and nothing else", async () => {
    const world = await memoryWorld();
    const full = new RangeError("no memory");
    const db = await world.open({
      index: (options) =>
        new Proxy(hashKeydir(options), {
          get: (keydir, name) => {
            if (name === "beginOrdering") {
              return () => ({
                keysDone: 0,
                abandon: () => undefined,
                step: () => {
                  throw full;
                },
              });
            }
            const value = Reflect.get(keydir, name, keydir) as unknown;
            return typeof value === "function" ? (value.bind(keydir) as unknown) : value;
          },
        }),
    });
    await fill(db, ["b", "a"]);
    expect(await rejection(db.count({ gte: "" }))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED", cause: full });
    expect((await all(db.keys())).toSorted()).toEqual(["a", "b"]);
    expect(db.stats().iterators).toBe(0);
  });
});

describe("values are read", () => {
  test("at once where they come quickly, and without holding the event loop where they took long, or cannot be", async () => {
    const world = await memoryWorld();
    const clock = new SlowClock();
    const db = await world.open({ clock });
    const sorted = (await fill(db, numbered(200))).toSorted();
    const read = async (): Promise<{ sync: number; async: number }> => {
      const before = [world.watched.count("readSync"), world.watched.count("read")];
      expect((await all(db.values({ gte: "" }))).map(text)).toEqual(sorted.map((key) => `value of ${key}`));
      return { sync: world.watched.count("readSync") - before[0]!, async: world.watched.count("read") - before[1]! };
    };
    expect(await read()).toEqual({ sync: 200, async: 0 });
    // Every chunk takes five milliseconds now: the first one shows it, and the next ones do not wait for it.
    clock.isSlow = true;
    expect(await read()).toEqual({ sync: 64, async: 136 });
  });

  test("many at once where they lie side by side, whatever lies between them", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 16_384 });
    const keys = Array.from({ length: 600 }, (_, index) => `key ${String(index).padStart(5, "0")}`);
    for (let first = 0; first < keys.length; first += 10) {
      const some = keys.slice(first, first + 10);
      await db.batch(some.map((key, index) => ({ type: "put", key, value: filler(20 + index * 7, first + index) })));
    }
    // Some elsewhere, some gone, some that expire, and one that is longer than all that is read at once.
    for (let index = 3; index < 600; index += 50) await db.put(keys[index]!, filler(33, index));
    for (let index = 7; index < 600; index += 70) await db.delete(keys[index]!);
    for (let index = 9; index < 600; index += 90) await db.put(keys[index]!, filler(5, index), { ttlMs: 1000 });
    await db.put(keys[333]!, filler(70_000));
    const before = world.watched.count("readSync");
    const entries = await all(db.entries({ gte: "" }));
    const reads = world.watched.count("readSync") - before;
    expect(entries.map(([key]) => key)).toEqual(keys.filter((_, index) => index % 70 !== 7));
    for (const [key, value] of entries) expect(isSame(value, (await db.get(key))!)).toBe(true);
    expect(reads).toBeLessThan(100);
    expect((await all(db.values({ reverse: true }))).length).toBe(entries.length);
  });

  test("by another thread alone where the file system cannot read synchronously", async () => {
    const world = await memoryWorld();
    const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
    await fill(db, numbered(100));
    expect((await all(db.entries({ limit: 90 }))).length).toBe(90);
    expect(world.watched.count("readSync")).toBe(0);
  });
});

/** Five milliseconds go by from one look at it to the next. */
class SlowClock extends FakeClock {
  isSlow = false;

  override elapsedMs(): number {
    if (this.isSlow) this.advanceWithoutTimers(5);
    return super.elapsedMs();
  }
}

test("a range that makes no sense is refused by name, at the call", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", utf8Bytes("value"));
  const wrong = [
    [{ from: "a" }, "from"],
    [{ gte: 7 }, "a number"],
    [{ lt: null }, "null"],
    [{ prefix: "\ud800" }, "lone surrogate"],
    [{ reverse: 1 }, "reverse"],
    [{ limit: -1 }, "limit"],
    [{ limit: 1.5 }, "limit"],
    [{ limit: "10" }, "limit"],
    [{ limit: Number.NaN }, "limit"],
  ] as const;
  for (const [range, words] of wrong) {
    const given = range as never;
    const refused = expect.objectContaining({
      code: "HASHLOG_INVALID_ARGUMENT",
      message: expect.stringContaining(words),
    });
    expect(() => db.keys(given)).toThrow(refused);
    expect(() => db.entries(given)).toThrow(refused);
    expect(() => db.values(given)).toThrow(refused);
    expect(await rejection(db.count(given))).toEqual(refused);
    expect(await rejection(db.clear(given))).toEqual(refused);
  }
  expect(db.stats()).toMatchObject({ keys: 1, iterators: 0 });
});
