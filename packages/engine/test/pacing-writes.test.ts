import { describe, expect, test } from "vitest";
import { MergePace } from "../src/merge-pace.ts";
import { PauseGate } from "../src/pause-gate.ts";
import { WritePace } from "../src/write-pace.ts";
import { turns, until } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { garbageStrategy, Listener, SMALL_LIMITS } from "./support/merging.ts";
import type { TextStore } from "./support/text-store.ts";
import { filler, isSettled } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, type World } from "./support/worlds.ts";

describe("the pace of writes", () => {
  const newPace = (bytesPerTurn = 100): { clock: FakeClock; pace: WritePace } => {
    const clock = new FakeClock();
    return { clock, pace: new WritePace(clock, bytesPerTurn) };
  };

  test("is nobody's concern while nothing holds it", () => {
    const { pace } = newPace();
    for (let write = 0; write < 100; write += 1) {
      expect(pace.isSpent).toBe(false);
      pace.appended(1_000_000);
    }
    expect(pace.isSpent).toBe(false);
  });

  test("is so many bytes a turn while it is held; what was too much is made good for in the turns that follow", async () => {
    const { pace, clock } = newPace();
    pace.hold();
    expect(pace.isSpent).toBe(true);
    await pace.nextTurn();
    expect(clock.yields).toBe(1);
    expect(pace.isSpent).toBe(false);
    pace.appended(99);
    expect(pace.isSpent).toBe(false);
    pace.appended(251);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(pace.isSpent).toBe(true);
      await pace.nextTurn();
    }
    expect(pace.isSpent).toBe(true);
    await pace.nextTurn();
    expect(pace.isSpent).toBe(false);
    pace.release();
    pace.appended(1000);
    expect(pace.isSpent).toBe(false);
  });

  test("saves nothing up", async () => {
    const { pace } = newPace();
    pace.hold();
    for (let turn = 0; turn < 10; turn += 1) await pace.nextTurn();
    pace.appended(100);
    expect(pace.isSpent).toBe(true);
    await pace.nextTurn();
    pace.hold();
    expect(pace.isSpent).toBe(false);
  });

  test("stops where the room ends, until the merge has got enough done", async () => {
    const { pace } = newPace(1000);
    pace.hold(500);
    await pace.nextTurn();
    pace.appended(500);
    expect(pace.isSpent).toBe(true);
    const turn = pace.nextTurn();
    expect(await isSettled(turn)).toBe(false);
    // Of eight bytes that are done one may be written.
    pace.progressed(0);
    expect(await isSettled(turn)).toBe(false);
    pace.progressed(80);
    await turn;
    expect(pace.isSpent).toBe(false);
    pace.appended(10);
    expect(pace.isSpent).toBe(true);
  });

  test.each<[string, (pace: WritePace) => void]>([
    ["it is released", (pace) => pace.release()],
    ["it is held without a bound", (pace) => pace.hold()],
    ["it is held with more room", (pace) => pace.hold(1)],
  ])("lets go who waits for room when %s", async (_name, letGo) => {
    const { pace } = newPace();
    pace.hold(10);
    await pace.nextTurn();
    pace.appended(20);
    const turn = pace.nextTurn();
    expect(await isSettled(turn)).toBe(false);
    pace.hold(0);
    expect(await isSettled(turn)).toBe(false);
    letGo(pace);
    await turn;
  });

  test("tells of every append, held or not", () => {
    const { pace } = newPace();
    const told: number[] = [];
    pace.appended(1);
    pace.onAppended = (bytes) => told.push(bytes);
    pace.appended(2);
    pace.hold();
    pace.appended(3);
    expect(told).toEqual([2, 3]);
  });
});

describe("the pace of a merge", () => {
  test("is a turn of the event loop for each slice, and what was done is told", async () => {
    const clock = new FakeClock();
    const told: number[] = [];
    const { signal } = new AbortController();
    const pace = new MergePace({ clock, signal, onProgress: (bytes) => told.push(bytes) });
    for (let slice = 1; slice <= 5; slice += 1) {
      await pace.next(slice);
      expect(clock.yields).toBe(slice);
    }
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(clock.timers).toBe(0);
  });

  test("waits as long as the rate asks for, with what is done at once after a rest", async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const pace = new MergePace({ clock, signal, bytesPerSecondMax: 1000 });
    await pace.next(100);
    expect(clock.timers).toBe(0);
    const next = pace.next(500);
    expect(await isSettled(next)).toBe(false);
    clock.advance(499);
    expect(await isSettled(next)).toBe(false);
    clock.advance(1);
    await next;
    expect(clock.timers).toBe(0);
    // What has passed meanwhile counts.
    clock.advance(200);
    await pace.next(100);
  });

  test.each(["before", "while"])("waits no more when it is aborted %s it waits, and leaves no timer", async (when) => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const gate = new PauseGate();
    const pace = new MergePace({ clock, signal: controller.signal, bytesPerSecondMax: 1, gate });
    gate.close();
    if (when === "before") controller.abort();
    const next = pace.next(1_000_000);
    if (when === "while") {
      expect(await isSettled(next)).toBe(false);
      expect(clock.timers).toBe(1);
      controller.abort();
    }
    await next;
    expect(clock.timers).toBe(0);
  });

  test("stops at a closed gate until it is opened, and at one that is closed again at once", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const gate = new PauseGate();
    const pace = new MergePace({ clock, signal: controller.signal, gate });
    gate.close();
    const next = pace.next(1);
    expect(await isSettled(next)).toBe(false);
    gate.open();
    gate.close();
    expect(await isSettled(next)).toBe(false);
    gate.open();
    await next;
    gate.close();
    const another = pace.next(1);
    expect(await isSettled(another)).toBe(false);
    controller.abort();
    await another;
  });

  test("passes by a closed gate once pauses are ignored", async () => {
    const gate = new PauseGate();
    const { signal } = new AbortController();
    const pace = new MergePace({ clock: new FakeClock(), signal, gate });
    gate.close();
    pace.ignorePauses();
    expect(await isSettled(pace.next(1))).toBe(true);
  });
});

/** A store whose merge in the background has begun to copy, and waits for the first bytes that it reads. */
async function mergingStore(
  world: World,
  limits: Partial<typeof SMALL_LIMITS> = {},
): Promise<{ db: TextStore; listener: Listener; release: () => void }> {
  const listener = new Listener();
  const db = await world.openWithin(
    { ...SMALL_LIMITS, ...limits },
    { sync: "never", segmentBytesMax: 16_384, compaction: { strategy: garbageStrategy, ...listener.events } },
  );
  db.compaction.pause();
  for (let key = 0; key < 200; key += 1) {
    void db.put("overwritten", filler(100, key));
    await db.put(`stays ${key}`, filler(200, key));
  }
  await until(() => db.stats().segments.every(({ state }) => state !== "unsealed"));
  // Behind the hints: it is a merge's reading that is held.
  await db.checkpoint();
  const held = world.watched.hold("read", /\.segment$/);
  db.compaction.resume();
  await held.reached;
  return { db, listener, release: () => held.release() };
}

/** Bytes that the log may grow by before it waits for a merge, at most: the room of a small store, and some. */
const ROOM = 10 * 1024 * 1024;

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a writer that never gives the event loop away does not keep a merge from ending", async () => {
    const world = await newWorld();
    const { db, listener, release } = await mergingStore(world, { pacedBytesPerTurn: 4096 });
    release();
    let writes = 0;
    for (; listener.reports.length === 0 && writes < 200_000; writes += 1) await db.put("key", filler(100, writes));
    expect(listener.reports.length).toBeGreaterThan(0);
    expect(db.stats().pendingWrites).toBe(0);
  });
});

describe("while a merge in the background is under way", () => {
  test("writes take so many bytes a turn, and all are acknowledged", async () => {
    const world = await memoryWorld();
    const { db, release } = await mergingStore(world, { pacedBytesPerTurn: 4096 });
    const before = world.clock.yields;
    for (let write = 0; write < 100; write += 1) await db.put(`key ${write}`, filler(2000, write));
    // 200,000 bytes, 4096 a turn.
    expect(world.clock.yields - before).toBeGreaterThan(45);
    release();
    await db.checkpoint();
    expect(db.stats().keys).toBe(301);
  });

  test("writes beyond the room wait for it, and all are acknowledged in the end", async () => {
    const world = await memoryWorld();
    const { db, listener, release } = await mergingStore(world);
    const value = new Uint8Array(1024 * 1024);
    const acknowledged: number[] = [];
    const writes = Array.from({ length: 24 }, (_, write) =>
      db.put(`key ${write}`, value).then(() => acknowledged.push(write)),
    );
    await turns(2000);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.length).toBeLessThan(1 + ROOM / value.length);
    const { length } = acknowledged;
    await turns(1000);
    expect(acknowledged.length).toBe(length);
    expect(db.stats().pendingWrites).toBe(24 - length);
    release();
    await Promise.all(writes);
    expect(acknowledged).toEqual([...acknowledged.keys()]);
    expect(listener.failures).toEqual([]);
  });

  test.each<[string, (db: TextStore) => Promise<unknown>]>([
    ["sync", (db) => db.sync()],
    ["a put that is synced", (db) => db.put("synced", "1", { sync: true })],
    ["close", (db) => db.close()],
    ["compact", (db) => db.compact()],
    ["checkpoint", (db) => db.checkpoint()],
  ])("%s is done, though writes wait for the merge, as soon as that is", async (_name, call) => {
    const world = await memoryWorld();
    const { db, release } = await mergingStore(world);
    const writes = Array.from({ length: 16 }, (_, write) => db.put(`key ${write}`, new Uint8Array(1024 * 1024)));
    await turns(1000);
    expect(db.stats().pendingWrites).toBeGreaterThan(0);
    const called = call(db);
    expect(await isSettled(called)).toBe(false);
    release();
    await Promise.all([called, ...writes]);
    expect(db.stats()).toMatchObject({ pendingWrites: 0, keys: _name.includes("put") ? 218 : 217 });
  });

  test("writes that wait for room go on when it is paused, when it fails, and when it is given up", async () => {
    for (const end of ["pause", "fail", "give up"] as const) {
      const world = await memoryWorld();
      const { db, listener, release } = await mergingStore(world);
      const writes = Array.from({ length: 16 }, (_, write) => db.put(`key ${write}`, new Uint8Array(1024 * 1024)));
      await turns(1000);
      expect(db.stats().pendingWrites).toBeGreaterThan(0);
      if (end === "pause") db.compaction.pause();
      else if (end === "fail") world.watched.fail("read", /\.segment$/, "FS_IO");
      const compacted = end === "give up" ? db.compact() : undefined;
      if (end !== "pause") release();
      if (end === "fail") await until(() => listener.failures.length > 0);
      await Promise.all(writes);
      await compacted;
      expect(db.stats().pendingWrites).toBe(0);
      world.watched.letGo();
    }
  });

  test("what it needs synced is synced, though writes wait", async () => {
    const world = await memoryWorld();
    const { db, listener, release } = await mergingStore(world);
    // Visible, and not durable: the merge has to sync it before it publishes.
    await db.put("overwritten", "last");
    expect(db.stats().floor).toBeLessThan(db.stats().sequence);
    const writes = Array.from({ length: 16 }, (_, write) => db.put(`key ${write}`, new Uint8Array(1024 * 1024)));
    await turns(1000);
    expect(db.stats().pendingWrites).toBeGreaterThan(0);
    const syncs = world.watched.count("sync", /\.segment$/);
    release();
    await until(() => listener.reports.length > 0);
    expect(world.watched.count("sync", /\.segment$/)).toBeGreaterThan(syncs);
    await Promise.all(writes);
  });
});
