import { beforeAll, describe, expect, test } from "vitest";
import { flips, overwrites, truncations, type Damage } from "./damages.ts";
import { SegmentJudge, segmentPaths, withoutCaches } from "./judge.ts";
import { smallStore, type SmallStore } from "./stores.ts";

/**
 * A store that was closed clean: whatever happens to the bytes of its segments, it is told or changes nothing, and
 * nothing at all is lost without a word. All bits of all bytes where the segments are scanned; where a checkpoint or
 * hints spare the scan, two of each byte, one of each.
 */
describe("a store that was closed", () => {
  let store: SmallStore;
  let judge: SegmentJudge;

  beforeAll(async () => {
    store = await smallStore("closed");
    judge = await SegmentJudge.of(store);
  });

  async function tryEach(kinds: readonly string[], damagesOf: (bytes: Uint8Array) => Iterable<Damage>): Promise<void> {
    judge = await SegmentJudge.of(store);
    const image = withoutCaches(store.image, kinds);
    for (const path of segmentPaths(store)) await judge.tryAll(image, path, damagesOf(store.image.bytes(path)!));
    expect(judge.torn).toBe(0);
  }

  test("is undamaged to begin with, by every road", async () => {
    for (const kinds of [[], ["checkpoint"], ["checkpoint", "hint"]]) {
      await judge.tryOne(withoutCaches(store.image, kinds), []);
    }
    expect(judge).toMatchObject({ tried: 3, refused: 0, told: 0, torn: 0 });
    expect(segmentPaths(store)).toHaveLength(5);
  });

  test("opened by its checkpoint, is right or tells of a bit that flipped", async () => {
    await tryEach([], (bytes) => flips(bytes, 2));
    expect(judge.tried).toBeGreaterThan(4000);
    expect(judge.refused).toBeGreaterThan(1000);
    expect(judge.told).toBeGreaterThan(500);
  });

  test("opened by its checkpoint, is right or tells of a byte that became 0 or 255", async () => {
    await tryEach([], overwrites);
    expect(judge.tried).toBeGreaterThan(3500);
    expect(judge.told).toBeGreaterThan(400);
  });

  test("opened by its hints, is right or tells of a bit that flipped", async () => {
    await tryEach(["checkpoint"], (bytes) => flips(bytes, 1));
    expect(judge.tried).toBeGreaterThan(2000);
    expect(judge.told).toBeGreaterThan(200);
  });

  test("opened by a scan, tells of every bit that flipped in a byte that is vouched for", async () => {
    await tryEach(["checkpoint", "hint"], (bytes) => flips(bytes, 8));
    expect(judge.tried).toBeGreaterThan(17_000);
    // What is not refused is a last fence behind a sealed length.
    expect(judge.refused).toBeGreaterThan(16_000);
    expect(judge.told).toBe(0);
  });

  test("opened by a scan, tells of every byte that became 0 or 255", async () => {
    await tryEach(["checkpoint", "hint"], overwrites);
    expect(judge.tried).toBeGreaterThan(3500);
    expect(judge.told).toBe(0);
  });

  test("is right or tells of any segment that is too short", async () => {
    await tryEach([], truncations);
    expect(judge.tried).toBeGreaterThan(2000);
    expect(judge.told).toBe(0);
  });
});
