import { expect } from "vitest";
import { entryWords, headerWords, keyBytesAt, readKey } from "../src/entry.ts";
import type { Shard } from "../src/shard.ts";
import { homeOf } from "../src/slots.ts";

/** Asserts what shard.ts promises of every shard, and returns its keys as strings of one character a byte. */
export function checkInvariants(shard: Shard): string[] {
  const { slots, arena } = shard;
  const keys: string[] = [];
  const taken = new Map<number, number>();
  let liveWords = 0;
  // Collected, as an `expect` for each of thousands of slots takes seconds.
  let broken = false;
  for (let i = 0; i < slots.length; i++) {
    if (slots[i] === 0) continue;
    const reference = (slots[i] >>> 8) - 1;
    const words = arena.chunks[reference >>> arena.shift];
    const at = reference & arena.mask;
    const length = entryWords(words, at, shard.extra);
    broken ||= at + length > words.length;
    taken.set(reference, length);
    liveWords += length;
    // No empty slot between home and slot, or a search would not get there.
    for (let home = homeOf(shard.placeOf(slots[i]), slots.length); home !== i; home = (home + 1) % slots.length) {
      broken ||= slots[home] === 0;
    }
    const key = new Uint8Array(keyBytesAt(words, at));
    readKey(words, at + headerWords(words, at, shard.extra), key.length, key, 0);
    keys.push(String.fromCharCode(...key));
  }
  let end = 0;
  for (const [reference, length] of [...taken].sort(([one], [other]) => one - other)) {
    broken ||= reference < end;
    end = reference + length;
  }
  expect(broken).toBe(false);
  expect(end).toBeLessThanOrEqual(arena.usedWords);
  expect(arena.liveWords).toBe(liveWords);
  expect(arena.liveWords + arena.garbageWords).toBeLessThanOrEqual(arena.usedWords);
  expect(arena.capacityWords).toBe(arena.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBe(shard.count);
  expect(shard.count).toBeLessThan(slots.length);
  return keys;
}
