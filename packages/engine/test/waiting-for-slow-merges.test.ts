import type { CompactionOptions } from "@hashlog/engine";
import { expect, test } from "vitest";
import { turns, until } from "./support/event-loop.ts";
import { garbageStrategy, overwritePartly, SMALL_LIMITS } from "./support/merging.ts";
import type { TextStore } from "./support/text-store.ts";
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
