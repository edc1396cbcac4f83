import { describe, expect, test } from "vitest";
import { Arena } from "../src/arena.ts";

/** Takes room for `words` and writes `mark` into all of it. */
function take(arena: Arena, words: number, mark: number, step = 0): number {
  let reference = arena.take(words);
  if (reference < 0) reference = arena.takeGrowing(words, step);
  if (reference >= 0) wordsOf(arena, reference, words).fill(mark);
  return reference;
}

function wordsOf(arena: Arena, reference: number, words: number): Uint32Array {
  const at = reference & arena.mask;
  return arena.chunks[reference >>> arena.shift].subarray(at, at + words);
}

describe("an arena", () => {
  test("has no memory until the first entry", () => {
    const arena = new Arena(0);
    expect(arena.take(3)).toBe(-1);
    expect(arena.memoryBytes).toBe(0);
    expect(arena.usedWords).toBe(0);
  });

  test("grows by as little as it is asked to, and gives out neighbouring words", () => {
    const arena = new Arena(0);
    expect(take(arena, 5, 1)).toBe(0);
    expect(arena.memoryBytes).toBe(20);
    expect(take(arena, 7, 2, 100)).toBe(5);
    expect(arena.memoryBytes).toBe((12 + 100) * 4);
    expect(take(arena, 100, 3)).toBe(12);
    expect(arena.memoryBytes).toBe((12 + 100) * 4);
    expect(arena.usedWords).toBe(112);
  });

  test("keeps every entry at its reference through thousands of growths", () => {
    const arena = new Arena(0);
    const references: number[] = [];
    for (let i = 0; i < 20_000; i++) references.push(take(arena, 3 + (i % 40), i, 64));
    expect(arena.chunks.length).toBeLessThanOrEqual(32);
    for (const [i, reference] of references.entries()) {
      const words = wordsOf(arena, reference, 3 + (i % 40));
      expect(words.length).toBe(3 + (i % 40));
      expect(words.every((word) => word === i)).toBe(true);
    }
  });

  test("wastes little when it was told how much will come", () => {
    const arena = new Arena(70_000);
    for (let i = 0; i < 10_000; i++) take(arena, 7, i, 64);
    expect(arena.capacityWords).toBeLessThan(70_000 * 1.01);
  });

  test("has eight chunks at most, made longer as it grows, or long from the beginning when it was told", () => {
    const grown = new Arena(0);
    let most = 0;
    const references = Array.from({ length: 30 }, (_, i) => {
      const reference = take(grown, 1000, i);
      most = Math.max(most, grown.chunks.length);
      return reference;
    });
    expect(most).toBe(8);
    for (const [i, reference] of references.entries())
      expect(wordsOf(grown, reference, 1000).every((word) => word === i)).toBe(true);
    const told = new Arena(100_000);
    const { shift } = told;
    for (let i = 0; i < 100; i++) take(told, 1000, i);
    expect(told.shift).toBe(shift);
    expect(told.chunks.length).toBeLessThanOrEqual(8);
    expect(told.capacityWords).toBeLessThan(100_000 * 1.1);
  });

  test("chooses chunks of which seven hold what it was told", () => {
    expect([0, 7 * 1024 - 1, 7 * 1024, 14 * 1024 - 1, 14 * 1024].map((words) => new Arena(words).shift)).toEqual([
      10, 10, 11, 11, 12,
    ]);
  });

  test("fills a chunk to its last word", () => {
    const arena = new Arena(0);
    expect([1024, 512, 512].map((words) => take(arena, words, words))).toEqual([0, 1024, 1536]);
    expect([arena.shift, arena.chunks.length, arena.usedWords]).toEqual([10, 2, 2048]);
  });

  test("takes over words that somebody else has laid out, in as many chunks as they fill", () => {
    for (const [words, chunks] of [
      [2048, 2],
      [2049, 3],
    ] as const) {
      const arena = new Arena(0);
      arena.adopt(new Uint32Array(words), 10);
      expect([arena.chunks.length, arena.usedWords, arena.memoryBytes]).toEqual([chunks, words, words * 4]);
    }
  });

  test("makes its chunks longer for an entry that would not fit in one", () => {
    const arena = new Arena(0);
    const small = take(arena, 10, 1);
    const large = take(arena, 16_400, 2);
    const next = take(arena, 10, 3);
    expect(wordsOf(arena, small, 10).every((word) => word === 1)).toBe(true);
    expect(wordsOf(arena, large, 16_400).every((word) => word === 2)).toBe(true);
    expect(wordsOf(arena, next, 10).every((word) => word === 3)).toBe(true);
  });

  test("gives the room of a freed entry to the next one of the same size, the last freed first", () => {
    const arena = new Arena(0);
    const references = [5, 5, 6].map((words) => take(arena, words, 9, 100));
    const before = arena.memoryBytes;
    arena.release(references[0], 5);
    // The lists: one for each size up to 64 words.
    expect(arena.memoryBytes).toBe(before + 65 * 4);
    arena.release(references[1], 5);
    arena.release(references[2], 6);
    expect(arena.garbageWords).toBe(16);
    expect(arena.liveWords).toBe(0);
    const { memoryBytes } = arena;
    expect([5, 6, 5].map((words) => take(arena, words, 8))).toEqual([references[1], references[2], references[0]]);
    expect(arena.garbageWords).toBe(0);
    expect(arena.liveWords).toBe(16);
    expect(arena.memoryBytes).toBe(memoryBytes);
  });

  test("does not list large entries, but counts them as garbage", () => {
    const arena = new Arena(0);
    const large = take(arena, 65, 1, 200);
    arena.release(large, 65);
    expect(arena.garbageWords).toBe(65);
    expect(take(arena, 65, 2)).toBe(65);
    // Where there are lists, as well.
    arena.release(take(arena, 64, 3), 64);
    arena.release(65, 65);
    expect(take(arena, 65, 4)).toBe(65 + 65 + 64);
    expect(arena.garbageWords).toBe(65 + 65 + 64);
  });

  test("refuses to grow beyond the addresses it has, and stays as it is", () => {
    const arena = new Arena(0, 3000);
    const references: number[] = [];
    for (let i = 0; ; i++) {
      const reference = take(arena, 50, i, 64);
      if (reference < 0) break;
      references.push(reference);
    }
    expect(references.length).toBeGreaterThan(50);
    expect(Math.max(...references) + 50).toBeLessThanOrEqual(3000);
    for (const [i, reference] of references.entries()) {
      expect(wordsOf(arena, reference, 50).every((word) => word === i)).toBe(true);
    }
    arena.release(references[7], 50);
    expect(take(arena, 50, 1000)).toBe(references[7]);
  });

  test("that refuses what would begin another chunk goes on in the one it has", () => {
    const arena = new Arena(0, 3000);
    expect([1000, 24, 1000].map((words) => take(arena, words, words))).toEqual([0, 1000, 1024]);
    const { memoryBytes, usedWords } = arena;
    // Only 952 words lie beyond the second chunk.
    expect(take(arena, 1000, 1)).toBe(-1);
    expect([arena.memoryBytes, arena.usedWords]).toEqual([memoryBytes, usedWords]);
    expect(take(arena, 24, 1)).toBe(2024);
  });
});
