import { describe, expect, test } from "vitest";
import { hashKeydir, IndexError } from "@hashlog/index";
import { dumpOf, shardOf } from "../src/shard-dump.ts";
import { Shard } from "../src/shard.ts";
import { SHARD_COUNT, Shards } from "../src/shards.ts";
import { checkInvariants } from "./shard-invariants.ts";

const HASH_KEY = Uint8Array.from({ length: 16 }, (_, i) => 200 - i);
const SHARDS = new Shards(HASH_KEY);
const SHARD = 77;

interface PlacedKey {
  readonly bytes: Uint8Array;
  readonly place: number;
}

const found = new Map<number, PlacedKey[]>();

/** The first `count` keys of that length whose hash lies in shard 77, with the lower 24 bits of it. */
function keysOfShard(count: number, keyBytes = 12): PlacedKey[] {
  const keys = found.get(keyBytes) ?? [];
  found.set(keyBytes, keys);
  const bytes = new Uint8Array(keyBytes).fill(107);
  for (let i = keys.length === 0 ? 0 : numberIn(keys[keys.length - 1]) + 1; keys.length < count; i++) {
    new DataView(bytes.buffer).setUint32(0, i);
    const hash = SHARDS.hash(bytes, 0, bytes.length);
    if (hash >>> 24 === SHARD) keys.push({ bytes: bytes.slice(), place: hash & 0xffffff });
  }
  return keys.slice(0, count);
}

function numberIn({ bytes }: PlacedKey): number {
  return new DataView(bytes.buffer).getUint32(0);
}

function put(shard: Shard, keys: readonly PlacedKey[]): void {
  for (const { bytes, place } of keys) {
    const location = { segmentSlot: 1, offset: place, valueBytes: place, expiresAtMs: (place % 2) * 1000 };
    const index = shard.locate(place, bytes, 0, bytes.length);
    shard.insert(index, place, bytes, 0, bytes.length, location);
  }
}

function shardWith(count: number, keyBytes?: number): Shard {
  const shard = new Shards(HASH_KEY).own(SHARD);
  put(shard, keysOfShard(count, keyBytes));
  return shard;
}

function changesOf(word: number): number[] {
  const words = [0, 1, 0xff, 0xffff_ffff, word + 1, word - 1, word ^ 0x100, word ^ 0x8000_0000];
  return words.map((changed) => changed >>> 0).filter((changed) => changed !== word);
}

/** What comes of loading it, in words. */
function outcomeOf(dump: Uint8Array): string {
  try {
    const { count, slots } = shardOf(SHARD, dump, SHARDS);
    return `${count} keys and ${slots.includes(0) ? "an empty slot" : "no way to end a search"}`;
  } catch (error) {
    return IndexError.is(error) ? error.code : String(error);
  }
}

describe("the dump of a shard", () => {
  test("holds the same keys when it is loaded", () => {
    for (const count of [1, 2, 50, 700]) {
      const shard = shardWith(count);
      const loaded = shardOf(SHARD, dumpOf(SHARD, shard), SHARDS);
      expect(checkInvariants(loaded).sort()).toEqual(checkInvariants(shard).sort());
    }
  });

  test("has no garbage in it", () => {
    const shard = shardWith(200);
    for (const { bytes, place } of keysOfShard(100)) shard.remove(shard.locate(place, bytes, 0, bytes.length));
    const loaded = shardOf(SHARD, dumpOf(SHARD, shard), SHARDS);
    expect(loaded.arena.usedWords).toBe(shard.arena.liveWords);
    expect(checkInvariants(loaded).length).toBe(100);
  });

  test("fails, as laying out anew does, when the order of the slots fills the chunks too badly", () => {
    const shard = new Shard(0, 0, 0, 2048);
    // Of 600 and 400 words: one chunk takes one of each, but not two of the larger.
    const sizes = [2388, 1588, 2388, 1588];
    const places = [0, 8_000_000, 4_000_000, 12_000_000];
    for (const [i, keyBytes] of sizes.entries())
      put(shard, [{ bytes: new Uint8Array(keyBytes).fill(i), place: places[i] }]);
    const refusal = (message: string) => expect.objectContaining({ code: "INDEX_FULL", message });
    expect(() => dumpOf(SHARD, shard)).toThrow(refusal("the entries of a shard do not fit in a dump"));
    expect(() => shard.rebuild(shard.slots.length)).toThrow(
      refusal("the entries of a shard do not fit in a new arena"),
    );
    expect(checkInvariants(shard).length).toBe(4);
  });

  test("can be had of a shard that is full to its last word", () => {
    const shard = new Shard(0, 0, 0, 2048);
    // A header of three words and one of four, as the value is long: of either a chunk of 1,024 words.
    put(shard, [{ bytes: new Uint8Array(1021 * 4).fill(1), place: 0 }]);
    put(shard, [{ bytes: new Uint8Array(1020 * 4).fill(2), place: 8_000_000 }]);
    expect(shard.arena.usedWords).toBe(2048);
    const words = new Uint32Array(dumpOf(SHARD, shard).slice().buffer);
    expect(words.filter((word) => word === 0x0101_0101)).toHaveLength(1021);
    expect(words.filter((word) => word === 0x0202_0202)).toHaveLength(1020);
  });

  test("keeps entries within chunks", () => {
    const shard = shardWith(60, 900);
    const loaded = shardOf(SHARD, dumpOf(SHARD, shard), SHARDS);
    expect(loaded.arena.chunks.length).toBeGreaterThan(1);
    expect(checkInvariants(loaded).sort()).toEqual(checkInvariants(shard).sort());
  });

  test("is adopted, not copied, when it is a whole buffer, and let go when the shard outgrows it", () => {
    const dump = dumpOf(SHARD, shardWith(300));
    const loaded = shardOf(SHARD, dump, SHARDS);
    expect(loaded.slots.buffer).toBe(dump.buffer);
    expect(loaded.memoryBytes).toBe(dump.length);
    const { slots } = loaded;
    const others = keysOfShard(3000).slice(300);
    while (loaded.slots === slots) put(loaded, others.splice(0, 1));
    // Where the slots go the entries go with them: what is left of either would keep all of the buffer.
    expect(loaded.adopted).toBe(false);
    expect(loaded.arena.chunks.every((words) => words.buffer !== dump.buffer)).toBe(true);
    put(loaded, others);
    expect(checkInvariants(loaded).length).toBe(3000);
    expect(loaded.adopted).toBe(false);
    expect([loaded.slots, ...loaded.arena.chunks].every((words) => words.buffer !== dump.buffer)).toBe(true);
  });

  test("counts as memory as a whole while anything in it is used", () => {
    const shard = shardWith(300);
    const dump = dumpOf(SHARD, shard);
    const loaded = shardOf(SHARD, dump, SHARDS);
    put(loaded, keysOfShard(301).slice(300));
    expect(loaded.adopted).toBe(true);
    const chunk = loaded.arena.chunks[loaded.arena.chunks.length - 1];
    expect(chunk.buffer).not.toBe(dump.buffer);
    expect(loaded.memoryBytes).toBe(dump.length + chunk.buffer.byteLength);
  });

  test("lets go of its slots when chunks are joined", () => {
    const dump = dumpOf(SHARD, shardWith(40, 3000));
    const loaded = shardOf(SHARD, dump, SHARDS);
    put(loaded, [{ bytes: new Uint8Array(60_000), place: 5 }]);
    expect(loaded.adopted).toBe(false);
    expect(loaded.slots.buffer).not.toBe(dump.buffer);
    expect(checkInvariants(loaded).length).toBe(41);
  });

  test("is refused for another shard, and under another hash key", () => {
    const shard = shardWith(30);
    expect(() => shardOf(SHARD + 1, dumpOf(SHARD, shard), SHARDS)).toThrow(/of shard 77/);
    expect(() => shardOf(SHARD + 1, dumpOf(SHARD + 1, shard), SHARDS)).toThrow(/other hashes/);
    expect(() => shardOf(SHARD, dumpOf(SHARD, shard), new Shards(new Uint8Array(16)))).toThrow(/other hashes/);
  });

  test("is refused, or searchable still, with any one word of it changed to anything", () => {
    const dump = new Uint32Array(dumpOf(SHARD, shardWith(12)).buffer);
    const outcomes = new Map<string, number>();
    for (let at = 0; at < dump.length; at++) {
      for (const word of changesOf(dump[at])) {
        const damaged = dump.slice();
        damaged[at] = word;
        const outcome = outcomeOf(new Uint8Array(damaged.buffer));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    // Offsets, sizes of values and bytes of keys can be anything; a checksum over the dump is the caller's.
    expect([...outcomes.keys()].sort()).toEqual(["12 keys and an empty slot", "INDEX_BAD_DUMP"]);
    expect(Math.min(...outcomes.values())).toBeGreaterThan(100);
  });

  test("is refused with entries in another order, or one twice", () => {
    const dump = new Uint32Array(dumpOf(SHARD, shardWith(12)).buffer);
    const slots = [...dump.keys()].filter((at) => at >= 8 && at < 8 + dump[3] && dump[at] !== 0);
    const swapped = dump.slice();
    [swapped[slots[2]], swapped[slots[5]]] = [dump[slots[5]], dump[slots[2]]];
    expect(() => shardOf(SHARD, new Uint8Array(swapped.buffer), SHARDS)).toThrow(/not where it should be/);
    const twice = dump.slice();
    twice[slots[3]] = dump[slots[2]];
    expect(() => shardOf(SHARD, new Uint8Array(twice.buffer), SHARDS)).toThrow(/not where it should be/);
  });

  test("is refused when the header of its last entry is cut off", () => {
    const shard = new Shards(HASH_KEY).own(SHARD);
    put(shard, [{ bytes: new Uint8Array(0), place: 7 }]);
    const dump = new Uint32Array(dumpOf(SHARD, shard).buffer);
    const entry = 8 + dump[3];
    expect(dump.length).toBe(entry + 3 + 2);
    // No expiry, whose two words would be there, but a long entry, which has a fourth word.
    const cut = dump.slice(0, entry + 3);
    cut[5] = 3;
    cut[entry + 1] = (cut[entry + 1] & ~0x4000) | 0x8000;
    expect(() => shardOf(SHARD, new Uint8Array(cut.buffer), SHARDS)).toThrow(/entry of slot \d+ is cut off/);
  });

  test("is refused when no slot is empty, as a search would not end", () => {
    const dump = new Uint32Array(dumpOf(SHARD, shardWith(1)).buffer);
    const slot = dump.find((word, at) => at >= 8 && word !== 0) ?? 0;
    const entry = dump.slice(8 + dump[3]);
    const full = new Uint32Array([dump[0], SHARD, 1, 1, dump[4], entry.length, 0, 0, slot, ...entry]);
    expect(() => shardOf(SHARD, new Uint8Array(full.buffer), SHARDS)).toThrow(/header is impossible/);
  });
});

describe("dumps of a keydir", () => {
  test("go into empty shards that exist, and not under an open view", () => {
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const source = hashKeydir({ hashKey: HASH_KEY });
    const [key] = keysOfShard(1);
    const location = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
    source.put(key.bytes, 0, key.bytes.length, location, { ...location });
    const dump = (): Uint8Array => source.dumpShard(SHARD);
    for (const shard of [-1, SHARD_COUNT, 1.5, Number.NaN]) {
      expect(() => keydir.loadShard(shard, dump())).toThrow(
        expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }),
      );
      expect(() => keydir.dumpShard(shard)).toThrow(expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }));
    }
    const view = keydir.openView();
    expect(() => keydir.loadShard(SHARD, dump())).toThrow(expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }));
    expect(() => keydir.beginLoad()).toThrow(expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }));
    view.close();
    keydir.loadShard(SHARD, dump());
    expect(() => keydir.loadShard(SHARD, dump())).toThrow(expect.objectContaining({ code: "INDEX_NOT_EMPTY" }));
    expect(keydir.size).toBe(1);
  });
});
