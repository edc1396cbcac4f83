import { SeededRandom } from "@hashlog/fs-io/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ValueCache } from "../src/value-cache.ts";
import { filler, text, utf8Bytes } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/**
 * What lies at a place: always the same, and another at each other place. Of the larger ones a few fill the ring, so that they
 * are written over while their entries stand.
 */
function valueAt(file: number, offset: number): Uint8Array {
  const valueBytes = (file * 71 + offset * 113) % 230;
  return filler(valueBytes, file * 1000 + offset);
}

describe("the cache", () => {
  test("gives what lies at a place, or nothing, whatever was noted before", () => {
    const place = fc.record({ file: fc.integer({ min: 1, max: 3 }), offset: fc.integer({ min: 0, max: 9 }) });
    const hits = { count: 0 };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 900 }),
        fc.array(place, { maxLength: 400, size: "max" }),
        (bytes, places) => {
          const cache = new ValueCache(bytes);
          for (const { file, offset } of places) {
            const value = valueAt(file, offset);
            const found = cache.find(file, offset, value.length);
            if (found === undefined) {
              cache.note(file, offset, value);
            } else {
              hits.count += 1;
              expect(found).toEqual(value);
              // The caller's own.
              found.fill(0);
            }
          }
        },
      ),
    );
    expect(hits.count).toBeGreaterThan(1000);
  });

  test("keeps what is asked for again and again, however much is read once or twice beside it", () => {
    const cache = new ValueCache(16_384);
    const hot = Array.from({ length: 20 }, (_, index) => index * 100);
    const value = filler(100);
    let misses = 0;
    for (let round = 0; round < 500; round += 1) {
      for (const offset of hot) {
        if (cache.find(1, offset, 100) !== undefined) continue;
        misses += 1;
        cache.note(1, offset, value);
      }
      for (let other = 0; other < 20; other += 1) {
        cache.note(2, (round * 20 + other) * 100, value);
        cache.note(2, (round * 20 + other) * 100, value);
      }
    }
    // Twice each until they were in; and now and then all places where one may be are taken by what came later.
    expect(misses).toBeLessThan(10_000 * 0.06);
  });

  test("takes in nothing that was read once, and takes memory only once it takes something in", () => {
    const cache = new ValueCache(65_536);
    expect(cache.bytes).toBe(0);
    for (let offset = 0; offset < 1000; offset += 1) cache.note(1, offset * 128, filler(100));
    const found = Array.from({ length: 1000 }, (_, index) => cache.find(1, index * 128, 100)).filter(Boolean);
    expect(found).toEqual([]);
    expect(cache.bytes).toBeLessThan(65_536 / 16);
    cache.note(1, 999 * 128, filler(100));
    expect(cache.find(1, 999 * 128, 100)).toEqual(filler(100));
    expect(cache.bytes).toBeGreaterThan(65_536);
    expect(cache.bytes).toBeLessThan(65_536 * 1.3);
  });

  test("of no bytes takes in nothing", () => {
    const cache = new ValueCache(0);
    for (let round = 0; round < 3; round += 1) cache.note(1, 0, filler(1));
    expect([cache.find(1, 0, 1), cache.bytes]).toEqual([undefined, 0]);
  });
});

describe("a store", () => {
  test("reads a value from its file until it has read it twice, by whatever way", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.batch(["a", "b", "c"].map((key) => ({ type: "put", key, value: utf8Bytes(`value of ${key}`) })));
    const reads = (): number => world.watched.count("readSync") + world.watched.count("read");
    const snapshot = db.snapshot();
    const before = reads();
    for (let round = 0; round < 5; round += 1) {
      expect(text(db.getSync("a"))).toBe("value of a");
      expect(text(await db.get("b"))).toBe("value of b");
      expect((await db.getMany(["c"])).map(text)).toEqual(["value of c"]);
      expect(text(snapshot.getSync("a"))).toBe("value of a");
    }
    snapshot.close();
    expect(reads() - before).toBe(6);
    expect(db.stats().cacheBytes).toBeGreaterThan(16_777_216);
  });

  test("gives each caller bytes of their own", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    for (let round = 0; round < 4; round += 1) {
      for (const value of [db.getSync("key"), await db.get("key"), (await db.getMany(["key"]))[0]]) {
        expect(text(value)).toBe("value");
        value!.fill(0);
      }
    }
  });

  test("shows what was written last, also where it lies at the place of what was there before", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (let round = 0; round < 40; round += 1) {
      for (const key of ["a", "b"]) await db.put(key, `${key} of round ${round}`);
      if (round % 3 === 0) await db.delete("b");
      // Slots are used again, and the records of the merge begin where others did.
      if (round % 5 === 4) await db.compact();
      for (let again = 0; again < 3; again += 1) {
        expect(text(db.getSync("a"))).toBe(`a of round ${round}`);
        expect(text(await db.get("b"))).toBe(round % 3 === 0 ? undefined : `b of round ${round}`);
      }
    }
  });

  test("caches no large values, and none if it is told so", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("large", filler(4097));
    await db.put("small", filler(4096));
    const count = (key: string, from = db): number => {
      const before = world.watched.count("readSync");
      for (let round = 0; round < 5; round += 1) from.getSync(key);
      return world.watched.count("readSync") - before;
    };
    expect([count("large"), count("small")]).toEqual([5, 2]);
    await db.close();
    const without = await world.open({ cacheBytesMax: 0 });
    expect(count("small", without)).toBe(5);
    expect(without.stats().cacheBytes).toBe(0);
  });

  test("that is only read has a cache as well", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "old");
    const reader = await world.openReader({ cacheBytesMax: 4096 });
    const show = (): (string | undefined)[] => [1, 2, 3].map(() => text(reader.getSync("key")));
    expect(show()).toEqual(["old", "old", "old"]);
    await db.put("key", "new");
    await reader.refresh();
    expect(show()).toEqual(["new", "new", "new"]);
    await db.compact();
    await reader.refresh();
    expect(show()).toEqual(["new", "new", "new"]);
    expect(reader.stats().cacheBytes).toBeGreaterThan(4096);
  });
});

test("a cache keeps the same whatever numbers the open files have, as long as they follow one another alike", () => {
  const found = (firstFile: number): boolean[] => {
    const cache = new ValueCache(4096);
    const random = new SeededRandom(1);
    return Array.from({ length: 3000 }, () => {
      const [file, offset] = [firstFile + random.below(5), random.below(40) * 64];
      const isThere = cache.find(file, offset, 50) !== undefined;
      if (!isThere) cache.note(file, offset, filler(50));
      return isThere;
    });
  };
  const first = found(1);
  expect([first.includes(true), first.includes(false)]).toEqual([true, true]);
  for (const other of [2, 777, 2 ** 31, 2 ** 32 - 5]) expect(found(other)).toEqual(first);
});
