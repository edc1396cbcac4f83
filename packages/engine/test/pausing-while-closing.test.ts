import { LIMITS } from "../src/limits.ts";
import { openWithin } from "../src/open.ts";
import { expect, test } from "vitest";
import { turns, until } from "./support/event-loop.ts";
import { garbageStrategy } from "./support/merging.ts";
import { filler } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test("a store closes also where somebody pauses its merges when it is closing already", async () => {
  const world = await memoryWorld();
  world.leaveUnchecked();
  const db = await openWithin({ ...LIMITS, compactionLookBytes: 1, mergeSliceBytes: 100 }, world.directory, {
    fileSystem: world.fileSystem,
    clock: world.clock,
    segmentBytesMax: 1024,
    compaction: { strategy: garbageStrategy, jitter: 0 },
  });
  db.compaction.pause();
  for (let turn = 0; turn < 40; turn += 1) await db.put(`key ${turn % 10}`, filler(400, turn));
  db.compaction.resume();
  await until(() => db.stats().compaction.progress !== undefined);
  let closed = false;
  const closing = db.close().then(() => {
    closed = true;
  });
  db.compaction.pause();
  await turns(5000);
  const wasClosed = closed;
  db.compaction.resume();
  await closing;
  expect(wasClosed).toBe(true);
});
