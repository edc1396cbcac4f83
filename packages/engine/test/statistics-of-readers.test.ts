import { planMerge, resolvePolicy, type MergeDecision, type MergeStrategy } from "@hashlog/compactor";
import type { Store } from "@hashlog/engine";
import { FsError } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

test("a reader's statistics are those of the writer, and so is the merge that comes of them", async () => {
  const world = await memoryWorld();
  const policy = { strategy: anyGarbage };
  const db = await world.open({ segmentBytesMax: 4096, compaction: { ...policy, background: false } });
  const reader = await world.openReader();
  for (const round of [1, 2, 3]) {
    for (let key = 0; key < 60; key += 1) await db.put(`key ${key % (20 * round)}`, "x".repeat(100));
    await db.put(`expires ${round}`, "soon", { ttlMs: 1000 });
    await db.delete(`key ${round}`);
    world.clock.advance(500);
    await reader.refresh();
    const { segments } = await reader.statistics();
    const written = db.stats().segments;
    expect(segments.length).toBeGreaterThan(round);
    // Expired records the writer counts in a sweep of its own, when it pleases.
    expect(
      segments.map(({ segmentId, state, records, liveRecords, liveBytes, tombstones, fileBytes }) => {
        return { segmentId, state, records, liveRecords, liveBytes, tombstones, fileBytes };
      }),
    ).toEqual(
      written.map(({ segmentId, state, records, liveRecords, liveBytes, tombstones, fileBytes }) => {
        return { segmentId, state, records, liveRecords, liveBytes, tombstones, fileBytes };
      }),
    );
  }
  const statistics = await reader.statistics();
  expect(statistics.nowMs).toBe(world.clock.now());
  expect(statistics.segments.reduce((sum, { expiredRecords }) => sum + expiredRecords, 0)).toBe(2);
  const plan = planMerge({ ...statistics, segmentBytesMax: 4096 }, resolvePolicy(policy));
  expect(idsOf(plan).length).toBeGreaterThan(1);
  const decided = await db.compaction.plan();
  // The writer's garbage is without what has expired since it looked.
  expect(idsOf(decided)).toEqual(idsOf(plan));
});

test("what is caught up with while the keys are counted is in all of it or in nothing", async () => {
  const world = await memoryWorld();
  const db = await filledWorld(world);
  let catchUps = Infinity;
  const clock = altered(world.clock, {
    yield: async () => {
      if (catchUps < 10) {
        catchUps += 1;
        await db.put(`key ${catchUps}`, "written anew, and longer than it was");
        await reader.refresh();
      }
    },
  });
  const reader = await world.openReader({ clock });
  catchUps = 0;
  const { segments } = await reader.statistics();
  expect(catchUps).toBeGreaterThan(1);
  expect(segments.reduce((sum, { liveRecords }) => sum + liveRecords, 0)).toBe(KEYS);
  expect(segments.map(({ liveBytes }) => liveBytes)).toEqual(db.stats().segments.map(({ liveBytes }) => liveBytes));
});

test("closing waits for a count, and a closed reader counts nothing", async () => {
  const world = await memoryWorld();
  await filledWorld(world);
  const reader = await world.openReader();
  const counted = reader.statistics();
  await reader.close();
  expect((await counted).segments.reduce((sum, { liveRecords }) => sum + liveRecords, 0)).toBe(KEYS);
  expect(await rejection(reader.statistics())).toMatchObject({ code: "HASHLOG_CLOSED" });
});

test("where nobody can tell how much room there is, there are no statistics", async () => {
  const world = await memoryWorld();
  await world.open();
  const fileSystem = altered(world.fileSystem, {
    freeBytes: () => Promise.reject(new FsError("FS_IO", "no answer", { operation: "freeBytes", path: "/store" })),
  });
  const reader = await world.openReader({ fileSystem });
  expect(await rejection(reader.statistics())).toMatchObject({ code: "HASHLOG_IO" });
});

/** Chooses whatever has something dead. */
const anyGarbage: MergeStrategy = {
  name: "any garbage",
  choose({ segments }) {
    const chosen = segments.filter(
      ({ state, recordBytes, liveBytes }) => state === "sealed" && recordBytes > liveBytes,
    );
    if (chosen.length === 0) return undefined;
    return { trigger: "garbage", segments: chosen.map(({ segmentId }) => ({ segmentId, reason: "has some" })) };
  },
};

const KEYS = 20_000;

async function filledWorld(world: World): Promise<Store<string, Uint8Array, Uint8Array | string>> {
  const db = await world.open({ compaction: false });
  await db.batch(Array.from({ length: KEYS }, (_, key) => ({ type: "put", key: `key ${key}`, value: "value" })));
  return db;
}

function idsOf(decision: MergeDecision): readonly number[] {
  return decision.kind === "merge" ? decision.segments.map(({ segmentId }) => segmentId) : [];
}
