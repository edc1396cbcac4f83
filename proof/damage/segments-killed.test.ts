import { describe, expect, test } from "vitest";
import { flips, overwrites, truncations } from "./damages.ts";
import { SegmentJudge, segmentPaths, unsealedPaths, withoutCaches } from "./judge.ts";
import { smallStore, type StoreName } from "./stores.ts";

/**
 * Stores whose writer was killed. Here the end of the log may go without an error, where the damage takes with it
 * whatever could testify that it was durable; the judge works out from the damaged bytes where exactly that is so, and
 * there it has to open. All bits of all bytes of what is unsealed, one of each byte of what is sealed.
 */
// Under "always" a fence testifies to the last write: no single byte takes it and the write.
const STORES: readonly (readonly [name: StoreName, unsealed: number, mayLose: boolean])[] = [
  ["killed under always", 1, false],
  ["killed under never", 1, true],
  ["killed before it sealed", 2, true],
];

describe.each(STORES)("a store that was %s", (name, unsealed, mayLose) => {
  test("is undamaged to begin with", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    await judge.tryOne(store.image, []);
    expect(judge).toMatchObject({ tried: 1, refused: 0, told: 0, torn: 0 });
    expect(unsealedPaths(store)).toHaveLength(unsealed);
  });

  test("loses of its log what nothing testifies, and tells of everything else", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    for (const path of unsealedPaths(store)) {
      const bytes = store.image.bytes(path)!;
      await judge.tryAll(store.image, path, flips(bytes, Math.ceil(8 / unsealed)));
      await judge.tryAll(store.image, path, overwrites(bytes));
    }
    expect(judge.tried).toBeGreaterThan(2000);
    expect(judge.refused).toBeGreaterThan(200);
    expect(judge.torn > 0).toBe(mayLose);
  });

  test("is right or tells of any segment that is too short", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    for (const path of segmentPaths(store)) {
      await judge.tryAll(withoutCaches(store.image), path, truncations(store.image.bytes(path)!));
    }
    expect(judge.tried).toBeGreaterThan(3000);
    expect(judge.refused).toBeGreaterThan(2500);
  });

  test("tells of a bit that flipped in what is sealed", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    const unsealedOnes = unsealedPaths(store);
    for (const path of segmentPaths(store)) {
      if (unsealedOnes.includes(path)) continue;
      await judge.tryAll(withoutCaches(store.image), path, flips(store.image.bytes(path)!, 1));
    }
    expect(judge.tried).toBeGreaterThan(2500);
    expect(judge.torn).toBe(0);
  });
});
