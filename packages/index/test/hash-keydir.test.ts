import { describe, expect, test } from "vitest";
import { finish } from "../src/testing/contract-support.ts";
import { hashKeydir, type Keydir, type RecordLocation } from "@hashlog/index";
import { halfSipHash, hashKeyWords } from "../src/half-siphash.ts";

const HASH_KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const NOWHERE = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };

function location(offset = 0, expiresAtMs = 0): RecordLocation {
  return { segmentSlot: 1, offset, valueBytes: 100, expiresAtMs };
}

/** Puts keys number `from` to `to - 1`, `keyBytes` each: the number, then a constant. */
function fill(keydir: Keydir, from: number, to: number, keyBytes: number, expiresAtMs = 0): void {
  const key = new Uint8Array(keyBytes).fill(7);
  const view = new DataView(key.buffer);
  const replaced = location();
  const place = location(0, expiresAtMs);
  for (let i = from; i < to; i++) {
    view.setUint32(0, i);
    place.offset = i;
    keydir.put(key, 0, keyBytes, place, replaced);
  }
}

function overhead(keydir: Keydir, keyBytes: number): number {
  return keydir.memoryBytes / keydir.size - keyBytes;
}

describe("the memory of a keydir", () => {
  test("is at most 24 bytes a key besides the key from a million keys up, at every moment of growing", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    fill(keydir, 0, 1_000_000, 16);
    let most = 0;
    for (let keys = 1_000_000; keys < 1_300_000; keys += 10_000) {
      most = Math.max(most, overhead(keydir, 16));
      fill(keydir, keys, keys + 10_000, 16);
    }
    expect(keydir.size).toBe(1_300_000);
    expect(most).toBeLessThanOrEqual(24);
  });

  test("is at most 24 bytes a key for keys whose length fits worst, loaded as well as put, and 8 more with an expiry", () => {
    const put = hashKeydir({ hashKey: HASH_KEY });
    fill(put, 0, 1_000_000, 13, 1);
    expect(overhead(put, 13)).toBeLessThanOrEqual(32);
    const loaded = hashKeydir({ hashKey: HASH_KEY });
    for (let shard = 0; shard < put.shardCount; shard++) loaded.loadShard(shard, put.dumpShard(shard));
    expect(loaded.size).toBe(1_000_000);
    expect(overhead(loaded, 13)).toBeLessThanOrEqual(32);
    const loader = hashKeydir({ hashKey: HASH_KEY });
    fill(loader, 0, 0, 13);
    const loading = loader.beginLoad();
    const key = new Uint8Array(13);
    for (let i = 0; i < 1_000_000; i++) {
      new DataView(key.buffer).setUint32(0, i);
      loading.put(key, 0, 13, i + 1, location(i));
    }
    finish(loading);
    expect(loader.size).toBe(1_000_000);
    expect(overhead(loader, 13)).toBeLessThanOrEqual(24);
  });

  test("is nothing without a key, and little with few", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    expect(keydir.memoryBytes).toBe(0);
    fill(keydir, 0, 10, 16);
    expect(keydir.memoryBytes).toBeLessThan(10_000);
    fill(keydir, 10, 10_000, 16);
    expect(overhead(keydir, 16)).toBeLessThan(60);
  });

  test("counts what views have put aside, and forgets it with them", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    fill(keydir, 0, 1000, 16);
    const { memoryBytes } = keydir;
    const view = keydir.openView();
    expect(keydir.memoryBytes).toBe(memoryBytes);
    fill(keydir, 0, 500, 16);
    expect(keydir.memoryBytes).toBeGreaterThan(memoryBytes + 500 * 16);
    view.close();
    expect(keydir.memoryBytes).toBe(memoryBytes);
  });
});

describe("a keydir", () => {
  test("tells keys apart that have one hash under its hash key", () => {
    const { k0, k1 } = hashKeyWords(HASH_KEY);
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const byHash = new Map<number, number>();
    const pairs: [number, number][] = [];
    const key = new Uint8Array(4);
    // Of 300,000 keys about ten pairs share all 32 bits.
    for (let i = 0; i < 300_000; i++) {
      new DataView(key.buffer).setUint32(0, i);
      const hash = halfSipHash(key, 0, 4, k0, k1);
      const other = byHash.get(hash);
      if (other !== undefined) pairs.push([other, i]);
      byHash.set(hash, i);
    }
    expect(pairs.length).toBeGreaterThan(0);
    for (const pair of pairs) for (const i of pair) fill(keydir, i, i + 1, 4);
    expect(keydir.size).toBe(pairs.length * 2);
    const found = location();
    for (const i of pairs.flat()) {
      new DataView(key.buffer).setUint32(0, i);
      expect(keydir.find(key, 0, 4, found)).toBe(true);
      expect(found.offset).toBe(i);
    }
  });

  test("keeps its own copy of the hash key", () => {
    const hashKey = HASH_KEY.slice();
    const keydir = hashKeydir({ hashKey });
    fill(keydir, 0, 10, 4);
    hashKey.fill(0);
    const view = keydir.openView();
    fill(keydir, 0, 1, 4);
    const found = location();
    expect(view.find(new Uint8Array(4), 0, 4, found)).toBe(true);
    view.close();
  });

  test("refuses a hash key that is not 16 bytes", () => {
    for (const bytes of [0, 8, 15, 17]) {
      expect(() => hashKeydir({ hashKey: new Uint8Array(bytes) })).toThrow(
        expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }),
      );
    }
  });

  test("refuses keys that are no range of at most 65,535 bytes, in every method", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const view = keydir.openView();
    const bytes = new Uint8Array(70_000);
    const at = location();
    const calls: ((start: number, end: number) => unknown)[] = [
      (start, end) => keydir.find(bytes, start, end, at),
      (start, end) => keydir.put(bytes, start, end, at, at),
      (start, end) => keydir.delete(bytes, start, end, at),
      (start, end) => keydir.relocate(bytes, start, end, at, at),
      (start, end) => keydir.deleteIfAt(bytes, start, end, at),
      (start, end) => keydir.shardOf(bytes, start, end),
      (start, end) => view.find(bytes, start, end, at),
    ];
    for (const call of calls) {
      for (const [start, end] of [
        [-1, 3],
        [3, 2],
        [69_999, 70_001],
        [0, 65_536],
        [Number.NaN, 3],
        [0, Number.NaN],
      ]) {
        expect(() => call(start, end)).toThrow(expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }));
      }
    }
    expect(keydir.size).toBe(0);
    view.close();
  });

  test("refuses locations with a field out of its range, and changes nothing", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const key = new Uint8Array(4);
    const good = location();
    keydir.put(key, 0, 4, good, location());
    const bad: Partial<RecordLocation>[] = [
      { segmentSlot: -1 },
      { segmentSlot: 16_383 },
      { segmentSlot: 0.5 },
      { offset: -1 },
      { offset: 2 ** 32 },
      { valueBytes: 2 ** 32 },
      { valueBytes: Number.NaN },
      { expiresAtMs: -1 },
      { expiresAtMs: 2 ** 53 },
      { expiresAtMs: 1.5 },
    ];
    for (const field of bad) {
      const wrong = { ...good, ...field };
      const refusal = expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" });
      expect(() => keydir.put(key, 0, 4, wrong, location())).toThrow(refusal);
      expect(() => keydir.relocate(key, 0, 4, good, wrong)).toThrow(refusal);
    }
    const found = { ...NOWHERE };
    expect(keydir.find(key, 0, 4, found)).toBe(true);
    expect(found).toEqual(good);
  });

  test("gives pages of exactly as many entries as they have", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    fill(keydir, 0, 3, 20);
    const page = keydir.openView().openScan().nextPage()!;
    const { count, keys, keyEnds, segmentSlots, offsets, valueBytes, expiresAtMs } = page;
    expect([count, keys.length]).toEqual([3, 60]);
    for (const each of [keyEnds, segmentSlots, offsets, valueBytes, expiresAtMs]) expect(each).toHaveLength(3);
  });

  test("keeps pages of long keys small", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    fill(keydir, 0, 300, 20_000);
    const view = keydir.openView();
    let keys = 0;
    const scan = view.openScan();
    for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
      expect(page.keys.length).toBeLessThan(1_000_000);
      keys += page.count;
    }
    expect(keys).toBe(300);
    view.close();
  });

  test("pages of large shards hold a few thousand keys", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    fill(keydir, 0, 1_000_000, 4);
    const view = keydir.openView();
    let keys = 0;
    const scan = view.openScan();
    for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
      // Of some 3,900 in a shard: slices of about a thousand, until there are 2,048.
      expect(page.count).toBeLessThan(3500);
      keys += page.count;
    }
    expect(keys).toBe(1_000_000);
    view.close();
  });
});

describe("a loader", () => {
  test("is of no use after it has finished", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const loader = keydir.beginLoad();
    const key = new Uint8Array(4);
    loader.put(key, 0, 4, 1, location());
    finish(loader);
    const refusal = expect.objectContaining({ code: "INDEX_CLOSED" });
    expect(() => loader.put(key, 0, 4, 2, location())).toThrow(refusal);
    expect(() => loader.delete(key, 0, 4, 2)).toThrow(refusal);
    expect(() => loader.finish()).toThrow("the loading is finished");
    expect(() => loader.finish()).toThrow(refusal);
    expect(keydir.size).toBe(1);
  });

  test("finishes in pieces of some thousand keys, and takes nothing more meanwhile", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const loader = keydir.beginLoad();
    const key = new Uint8Array(4);
    for (let i = 0; i < 50_000; i++) {
      new DataView(key.buffer).setUint32(0, i);
      loader.put(key, 0, 4, i + 1, location());
    }
    expect(loader.finish()).toBe(false);
    const refusal = expect.objectContaining({ code: "INDEX_CLOSED" });
    expect(() => loader.put(key, 0, 4, 2, location())).toThrow(refusal);
    expect(() => loader.delete(key, 0, 4, 2)).toThrow(refusal);
    expect(keydir.size).toBe(0);
    let pieces = 2;
    while (!loader.finish()) pieces++;
    expect(pieces).toBeGreaterThan(4);
    expect(keydir.size).toBe(50_000);
  });

  test("is the only one of its keydir until it has finished", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const loader = keydir.beginLoad();
    expect(() => keydir.beginLoad()).toThrow(expect.objectContaining({ code: "INDEX_NOT_EMPTY" }));
    finish(loader);
    finish(keydir.beginLoad());
  });

  test("refuses what a keydir refuses, and sequences that are none", () => {
    const loader = hashKeydir({ hashKey: HASH_KEY }).beginLoad();
    const key = new Uint8Array(4);
    const refusal = expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" });
    for (const sequence of [-1, 1.5, 2 ** 53, Number.NaN]) {
      expect(() => loader.put(key, 0, 4, sequence, location())).toThrow(refusal);
      expect(() => loader.delete(key, 0, 4, sequence)).toThrow(refusal);
    }
    expect(() => loader.put(key, 0, 5, 1, location())).toThrow(refusal);
    expect(() => loader.delete(key, 0, 5, 1)).toThrow(refusal);
    expect(() => loader.put(key, 0, 4, 1, { ...location(), segmentSlot: 16_383 })).toThrow(refusal);
  });

  test("loads keys whose entries change their size on the way", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const loader = keydir.beginLoad();
    const key = new Uint8Array(4);
    const places = [
      location(1),
      location(2, 50),
      { ...location(3), valueBytes: 2 ** 31 },
      location(4),
      location(5, 2 ** 40),
    ];
    for (const [i, place] of places.entries()) {
      for (let number = 0; number < 2000; number++) {
        new DataView(key.buffer).setUint32(0, number);
        if (number % 7 !== i) loader.put(key, 0, 4, i + 1, place);
        else loader.delete(key, 0, 4, i + 1);
      }
    }
    finish(loader);
    let wrong = 0;
    const found = location();
    for (let number = 0; number < 2000; number++) {
      new DataView(key.buffer).setUint32(0, number);
      const there = keydir.find(key, 0, 4, found);
      if (there !== (number % 7 !== 4) || (there && found.expiresAtMs !== 2 ** 40)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(found).toEqual(places[4]);
  });
});
