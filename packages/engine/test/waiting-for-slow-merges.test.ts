import type { CompactionOptions } from "@hashlog/engine";
import { expect, test } from "vitest";
import { garbageStrategy, overwritePartly, SMALL_LIMITS, turns, until, type TextStore } from "./support/merging.ts";
import { filler } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

/** A store in which a merge is under way. */
async function merging(world: World, options: CompactionOptions): Promise<TextStore> {
  const db = await world.openWithin(
    { ...SMALL_LIMITS, checkpointBytesLeast: 1024 },
    { segmentBytesMax: 1024, compaction: { strategy: garbageStrategy, jitter: 0, ...options } },
  );
  db.compaction.pause();
  await overwritePartly(db);
  await turns();
  db.compaction.resume();
  await until(() => (db.stats().compaction.progress?.bytesDone ?? 0) > 0, "a merge is under way");
  return db;
}

test("a merge that is slowed down on purpose does not keep checkpoint() waiting for as long as it takes", async () => {
  const world = await memoryWorld();
  const db = await merging(world, { bytesPerSecondMax: 1 });
  let isDone = false;
  const done = db.checkpoint().then(() => {
    isDone = true;
  });
  // A quarter of an hour.
  for (let second = 0; second < 900 && !isDone; second += 1) {
    world.clock.advance(1000);
    await turns(3);
  }
  const wasDone = isDone;
  db.compaction.pause();
  await done;
  expect(wasDone).toBe(true);
});

test("while a merge is paused, hints and checkpoints are written as ever", async () => {
  const world = await memoryWorld();
  const db = await merging(world, {});
  db.compaction.pause();
  await turns();
  expect(db.stats().compaction.state).toBe("paused");
  const hints = world.watched.count("create", /\.hint/) + world.watched.count("replace", /\.hint/);
  const checkpoints = world.watched.count("create", /\.checkpoint/);
  for (let key = 0; key < 600; key += 1) await db.put(`new ${key % 50}`, filler(900, key));
  await turns(2000);
  const newHints = world.watched.count("create", /\.hint/) + world.watched.count("replace", /\.hint/) - hints;
  const newCheckpoints = world.watched.count("create", /\.checkpoint/) - checkpoints;
  db.compaction.resume();
  expect({ newHints: newHints > 0, newCheckpoints: newCheckpoints > 0 }).toEqual({
    newHints: true,
    newCheckpoints: true,
  });
});
