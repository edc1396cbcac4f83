import { describe, expect, test } from "vitest";
import type { RecordLocation } from "@hashlog/index";
import { Shard } from "../src/shard.ts";
import { grownSlots } from "../src/slots.ts";
import { checkInvariants } from "./shard-invariants.ts";

const HERE: RecordLocation = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };
const LARGE = "x".repeat(2000);

/** An entry of a key of four bytes: three words of header, and one of key. */
const ENTRY_WORDS = 4;

/** Scattered over the table, each at its own. */
const placeOf = (number: number): number => (number * 15_485_863) & 0xff_ffff;
const nameOf = (number: number, bytes = 4): string => String(number).padStart(bytes, "0");

function locate(shard: Shard, place: number, key: string): [index: number, bytes: Uint8Array] {
  const bytes = new TextEncoder().encode(key);
  return [shard.locate(place, bytes, 0, bytes.length), bytes];
}

function put(shard: Shard, place: number, key: string): void {
  const [index, bytes] = locate(shard, place, key);
  if (index < 0) shard.insert(index, place, bytes, 0, bytes.length, HERE, 1);
  else shard.replace(index, HERE, 1);
}

function remove(shard: Shard, number: number, bytes?: number): void {
  shard.remove(locate(shard, placeOf(number), nameOf(number, bytes))[0]);
}

function shardOf(count: number, bytes?: number): Shard {
  const shard = new Shard();
  for (let number = 0; number < count; number++) put(shard, placeOf(number), nameOf(number, bytes));
  expect(shard.arena.garbageWords).toBe(0);
  return shard;
}

describe("where an entry does not fit, a shard lays its entries out anew if that wins", () => {
  const longer = 100; // bytes of a key: 28 words an entry
  test.each([
    ["more than 64 words", { count: 100, removed: 16 }, { garbage: 64, most: 64 }],
    ["more than half a word a key", { count: 400, removed: 44 }, { garbage: 176, most: 178 }],
    ["more than a 32nd of all words", { count: 400, removed: 12, bytes: longer }, { garbage: 336, most: 350 }],
  ])("%s, and grows else", (_, { count, removed, bytes }: Case, { garbage, most }) => {
    for (const more of [0, 1]) {
      const shard = shardOf(count, bytes);
      for (let number = 0; number < removed + more; number++) remove(shard, number, bytes);
      const { arena } = shard;
      if (more === 0) expect(arena.garbageWords).toBe(garbage);
      expect(arena.garbageWords > most).toBe(more === 1);
      put(shard, 7, LARGE);
      expect(shard.arena === arena).toBe(more === 0);
      expect(shard.arena.garbageWords).toBe(more === 0 ? garbage : 0);
      expect(checkInvariants(shard)).toHaveLength(count - removed - more + 1);
    }
  });

  interface Case {
    readonly count: number;
    readonly removed: number;
    readonly bytes?: number;
  }

  test("any at all, before it is full", () => {
    const full = (shard: Shard): unknown => {
      for (let number = 1000; ; number++) {
        try {
          put(shard, placeOf(number), nameOf(number));
        } catch (error) {
          return error;
        }
      }
    };
    const shard = new Shard(0, 0, 0, 2000);
    const { code, message } = full(shard) as { code: string; message: string };
    const { arena } = shard;
    expect({ code, message }).toEqual({
      code: "INDEX_FULL",
      message: `a shard of the keydir is full: ${shard.count} keys in ${shard.count * ENTRY_WORDS * 4} bytes`,
    });
    expect(arena.usedWords).toBe(shard.count * ENTRY_WORDS);
    // There was nothing to be won.
    expect(shard.arena).toBe(arena);
    remove(shard, 1000);
    expect(shard.arena).toBe(arena);
    // Of another size, so that the room of the one that went cannot be had as it is.
    expect(() => put(shard, 7, "longer than all")).toThrow("is full");
    expect(shard.arena).not.toBe(arena);
    expect(shard.arena.garbageWords).toBe(0);
    put(shard, 7, "as.1");
    expect(checkInvariants(shard)).toHaveLength(shard.count);
  });
});

describe("a shard that grows sets aside", () => {
  test("64 words, three eighths of a word a key, or as much as there is up to 256 words or a 64th: the most of these", () => {
    const seen = new Set<string>();
    for (const bytes of [4, 2000]) {
      const shard = new Shard();
      for (let number = 0; number < 4000 && shard.arena.usedWords < 60_000; number++) {
        const { count } = shard;
        const { capacityWords, usedWords, shift } = shard.arena;
        put(shard, placeOf(number), nameOf(number, bytes));
        const { arena } = shard;
        if (arena.capacityWords === capacityWords || arena.shift !== shift) continue;
        const most = {
          floor: 64,
          keys: Math.floor((count * 3) / 8),
          words: Math.min(usedWords, 256),
          share: usedWords >> 6,
        };
        const spare = Math.max(...Object.values(most));
        // Up to the end of a chunk.
        expect(arena.chunks.at(-1)!.length - arena.position).toBe(Math.min(spare, (1 << shift) - arena.position));
        if (spare > (1 << shift) - arena.position) continue;
        for (const [name, words] of Object.entries(most)) if (words === spare) seen.add(name);
      }
    }
    expect([...seen].toSorted()).toEqual(["floor", "keys", "share", "words"]);
  });

  test("slots for the next keys, and for more while it is loaded", () => {
    for (const extra of [0, 2]) {
      const shard = new Shard(0, 0, extra);
      const lengths = new Set<number>();
      for (let number = 0; number < 1000; number++) {
        put(shard, placeOf(number), nameOf(number));
        lengths.add(shard.slots.length);
      }
      const [first, ...others] = [...lengths];
      expect(first).toBe(grownSlots(1, extra > 0));
      expect(others.length).toBeGreaterThan(2);
      let before = first!;
      for (const length of others) {
        expect(length).toBe(grownSlots(before, extra > 0));
        before = length;
      }
    }
  });

  test("slots alone: the entries stay where they are, also after they were laid out anew", () => {
    const shard = shardOf(100);
    const slots = new Set([shard.slots]);
    for (let round = 0; round < 2; round++) {
      const { arena } = shard;
      for (let number = shard.count; number < (round + 1) * 1000; number++) {
        put(shard, placeOf(number), nameOf(number));
        slots.add(shard.slots);
      }
      expect(shard.arena).toBe(arena);
      shard.rebuild(shard.slots.length);
      expect(shard.arena).not.toBe(arena);
    }
    expect(slots.size).toBeGreaterThan(5);
    expect(checkInvariants(shard)).toHaveLength(2000);
  });
});

describe("a shard of which keys go gives memory back", () => {
  test("of entries when there is more garbage than half of what lives, and 256 words", () => {
    const shard = shardOf(1000);
    const { arena } = shard;
    for (let number = 0; number < 376; number++) remove(shard, number);
    expect(arena.garbageWords).toBe(256 + (arena.liveWords >>> 1));
    expect(shard.arena).toBe(arena);
    remove(shard, 376);
    expect(shard.arena).not.toBe(arena);
    expect(shard.arena.garbageWords).toBe(0);
    expect(checkInvariants(shard)).toHaveLength(623);
  });

  test("of slots when few of them are taken, and of those alone where there is little garbage", () => {
    const shard = new Shard(2000);
    for (let number = 0; number < 1100; number++) put(shard, placeOf(number), nameOf(number));
    const { slots, arena } = shard;
    const most = Math.ceil(slots.length * 0.35);
    for (let number = 0; shard.count > most; number++) remove(shard, number);
    expect(shard.slots).toBe(slots);
    remove(shard, 1099);
    expect(shard.slots.length).toBeLessThan(slots.length);
    expect(shard.arena).toBe(arena);
    expect(checkInvariants(shard)).toHaveLength(most - 1);
  });
});

test("keys of one hash that differ only in zero bytes at the end are told apart", () => {
  const shard = new Shard();
  const keys = ["a", "a\0", "a\0\0", "a\0\0\0"];
  for (const key of keys) put(shard, 5, key);
  expect(shard.count).toBe(4);
  for (const key of keys.slice(1)) shard.remove(locate(shard, 5, key)[0]);
  expect(locate(shard, 5, "a")[0]).toBeGreaterThanOrEqual(0);
  expect(checkInvariants(shard)).toEqual(["a"]);
});
