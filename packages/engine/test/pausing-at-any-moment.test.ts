import type { MergeStrategy } from "@hashlog/compactor";
import type { CompactionOptions, Store } from "@hashlog/engine";
import { expect, test } from "vitest";
import { LIMITS } from "../src/limits.ts";
import { openWithin } from "../src/open.ts";
import { filler, isSettled } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

/** Takes everything, as soon as anything of it is dead. */
const greedy: MergeStrategy = {
  name: "greedy",
  choose({ segments }) {
    const mergeable = segments.filter(({ state, records }) => state !== "unsealed" && records > 0);
    if (!mergeable.some(({ recordBytes, liveBytes }) => recordBytes > liveBytes)) return undefined;
    return { trigger: "greed", segments: mergeable.map(({ segmentId }) => ({ segmentId, reason: "there" })) };
  },
};

/** A store with something to merge, which is paused, and whose merges go on in small slices. */
async function paused(world: World, options: CompactionOptions = {}): Promise<Store<string, Uint8Array>> {
  const db = await openWithin({ ...LIMITS, compactionLookBytes: 1, mergeSliceBytes: 100 }, world.directory, {
    fileSystem: world.fileSystem,
    clock: world.clock,
    compaction: { strategy: greedy, jitter: 0, ...options },
  });
  db.compaction.pause();
  for (let turn = 0; turn < 4; turn += 1) await db.put("key", filler(400, turn));
  return db as Store<string, Uint8Array>;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("no merge begins once it is paused, also when it was about to be planned", async () => {
  const world = await memoryWorld();
  let starts = 0;
  const db = await paused(world, { onStart: () => (starts += 1) });
  const gate = world.watched.hold("freeBytes");
  db.compaction.resume();
  await gate.reached;
  db.compaction.pause();
  gate.release();
  await turns();
  expect(starts).toBe(0);
  db.compaction.resume();
  await turns();
  expect(db.stats()).toMatchObject({ merges: 1, deadBytes: 0 });
  await db.close();
});

test("no merge begins once the store is to be closed, also when it was about to be planned", async () => {
  const world = await memoryWorld();
  let starts = 0;
  const db = await paused(world, { onStart: () => (starts += 1) });
  const gate = world.watched.hold("freeBytes");
  db.compaction.resume();
  await gate.reached;
  const closing = db.close();
  gate.release();
  await closing;
  expect(starts).toBe(0);
});

test("a checkpoint that was asked for before a merge is paused does not wait for it to go on", async () => {
  const world = await memoryWorld();
  const held: { checkpoint?: Promise<void> } = {};
  const db = await paused(world, {
    onProgress: ({ phase }) => {
      if (phase !== "copy" || held.checkpoint !== undefined) return;
      held.checkpoint = db.checkpoint();
      db.compaction.pause();
    },
  });
  db.compaction.resume();
  await turns();
  expect(await isSettled(held.checkpoint!)).toBe(true);
  expect(db.stats().compaction).toMatchObject({ state: "paused", merges: 0 });
  await db.close();
});

test("closing does not wait for as long as a merge would take that is slowed down", async () => {
  const world = await memoryWorld();
  const db = await paused(world, { bytesPerSecondMax: 1 });
  db.compaction.resume();
  await turns();
  expect(db.stats().compaction).toMatchObject({ state: "merging", merges: 0 });
  const closing = db.close();
  await turns();
  expect(await isSettled(closing)).toBe(true);
});

test("a merge that is asked for does not wait for one that was being planned, or was to be", async () => {
  const world = await memoryWorld();
  for (const moment of ["planned", "to be planned", "asked for later"] as const) {
    const triggers: string[] = [];
    const db = await paused(world, { bytesPerSecondMax: 1, onStart: ({ trigger }) => triggers.push(trigger) });
    const gate = world.watched.hold(moment === "planned" ? "freeBytes" : "create", /store$|checkpoint$/);
    const checkpoint = moment === "planned" ? undefined : db.checkpoint();
    if (checkpoint !== undefined) await gate.reached;
    let compacting = moment === "asked for later" ? db.compact() : undefined;
    db.compaction.resume();
    await gate.reached;
    compacting ??= db.compact();
    gate.release();
    await turns();
    expect({ moment, isSettled: await isSettled(compacting), triggers }).toEqual({
      moment,
      isSettled: true,
      triggers: ["listed"],
    });
    await checkpoint;
    await db.close();
  }
});
