import { whenIdleStrategy } from "@hashlog/compactor";
import { expect, test } from "vitest";
import { until } from "./support/event-loop.ts";
import { garbageStrategy, overwrite, SMALL_LIMITS, SOON, untilIdle } from "./support/merging.ts";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test("a write that is refused for want of room sets off a merge, which makes some", async () => {
  const world = await memoryWorld();
  const strategy = { name: "never", choose: (): undefined => undefined };
  const compaction = { ...SOON, strategy };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, sync: "always", compaction });
  await overwrite(db, 4, 10);
  await untilIdle(db);
  expect(db.stats().merges).toBe(0);
  // No file can be begun: what is dead as a whole goes all the same.
  const full = world.watched.fail("create", /\.segment$/, "FS_NO_SPACE");
  expect(await rejection(db.put("more", filler(900)))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
  await until(() => db.stats().merges > 0);
  await untilIdle(db);
  full.end();
  // What went through has no more wishes.
  await db.put("more", filler(900));
  expect((await db.compaction.plan()).kind).toBe("none");
});

test("whoever asks what would be merged does not use the store, and lets it be idle", async () => {
  const world = await memoryWorld();
  const compaction = { ...SOON, strategy: whenIdleStrategy({ idleMsLeast: 1000, garbageBytesLeast: 1 }) };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction });
  await overwrite(db, 4, 10);
  await untilIdle(db);
  for (let look = 0; look < 5; look += 1) {
    world.clock.advance(300);
    await db.compaction.plan();
  }
  expect((await db.compaction.plan()).kind).toBe("merge");
});

test("what is as it should be is not merged again, however often somebody asks", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction: false });
  await overwrite(db, 2, 20);
  expect((await db.compact()).inputs.length).toBeGreaterThan(1);
  const before = db.stats().segments.map(({ segmentId }) => segmentId);
  expect(before.length).toBeGreaterThan(1);
  expect(await db.compact()).toMatchObject({ inputs: [], outputs: [], bytesRead: 0 });
  expect(db.stats().segments.map(({ segmentId }) => segmentId)).toEqual(before);
});

test("what finds no room is named in the report, beside what was merged", async () => {
  const world = await memoryWorld();
  const compaction = { ...SOON, background: false, strategy: garbageStrategy };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 4096, compaction });
  await db.put("large", filler(3900));
  await overwrite(db, 3, 10);
  await db.sync();
  const room = 1500;
  world.fileSystem.freeBytes = () => Promise.resolve(16 * 1024 - 256 * 1024 + room);
  const { inputs, leftOut } = await db.compact();
  expect(inputs.length).toBeGreaterThan(0);
  expect(leftOut).toHaveLength(1);
  expect(leftOut[0]!.reason).toContain("room");
  expect(db.stats().compaction.damaged).toEqual([]);
});
