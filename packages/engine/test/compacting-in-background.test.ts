import { SimulatedDisk } from "@hashlog/fs-io/testing";
import type { CompactionOptions } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { openWithin } from "../src/open.ts";
import { checkInvariants } from "./support/check-invariants.ts";
import { turns, until } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { garbageStrategy, Listener, overwrite, SMALL_LIMITS, SOON, untilIdle } from "./support/merging.ts";
import { entriesOf, filler, isSame, settle } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

const MINUTE_MS = 60_000;

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("what is overwritten is merged away without anybody asking, and everything else is kept", async () => {
    const world = await newWorld();
    const listener = new Listener();
    let db = await world.openWithin(SMALL_LIMITS, {
      segmentBytesMax: 2048,
      compaction: { ...SOON, ...listener.events },
    });
    await overwrite(db, 10);
    await untilIdle(db);
    await settle(db);
    const { liveBytes, fileBytes, merges, keys, compaction } = db.stats();
    expect(merges).toBeGreaterThan(1);
    expect(keys).toBe(20);
    // The promise of the policy, and one segment that is not ripe yet.
    expect(fileBytes).toBeLessThan(1.25 * liveBytes + 2048);
    const sum = (of: (report: (typeof listener.reports)[number]) => number): number =>
      listener.reports.reduce((total, report) => total + of(report), 0);
    expect(compaction).toMatchObject({
      state: "idle",
      trigger: undefined,
      progress: undefined,
      merges: listener.reports.length,
      bytesRead: sum(({ bytesRead }) => bytesRead),
      bytesWritten: sum(({ bytesWritten }) => bytesWritten),
      bytesFreed: sum(({ bytesFreed }) => bytesFreed),
      failures: { count: 0, last: undefined },
      damaged: [],
    });
    expect(compaction.last).toBe(listener.reports.at(-1));
    db = await world.reopen(db);
    for (let key = 0; key < 20; key += 1) {
      expect(isSame(db.getSync(`key ${key}`), filler(100, key + 9))).toBe(true);
    }
  });

  test("what is deleted is merged away, and its tombstones with it", async () => {
    const world = await newWorld();
    const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction: SOON });
    await overwrite(db, 1, 40);
    for (let key = 0; key < 40; key += 1) await db.delete(`key ${key}`);
    await untilIdle(db);
    await settle(db);
    const isDone = (): boolean => {
      const { fileBytes, compaction } = db.stats();
      return fileBytes <= 2 * 2048 && compaction.tombstonesDropped > 0;
    };
    for (let look = 0; look < 20 && !isDone(); look += 1) {
      world.clock.advance(MINUTE_MS);
      await untilIdle(db);
      await settle(db);
    }
    expect(db.stats()).toMatchObject({ keys: 0, liveBytes: 0 });
    expect(db.stats().compaction.tombstonesDropped).toBeGreaterThan(0);
    // More than four times as much was written.
    expect(db.stats().fileBytes).toBeLessThanOrEqual(2 * 2048);
  });
});

test("what has expired is merged away, once the clock has moved on and a look was due", async () => {
  const world = await memoryWorld();
  const compaction = { strategy: garbageStrategy, jitter: 0 };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction });
  for (let key = 0; key < 40; key += 1) await db.put(`key ${key}`, filler(100, key), { ttlMs: 10 * MINUTE_MS });
  await db.put("stays", "1");
  await untilIdle(db);
  const before = db.stats();
  expect(before).toMatchObject({ keys: 41, merges: 0, expiredBytes: 0 });
  expect(before.expiredAsOfMs).toBeLessThanOrEqual(world.clock.now());
  world.clock.advanceWithoutTimers(10 * MINUTE_MS - 1);
  world.clock.advance(0);
  await untilIdle(db);
  expect(db.stats()).toMatchObject({ merges: 0, expiredBytes: 0, expiredAsOfMs: world.clock.now() });
  world.clock.advance(MINUTE_MS);
  await untilIdle(db);
  expect(db.stats().compaction.merges).toBeGreaterThan(0);
  expect(db.stats().expiredAsOfMs).toBe(world.clock.now());
  expect(db.stats().compaction.last).toMatchObject({ trigger: "garbage" });
  // The active segment stays.
  expect(db.stats().expiredBytes).toBeLessThan(2048);
  expect(await entriesOf(db)).toEqual([["stays", "1"]]);
});

test("what has expired counts only when the time of grace is over", async () => {
  const world = await memoryWorld();
  const compaction = { strategy: garbageStrategy, jitter: 0, expiryGraceMs: 5 * MINUTE_MS };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction });
  for (let key = 0; key < 40; key += 1) await db.put(`key ${key}`, filler(100, key), { ttlMs: MINUTE_MS });
  for (let minute = 1; minute <= 5; minute += 1) {
    world.clock.advance(MINUTE_MS);
    await untilIdle(db);
    expect(db.stats()).toMatchObject({ merges: 0, expiredAsOfMs: world.clock.now() - 5 * MINUTE_MS });
  }
  world.clock.advance(MINUTE_MS);
  await untilIdle(db);
  expect(db.stats().merges).toBe(1);
});

test("a time of grace that reaches back before 1970 is one in which nothing has expired", async () => {
  const world = await memoryWorld();
  const compaction = { ...SOON, expiryGraceMs: Number.MAX_SAFE_INTEGER };
  const db = await world.openWithin(SMALL_LIMITS, { compaction });
  await db.put("key", filler(2000), { ttlMs: 1 });
  await untilIdle(db);
  world.clock.advance(MINUTE_MS);
  await untilIdle(db);
  expect(db.stats()).toMatchObject({ expiredAsOfMs: 0, expiredBytes: 0, merges: 0 });
});

test("a sweep is not repeated within a second, nor before fifty times as long as the last one took", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(SMALL_LIMITS, { compaction: { ...SOON, checkIntervalMs: 100 } });
  await db.put("key", filler(600), { ttlMs: MINUTE_MS });
  await untilIdle(db);
  const asOf = async (): Promise<number> => {
    world.clock.advance(100);
    await untilIdle(db);
    return db.stats().expiredAsOfMs;
  };
  const first = await asOf();
  const seen = new Set<number>();
  for (let look = 1; look < 10; look += 1) seen.add(await asOf());
  expect([...seen]).toEqual([first]);
  expect(await asOf()).toBe(first + 1000);
});

test("the active segment is sealed early where it is worth merging", async () => {
  const world = await memoryWorld();
  const listener = new Listener();
  const db = await world.openWithin(SMALL_LIMITS, {
    segmentBytesMax: 8192,
    compaction: { ...SOON, ...listener.events },
  });
  db.compaction.pause();
  for (let round = 0; round < 30; round += 1) await db.put("key", filler(150, round));
  const [active] = db.stats().segments;
  expect(active).toMatchObject({ state: "active", records: 30 });
  db.compaction.resume();
  await untilIdle(db);
  expect(listener.plans[0]!.segments.map(({ segmentId }) => segmentId)).toEqual([active!.segmentId]);
  expect(db.stats()).toMatchObject({ keys: 1, deadBytes: 0, segments: [{ state: "sealed", records: 1 }] });
});

test("many small segments, as openings after kills leave them, are joined", async () => {
  const disk = new SimulatedDisk();
  const clock = new FakeClock();
  for (let opening = 0; opening < 6; opening += 1) {
    const db = await openWithin(SMALL_LIMITS, "/store", { fileSystem: disk.boot(), clock, compaction: false });
    await db.put(`key ${opening}`, filler(100, opening));
    disk.kill();
  }
  const fileSystem = disk.boot();
  const listener = new Listener();
  const compaction = { ...SOON, ...listener.events };
  const db = await openWithin(SMALL_LIMITS, "/store", { fileSystem, clock, compaction });
  await untilIdle(db);
  expect(listener.plans.map(({ trigger }) => trigger)).toEqual(["small files"]);
  expect(listener.reports[0]!.inputs.length).toBeGreaterThan(3);
  expect(db.stats().segments.length).toBe(1);
  expect(db.stats().keys).toBe(6);
  await checkInvariants(db as never, { fileSystem });
  await db.close();
});

test("an empty store sets no timer and calls no file system", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(SMALL_LIMITS, { compaction: SOON });
  const calls = world.watched.calls.length;
  expect(world.clock.timers).toBe(0);
  world.clock.advance(100 * MINUTE_MS);
  await turns();
  expect(world.watched.calls.length).toBe(calls);
  // It begins with the first bytes.
  await db.put("key", filler(1000));
  await untilIdle(db);
  expect(world.clock.timers).toBe(1);
});

test("a store in which nothing happens is looked at once in an interval, and nothing is read or written for that", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction: SOON });
  await overwrite(db, 1, 40);
  await untilIdle(db);
  await settle(db);
  const { merges } = db.stats();
  const before = world.watched.calls.length;
  for (let look = 0; look < 10; look += 1) {
    expect(world.clock.timers).toBe(1);
    world.clock.advance(MINUTE_MS);
    await untilIdle(db);
  }
  const operations = world.watched.calls.slice(before).map(({ operation }) => operation);
  expect(new Set(operations)).toEqual(new Set(["freeBytes"]));
  expect(operations.length).toBe(10);
  expect(db.stats().merges).toBe(merges);
});

test("the interval between two looks is made longer and shorter at random", async () => {
  const world = await memoryWorld();
  const delays: number[] = [];
  const { clock } = world;
  const recording = {
    now: () => clock.now(),
    elapsedMs: () => clock.elapsedMs(),
    yield: () => clock.yield(),
    setTimer: (callback: () => void, delayMs: number) => {
      delays.push(delayMs);
      return clock.setTimer(callback, delayMs);
    },
  };
  const compaction = { ...SOON, checkIntervalMs: 1000, jitter: 0.5 };
  const db = await world.openWithin(SMALL_LIMITS, { clock: recording, compaction });
  await db.put("key", filler(1000));
  await untilIdle(db);
  for (let look = 0; look < 20; look += 1) {
    clock.advance(1500);
    await untilIdle(db);
  }
  expect(delays.length).toBeGreaterThan(20);
  expect(delays.every((delay) => delay >= 500 && delay <= 1500)).toBe(true);
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(100);
});

test("it goes on merging as long as there is something worth it, without another look", async () => {
  const world = await memoryWorld();
  const listener = new Listener();
  const compaction = { ...SOON, ...listener.events, mergeBytesMax: 1, strategy: garbageStrategy };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction });
  db.compaction.pause();
  await overwrite(db, 3, 10);
  await until(() => db.stats().segments.every(({ state }) => state !== "unsealed"));
  const fragmented = db.stats().segments.filter(({ deadBytes, state }) => state === "sealed" && deadBytes > 0).length;
  db.compaction.resume();
  await untilIdle(db);
  expect(fragmented).toBeGreaterThan(2);
  expect(listener.plans.every(({ segments }) => segments.length === 1)).toBe(true);
  expect(listener.reports.length).toBe(fragmented);
});

test("where nothing is merged in the background nothing is, whatever is dead, and whoever pauses and resumes it", async () => {
  const world = await memoryWorld();
  const listener = new Listener();
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction: false });
  await overwrite(db, 10);
  expect(db.stats().compaction).toMatchObject({ state: "off", merges: 0 });
  for (let look = 0; look < 3; look += 1) {
    db.compaction.pause();
    expect(db.compaction.isPaused).toBe(true);
    db.compaction.resume();
    await turns();
    world.clock.advance(MINUTE_MS);
    await turns();
  }
  expect(world.clock.timers).toBe(0);
  expect(db.stats()).toMatchObject({ merges: 0, compaction: { state: "off" } });
  expect(listener.order).toEqual([]);
  await db.compact();
  expect(db.stats()).toMatchObject({ merges: 1, deadBytes: 0, compaction: { state: "off" } });
});

test("nobody who pauses and resumes begins what is not to be merged in the background", async () => {
  const world = await memoryWorld();
  // As large as it takes for the policy of every store.
  const db = await world.open({ segmentBytesMax: 1_000_000, compaction: false });
  for (let round = 0; round < 12; round += 1) await db.put("key", filler(1_000_000, round));
  expect(await db.compaction.plan()).toMatchObject({ kind: "merge" });
  db.compaction.pause();
  db.compaction.resume();
  await turns();
  expect(db.stats()).toMatchObject({ merges: 0, compaction: { state: "off" } });
  expect(world.clock.timers).toBe(0);
});

test("merges begin within the window of hours, and not outside it", async () => {
  const world = await memoryWorld();
  const hour = new Date(world.clock.now()).getHours();
  const window = { fromHour: (hour + 1) % 24, toHour: (hour + 2) % 24 };
  const compaction: CompactionOptions = { ...SOON, window };
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction });
  await overwrite(db, 5);
  await untilIdle(db);
  expect(db.stats().merges).toBe(0);
  expect(await db.compaction.plan()).toEqual({ kind: "none", reason: "outside-the-window" });
  world.clock.advance(60 * MINUTE_MS);
  await untilIdle(db);
  expect(db.stats().merges).toBeGreaterThan(0);
  const { merges } = db.stats();
  world.clock.advance(60 * MINUTE_MS);
  await overwrite(db, 5);
  await untilIdle(db);
  expect(db.stats().merges).toBe(merges);
  // Who asks is not kept to it.
  await db.compact();
  expect(db.stats().deadBytes).toBe(0);
});

test("what would be merged can be asked at any time, and changes nothing", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction: SOON });
  expect(await db.compaction.plan()).toEqual({ kind: "none", reason: "nothing-to-gain" });
  db.compaction.pause();
  await overwrite(db, 5);
  const before = db.stats();
  const plan = await db.compaction.plan();
  expect(db.stats()).toEqual(before);
  if (plan.kind === "none") throw new Error(plan.reason);
  expect(plan.bytesFreed).toBeGreaterThan(0);
  db.compaction.resume();
  await until(() => db.stats().merges > 0);
  const inputs = db.stats().compaction.last?.inputs ?? [];
  expect(inputs.length).toBeGreaterThan(0);
});
