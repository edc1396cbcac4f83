import { afterEach, describe, expect, test, vi } from "vitest";
import { IndexError, type RecordLocation } from "@hashlog/index";
import { Shard } from "../src/shard.ts";
import { checkInvariants } from "./shard-invariants.ts";

const HERE: RecordLocation = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

function put(shard: Shard, place: number, key: string, location: RecordLocation = HERE): void {
  const bytes = Uint8Array.from(key, (character) => character.charCodeAt(0));
  const index = shard.locate(place, bytes, 0, bytes.length);
  if (index < 0) shard.insert(index, place, bytes, 0, bytes.length, location);
  else shard.replace(index, location);
}

function indexOf(shard: Shard, place: number, key: string): number {
  const bytes = Uint8Array.from(key, (character) => character.charCodeAt(0));
  return shard.locate(place, bytes, 0, bytes.length);
}

describe("a shard", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("tells keys apart whose hashes are the same", () => {
    const shard = new Shard();
    const place = 0x123456;
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
    for (const [i, key] of keys.entries()) put(shard, place, key, { ...HERE, offset: i });
    expect(checkInvariants(shard).sort()).toEqual([...keys].sort());
    const found = { ...HERE };
    for (const [i, key] of keys.entries()) {
      shard.read(indexOf(shard, place, key), found);
      expect(found.offset).toBe(i);
    }
    expect(indexOf(shard, place, "key 200")).toBeLessThan(0);
    for (const key of keys) shard.remove(indexOf(shard, place, key));
    expect(checkInvariants(shard)).toEqual([]);
  });

  test("finds keys that were pushed over the end of the table, also after deletions before them", () => {
    const shard = new Shard();
    const last = 0xffffff;
    for (const key of ["a", "b", "c", "d", "e"]) put(shard, last, key);
    put(shard, 0, "first");
    for (const key of ["b", "a", "first", "d"]) {
      shard.remove(indexOf(shard, key === "first" ? 0 : last, key));
      checkInvariants(shard);
    }
    expect(checkInvariants(shard).sort()).toEqual(["c", "e"]);
  });

  test("is full when its arena is, changes nothing then, and takes keys again after deletions", () => {
    const shard = new Shard(0, 0, 0, 2000);
    const full = fillUp(shard);
    const keys = checkInvariants(shard);
    expect(full.code).toBe("INDEX_FULL");
    expect(keys.length).toBeGreaterThan(100);
    // A key that is there stays replaceable in place, but not by a location that needs more room.
    put(shard, 1, keys[1], { ...HERE, offset: 77 });
    expect(() => put(shard, 1, keys[1], { ...HERE, expiresAtMs: 5 })).toThrow(IndexError);
    const found = { ...HERE };
    shard.read(indexOf(shard, 1, keys[1]), found);
    expect(found).toEqual({ ...HERE, offset: 77 });
    expect(checkInvariants(shard)).toEqual(keys);
    for (const key of keys.slice(0, 40)) shard.remove(indexOf(shard, 1, key));
    for (let i = 0; i < 15; i++) put(shard, 1, `another key, and a longer one than before ${i}`);
    expect(checkInvariants(shard).length).toBe(keys.length - 25);
  });

  test("uses the last words of garbage for an entry of another size before it is full", () => {
    const shard = new Shard(0, 0, 0, 2000);
    fillUp(shard);
    const keys = checkInvariants(shard);
    shard.remove(indexOf(shard, 1, "key number 99"));
    put(shard, 1, "another");
    expect(checkInvariants(shard).sort()).toEqual([...keys.filter((key) => key !== "key number 99"), "another"].sort());
  });

  test("lays its entries out anew when garbage of other sizes is in the way", () => {
    const shard = new Shard();
    for (let i = 0; i < 1000; i++) put(shard, i * 16_000, `${i}`.padStart(30, "0"));
    const { memoryBytes } = shard;
    for (let i = 0; i < 1000; i++) {
      shard.remove(indexOf(shard, i * 16_000, `${i}`.padStart(30, "0")));
      put(shard, i * 16_000, `${i}`.padStart(34 - (i % 2) * 8, "z"));
    }
    checkInvariants(shard);
    expect(shard.memoryBytes).toBeLessThan(memoryBytes * 1.15);
  });

  test("gives memory back when most keys are gone", () => {
    const shard = new Shard();
    for (let i = 0; i < 2000; i++) put(shard, i * 8000, `key ${i}`);
    const { memoryBytes } = shard;
    for (let i = 0; i < 1990; i++) {
      shard.remove(indexOf(shard, i * 8000, `key ${i}`));
      if (i % 100 === 0) checkInvariants(shard);
    }
    expect(checkInvariants(shard).length).toBe(10);
    expect(shard.memoryBytes).toBeLessThan(memoryBytes / 20);
  });

  test("deletes also when there is no memory to shrink with", () => {
    const shard = new Shard();
    for (let i = 0; i < 500; i++) put(shard, i * 30_000, `key ${i}`);
    vi.stubGlobal("ArrayBuffer", failingAllocation());
    for (let i = 0; i < 490; i++) shard.remove(indexOf(shard, i * 30_000, `key ${i}`));
    expect(() => put(shard, 5, "x".repeat(60_000))).toThrow(expect.objectContaining({ code: "INDEX_FULL" }));
    vi.unstubAllGlobals();
    expect(checkInvariants(shard).length).toBe(10);
    put(shard, 5, "one more");
    expect(checkInvariants(shard).length).toBe(11);
  });
});

/** Puts keys until the shard refuses one; returns what it said. */
function fillUp(shard: Shard): IndexError {
  for (let i = 0; ; i++) {
    try {
      put(shard, 1, `key number ${i}`);
    } catch (error) {
      if (IndexError.is(error)) return error;
      throw error;
    }
  }
}

function failingAllocation(): unknown {
  return function failing(): never {
    throw new RangeError("Array buffer allocation failed");
  };
}
