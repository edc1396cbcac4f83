import { bytes, type RangeOptions } from "@hashlog/engine";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fill, numbered } from "./support/ranges.ts";
import { all, rejection, text, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

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
