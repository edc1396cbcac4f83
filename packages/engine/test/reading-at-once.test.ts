import type { Codec, OpenOptions, Store } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../src/limits.ts";
import { ReadPace } from "../src/read-pace.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { filler, isSame, isSettled, rejection, settle, text, utf8Bytes } from "./support/values.ts";
import { memoryWorld, readingAsynchronously, type World } from "./support/worlds.ts";

/** How many values were read in either way while `read` ran. */
async function reads(world: World, read: () => Promise<unknown>): Promise<{ atOnce: number; aside: number }> {
  const before = { atOnce: world.watched.count("readSync"), aside: world.watched.count("read") };
  await read();
  return {
    atOnce: world.watched.count("readSync") - before.atOnce,
    aside: world.watched.count("read") - before.aside,
  };
}

async function filled(db: Store<string, Uint8Array>, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, index) => `key ${index}`);
  await db.batch(keys.map((key) => ({ type: "put", key, value: utf8Bytes(`value of ${key}`) })));
  return keys;
}

/** How values are read. */
interface Way {
  readonly way: string;
  readonly answersPerTurn: number;
  readonly isAside: boolean;
}

const WAYS: readonly Way[] = [
  { way: "at once", answersPerTurn: 512, isAside: false },
  { way: "in turns", answersPerTurn: 1, isAside: false },
  { way: "aside", answersPerTurn: 512, isAside: true },
  { way: "aside, in turns", answersPerTurn: 1, isAside: true },
];

/** Opens a store that reads in that way. */
function openReading<K = string>(
  world: World,
  { answersPerTurn, isAside }: Way,
  options: Pick<OpenOptions<K>, "keys" | "segmentBytesMax"> = {},
): Promise<Store<K, Uint8Array, Uint8Array | string>> {
  const fileSystem = isAside ? readingAsynchronously(world.fileSystem) : world.fileSystem;
  return world.openWithin<K>({ ...LIMITS, answersPerTurn }, { ...options, fileSystem });
}

/** A clock that says of every reading that it took `readMs`. */
class SlowClock extends FakeClock {
  readMs = 0;

  override elapsedMs(): number {
    this.advanceWithoutTimers(this.readMs);
    return super.elapsedMs();
  }
}

describe("a value that is waited for is read at once", () => {
  test("where the system has it, by every way to read", async () => {
    const world = await memoryWorld();
    const db = await world.open({ cacheBytesMax: 0 });
    await db.put("key", "value");
    const snapshot = db.snapshot();
    const reader = await world.openReader();
    expect(await reads(world, async () => expect(text(await db.get("key"))).toBe("value"))).toEqual(ONE_AT_ONCE);
    expect(await reads(world, async () => expect((await db.getEntry("key"))?.version).toBe(1))).toEqual(ONE_AT_ONCE);
    expect(await reads(world, async () => db.getMany(["key"]))).toEqual(ONE_AT_ONCE);
    expect(await reads(world, async () => snapshot.get("key"))).toEqual(ONE_AT_ONCE);
    expect(await reads(world, async () => reader.get("key"))).toEqual(ONE_AT_ONCE);
    snapshot.close();
  });

  test("unless it is large, or the file system cannot", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", filler(64 * 1024));
    await db.put("longer", filler(64 * 1024 + 1));
    expect(await reads(world, async () => db.get("key"))).toEqual(ONE_AT_ONCE);
    expect(await reads(world, async () => db.getEntry("longer"))).toEqual({ atOnce: 0, aside: 1 });
    await db.close();
    const other = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
    expect(await reads(world, async () => other.get("key"))).toEqual({ atOnce: 0, aside: 1 });
  });

  test("and not again for a while after one that took long, for longer each time, until it is quick again", async () => {
    const world = await memoryWorld();
    const clock = new SlowClock();
    const db = await world.open({ clock, cacheBytesMax: 0 });
    const keys = await filled(db, 40);
    const readAll = async (): Promise<void> => {
      for (const key of keys) expect(text(await db.get(key))).toBe(`value of ${key}`);
    };
    expect(await reads(world, readAll)).toEqual({ atOnce: 40, aside: 0 });
    clock.readMs = 0.2;
    // Tried at 0, 5 and 14, each time twice as long after the last try: 4, 8 and 16 others between, and 31 is the next.
    expect(await reads(world, readAll)).toEqual({ atOnce: 4, aside: 36 });
    clock.readMs = 0.01;
    // What is left of the 32 after the fourth try, and then as before.
    expect(await reads(world, readAll)).toEqual({ atOnce: 16, aside: 24 });
    // Quick long enough: the next slow one is not held against them for as long.
    for (let round = 0; round < 4; round += 1) await readAll();
    clock.readMs = 0.2;
    expect(await reads(world, async () => db.get("key 0"))).toEqual(ONE_AT_ONCE);
    clock.readMs = 0.01;
    expect(await reads(world, readAll)).toEqual({ atOnce: 36, aside: 4 });
  });

  test("but so many of them in one turn of the event loop only, the others in later ones", async () => {
    const world = await memoryWorld();
    const db = await world.openWithin({ ...LIMITS, answersPerTurn: 10 });
    const keys = await filled(db, 95);
    const before = world.watched.count("read");
    const order: string[] = [];
    const turns: number[] = [];
    const values = keys.map(async (key) => {
      const value = await db.get(key);
      order.push(key);
      return text(value);
    });
    for (let turn = 0; turn < 12; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      turns.push(order.length);
    }
    expect(await Promise.all(values)).toEqual(keys.map((key) => `value of ${key}`));
    // Those of the call's own turn, and of the first that was waited for.
    expect(turns[0]).toBe(20);
    expect(turns.slice(1).every((count, index) => count - turns[index]! <= 10)).toBe(true);
    expect(turns.at(-1)).toBe(95);
    expect(order).toEqual(keys);
    expect(world.watched.count("read")).toBe(before);
  });

  test.each([
    { of: "a value", key: "key", cacheBytesMax: 0 },
    { of: "a value that is in the cache", key: "key", cacheBytesMax: 1024 },
    { of: "what is not there", key: "missing", cacheBytesMax: 0 },
  ])("and whoever waits for $of again and again lets timers have their turn", async ({ key, cacheBytesMax }) => {
    const world = await memoryWorld();
    const db = await world.open({ cacheBytesMax });
    await db.put("key", "value");
    for (const get of [() => db.get(key), () => db.getEntry(key), () => db.getMany([key, key])]) {
      let isOver = false;
      setTimeout(() => {
        isOver = true;
      }, 1);
      while (!isOver) await get();
      expect(isOver).toBe(true);
    }
  });

  test("also when it waits for its turn while its segment is merged away, and the store closed", async () => {
    const world = await memoryWorld();
    const db = await world.openWithin({ ...LIMITS, answersPerTurn: 1 });
    const keys = await filled(db, 20);
    const values = keys.map((key) => db.get(key));
    await Promise.all([db.delete("key 19"), db.compact()]);
    const after = keys.map((key) => db.get(key));
    const closed = db.close();
    expect((await Promise.all(values)).map(text)).toEqual(keys.map((key) => `value of ${key}`));
    expect((await Promise.all(after)).map(text)).toEqual([
      ...keys.slice(0, 19).map((key) => `value of ${key}`),
      undefined,
    ]);
    await closed;
    expect(await rejection(db.get("key 1"))).toMatchObject({ code: "HASHLOG_CLOSED" });
  });
});

test("what decoding a value takes is not taken for a slow disk", async () => {
  const world = await memoryWorld();
  const clock = new FakeClock();
  const slow: Codec<string> = {
    name: "slow",
    encode: utf8Bytes,
    decode: (content) => {
      clock.advanceWithoutTimers(10);
      return text(content)!;
    },
  };
  const db = await world.open({ clock, values: slow, cacheBytesMax: 0 });
  for (const key of ["a", "b", "c"]) await db.put(key, key);
  const readAll = async (): Promise<void> => {
    for (let round = 0; round < 5; round += 1) {
      expect([await db.get("a"), (await db.getEntry("b"))?.value]).toEqual(["a", "b"]);
      expect(await db.getMany(["c"])).toEqual(["c"]);
      expect(await db.getMany(["a", "c"])).toEqual(["a", "c"]);
    }
  };
  expect(await reads(world, readAll)).toEqual({ atOnce: 20, aside: 0 });
});

test.each(WAYS)("a get that fails rejects and never throws, where it is read $way", async (way) => {
  const world = await memoryWorld();
  const db = await openReading(world, way);
  await filled(db, 3);
  const failing = [world.watched.fail("read", /segment$/), world.watched.fail("readSync", /segment$/)];
  const errors = await Promise.all(["key 0", "key 1", "key 2"].map((key) => rejection(db.get(key))));
  for (const error of errors) expect(error).toMatchObject({ code: "HASHLOG_IO" });
  expect(await rejection(db.getEntry("key 1"))).toMatchObject({ code: "HASHLOG_IO" });
  expect(await rejection(db.get(7 as never))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  expect(await rejection(db.getEntry(7 as never))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  for (const one of failing) one.end();
  expect(text(await db.get("key 1"))).toBe("value of key 1");
});

test.each(WAYS)("a codec may use its buffer again though a get is read $way", async (way) => {
  const scratch = new Uint8Array(1);
  const reusing: Codec<number> = {
    name: "reusing",
    encode: (value) => {
      scratch[0] = value;
      return scratch;
    },
    decode: (content) => content[0]!,
  };
  const world = await memoryWorld();
  const db = await openReading(world, way, { keys: reusing });
  for (let key = 0; key < 9; key += 1) await db.put(key, `value ${key}`);
  const expected = Array.from({ length: 9 }, (_, key) => `value ${key}`);
  expect((await Promise.all(expected.map((_, key) => db.get(key)))).map(text)).toEqual(expected);
  const entries = await Promise.all(expected.map((_, key) => db.getEntry(key)));
  expect(entries.map((entry) => text(entry?.value))).toEqual(expected);
  expect((await db.getMany(expected.map((_, key) => key))).map(text)).toEqual(expected);
});

test("whoever keeps more waiting than a turn takes does not fill the memory with those who were served", async () => {
  const clock = new FakeClock();
  const pace = new ReadPace(clock, true, 10);
  while (pace.takes(0));
  let served = 0;
  // A hundred always wait; each that was served asks again.
  const ask = async (): Promise<void> => {
    while (served < 20_000) {
      await pace.turn(0);
      served += 1;
    }
  };
  await Promise.all(Array.from({ length: 100 }, ask));
  // As many turns as it takes, and none without anybody.
  expect(clock.yields).toBeGreaterThanOrEqual(2000);
  expect(clock.yields).toBeLessThan(2020);
  expect(pace.takes(0)).toBe(true);
});

describe.each(WAYS)("getMany, read $way,", (way) => {
  test("reads neighbours together, each once, and gives them in the order of its keys", async () => {
    const world = await memoryWorld();
    const db = await openReading(world, way);
    const keys = await filled(db, 200);
    await db.put("far", filler(100_000));
    await db.put("near", "its neighbour");
    const wanted = [...keys.toReversed(), "near", "missing", "far", "key 7", "key 7"];
    const count = await reads(world, async () => {
      const values = await db.getMany(wanted);
      expect(values.slice(0, 200).map(text)).toEqual(keys.toReversed().map((key) => `value of ${key}`));
      expect(values.slice(200, 202).map(text)).toEqual(["its neighbour", undefined]);
      expect(isSame(values[202], filler(100_000))).toBe(true);
      expect(values.slice(203).map(text)).toEqual(["value of key 7", "value of key 7"]);
    });
    // All of the batch, the large one, and the one behind it.
    expect(count.atOnce + count.aside).toBe(3);
    expect(count.atOnce).toBe(way.isAside ? 0 : 2);
  });

  test("reads what lies apart in the order in which it lies", async () => {
    const world = await memoryWorld();
    const db = await openReading(world, way, { segmentBytesMax: 4096 });
    const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`);
    for (const [index, key] of keys.entries()) {
      await db.put(key, filler(700, index));
      await db.put("between", filler(600));
    }
    await settle(db);
    const sorted = keys.toSorted();
    const before = world.watched.calls.length;
    const values = await db.getMany(sorted);
    const places = world.watched.calls
      .slice(before)
      .map(({ path, position }) => Number(/\d+(?=\.segment)/.exec(path)![0]) * 2 ** 32 + position!);
    for (const [index, key] of sorted.entries())
      expect(isSame(values[index], filler(700, keys.indexOf(key)))).toBe(true);
    expect(places.length).toBe(30);
    expect(places).toEqual(places.toSorted((left, right) => left - right));
  });

  test("rejects with what fails, when nothing is being read any more, and keeps no segment", async () => {
    const world = await memoryWorld();
    const db = await openReading(world, way, { segmentBytesMax: 1024 });
    const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
    for (const [index, key] of keys.entries()) await db.put(key, filler(600, index));
    await settle(db);
    const fails = [world.watched.fail("read", /000[3-9].segment/), world.watched.fail("readSync", /000[3-9].segment/)];
    const before = world.watched.count("read");
    expect(await rejection(db.getMany(keys))).toMatchObject({ code: "HASHLOG_IO" });
    const after = world.watched.count("read");
    await isSettled(new Promise(() => undefined));
    expect(world.watched.count("read")).toBe(after);
    expect(after - before).toBeLessThanOrEqual(65);
    for (const one of fails) one.end();
    await db.compact();
    expect(world.watched.openFiles).toBe(db.stats().segments.length);
  });
});

const ONE_AT_ONCE = { atOnce: 1, aside: 0 };
