import { expect, test } from "vitest";
import { Arena } from "../src/arena.ts";
import { copyEntry } from "../src/copy-entry.ts";
import { Shards } from "../src/shards.ts";

test("A copy of an entry fills the room of another one exactly: what lies behind it stays", () => {
  for (const keyBytes of [0, 4, 5]) {
    const shard = new Shards(new Uint8Array(16)).own(0);
    const key = new Uint8Array(keyBytes).fill(7);
    const here = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 4 };
    const entry = shard.insert(shard.locate(5, key, 0, keyBytes), 5, key, 0, keyBytes, here);
    // Another entry lies behind it, so that what would be copied beyond it is no zero.
    shard.insert(shard.locate(6, key, 0, keyBytes), 6, key, 0, keyBytes, { ...here, offset: 0xffff_ffff });
    const words = shard.arena.usedWords / 2;

    const target = new Arena(0);
    const gap = target.takeGrowing(words, 100);
    const behind = target.take(3);
    target.chunks[0].fill(99, behind, behind + 3);
    target.release(gap, words);
    expect(copyEntry(shard.arena, entry, 0, target, 0)).toBe(gap);
    expect([...target.chunks[0].subarray(gap, gap + words)]).toEqual([...shard.arena.chunks[0].subarray(0, words)]);
    expect([...target.chunks[0].subarray(behind, behind + 3)]).toEqual([99, 99, 99]);
  }
});
