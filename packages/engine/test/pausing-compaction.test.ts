import type { CompactionOptions, MergeProgress } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import type { Limits } from "../src/limits.ts";
import { checkFiles } from "./support/check-invariants.ts";
import { turns, until } from "./support/event-loop.ts";
import { garbageStrategy, Listener, overwritePartly, SMALL_LIMITS, untilIdle } from "./support/merging.ts";
import { recount } from "./support/recount.ts";
import type { TextStore } from "./support/text-store.ts";
import { isSettled, rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

interface Opened {
  readonly world: World;
  readonly db: TextStore;
  readonly listener: Listener;
  /** Called with every progress. */
  onProgress: (progress: MergeProgress) => void;
}

/** A store that is paused, with something to merge. */
async function pausedStore(compaction: CompactionOptions = {}, limits: Partial<Limits> = {}): Promise<Opened> {
  const world = await memoryWorld();
  const listener = new Listener();
  let opened: Opened | undefined;
  const db = await world.openWithin(
    { ...SMALL_LIMITS, ...limits },
    {
      segmentBytesMax: 1024,
      compaction: {
        strategy: garbageStrategy,
        jitter: 0,
        ...listener.events,
        onProgress: (progress) => {
          listener.events.onProgress?.(progress);
          opened?.onProgress(progress);
        },
        ...compaction,
      },
    },
  );
  db.compaction.pause();
  await overwritePartly(db);
  await until(() => db.stats().segments.every(({ state }) => state !== "unsealed"));
  await db.checkpoint();
  opened = { world, db, listener, onProgress: () => undefined };
  return opened;
}

/** One whose merge was paused while it copied. */
async function pausedWhileCopying(compaction: CompactionOptions = {}, limits: Partial<Limits> = {}): Promise<Opened> {
  const opened = await pausedStore(compaction, limits);
  const { db } = opened;
  opened.onProgress = ({ phase, bytesDone }) => {
    if (phase !== "copy" || bytesDone === 0) return;
    opened.onProgress = () => undefined;
    db.compaction.pause();
  };
  db.compaction.resume();
  await until(() => db.compaction.isPaused);
  await turns();
  return opened;
}

/** What lies in the directory is what the manifest lists, and nothing else. */
async function expectNoLeftovers(world: World): Promise<void> {
  await checkFiles(world, await recount(world));
}

describe("a store that is paused", () => {
  test("begins no merge, however much is dead, until it is resumed", async () => {
    const { db, world, listener } = await pausedStore();
    expect(db.compaction.isPaused).toBe(true);
    for (let look = 0; look < 3; look += 1) {
      world.clock.advance(60_000);
      await overwritePartly(db);
      await turns();
    }
    expect(db.stats().compaction.state).toBe("paused");
    expect(listener.order).toEqual([]);
    db.compaction.resume();
    expect(db.compaction.isPaused).toBe(false);
    await untilIdle(db);
    expect(db.stats().compaction).toMatchObject({ state: "idle", merges: listener.reports.length });
    expect(listener.reports.length).toBeGreaterThan(0);
  });

  test("goes on as one that never was, when it is paused and resumed twice", async () => {
    const { db, listener } = await pausedStore();
    db.compaction.pause();
    db.compaction.resume();
    db.compaction.resume();
    expect(db.compaction.isPaused).toBe(false);
    await untilIdle(db);
    expect(listener.order).toEqual(["start", "copy", "sync", "swing", "retire", "end"]);
  });

  test("calls the file system no more in the middle of a merge, and goes on where it was", async () => {
    const { db, world, listener } = await pausedWhileCopying();
    expect(db.stats().compaction).toMatchObject({ state: "paused", trigger: "garbage", progress: { phase: "copy" } });
    const calls = world.watched.calls.length;
    const told = listener.progress.length;
    world.clock.advance(600_000);
    await turns(1000);
    expect(world.watched.calls.length).toBe(calls);
    expect(listener.progress.length).toBe(told);
    // Reads and writes go on.
    await overwritePartly(db, 1);
    expect(db.has("stays 0 0")).toBe(true);
    db.compaction.resume();
    await untilIdle(db);
    expect(listener.order.slice(0, 6)).toEqual(["start", "copy", "sync", "swing", "retire", "end"]);
    expect(listener.failures).toEqual([]);
  });

  test("ends a merge that has published: nothing is left half done", async () => {
    const opened = await pausedStore();
    const { db, listener } = opened;
    opened.onProgress = ({ phase }) => {
      if (phase === "swing") db.compaction.pause();
    };
    db.compaction.resume();
    await until(() => listener.reports.length > 0);
    expect(db.stats()).toMatchObject({ merges: 1, compaction: { state: "paused" } });
    await turns();
    expect(listener.plans.length).toBe(1);
  });

  test("does not stop a merge that was asked for", async () => {
    const opened = await pausedStore();
    const { db } = opened;
    opened.onProgress = () => {
      db.compaction.pause();
      expect(db.stats().compaction.state).toBe("merging");
    };
    await db.compact();
    expect(db.stats()).toMatchObject({ merges: 1, deadBytes: 0, compaction: { state: "paused" } });
  });
});

describe("while a merge is paused", () => {
  test.each<[string, (db: TextStore) => Promise<unknown>]>([
    ["checkpoint", (db) => db.checkpoint()],
    ["compact", (db) => db.compact()],
    ["close", (db) => db.close()],
  ])("%s does not wait for it: it is given up, and leaves no file", async (_name, call) => {
    const { db, world, listener } = await pausedWhileCopying();
    await call(db);
    // The hints of what was merged.
    await turns(500);
    expect(listener.failures).toMatchObject([{ code: "HASHLOG_ABORTED" }]);
    expect(db.stats().compaction.failures).toEqual({ count: 0, last: undefined });
    await expectNoLeftovers(world);
  });

  test.each<[string, (db: TextStore) => Promise<unknown>]>([
    ["checkpoint", (db) => db.checkpoint()],
    ["compact", (db) => db.compact()],
  ])("%s does not wait for one that is paused only after the call", async (_name, call) => {
    const opened = await pausedStore();
    const { db, listener } = opened;
    let called: Promise<unknown> | undefined;
    opened.onProgress = ({ phase, bytesDone }) => {
      if (phase !== "copy" || bytesDone === 0 || called !== undefined) return;
      called = call(db);
      db.compaction.pause();
    };
    db.compaction.resume();
    await until(() => called !== undefined);
    await called;
    expect(listener.failures).toMatchObject([{ code: "HASHLOG_ABORTED" }]);
  });

  test.each<[string, (db: TextStore) => Promise<unknown>]>([
    ["checkpoint", (db) => db.checkpoint()],
    ["compact", (db) => db.compact()],
    ["close", (db) => db.close()],
  ])("%s waits for none that was only about to begin", async (_name, call) => {
    const { db, world, listener } = await pausedStore({ bytesPerSecondMax: 1 });
    const held = world.watched.hold("freeBytes");
    db.compaction.resume();
    await held.reached;
    db.compaction.pause();
    const called = call(db);
    held.release();
    await called;
    expect(listener.plans.filter(({ trigger }) => trigger === "garbage")).toEqual([]);
  });

  test("writes and sync do not wait for it, however many there are", async () => {
    const { db } = await pausedWhileCopying();
    const writes = Array.from({ length: 50 }, (_, key) => db.put(`more ${key}`, new Uint8Array(20_000)));
    await Promise.all(writes);
    await db.sync();
    expect(db.stats()).toMatchObject({ pendingWrites: 0, compaction: { state: "paused" } });
  });

  test("what was given up is begun anew when it is resumed", async () => {
    const { db, listener } = await pausedWhileCopying();
    await db.checkpoint();
    expect(db.stats().compaction.state).toBe("paused");
    db.compaction.resume();
    await untilIdle(db);
    expect(listener.plans.length).toBe(2);
    expect(listener.reports.length).toBe(1);
  });
});

describe("closing", () => {
  test("gives a large merge up, which leaves no file behind", async () => {
    const { db, world, listener } = await pausedStore({}, { closingMergeBytesMost: 100 });
    const held = world.watched.hold("create", /\.segment$/);
    db.compaction.resume();
    await held.reached;
    const closed = db.close();
    held.release();
    await closed;
    expect(listener.failures).toMatchObject([{ code: "HASHLOG_ABORTED" }]);
    expect(listener.reports).toEqual([]);
    expect(db.stats().compaction.failures.count).toBe(0);
    await expectNoLeftovers(world);
  });

  test("waits for a small one, and begins none after it", async () => {
    const { db, world, listener } = await pausedStore({ mergeBytesMax: 1 });
    const held = world.watched.hold("create", /\.segment$/);
    db.compaction.resume();
    await held.reached;
    const closed = db.close();
    expect(await isSettled(closed)).toBe(false);
    held.release();
    await closed;
    expect(listener.order).toEqual(["start", "copy", "sync", "swing", "retire", "end"]);
    expect(db.stats().merges).toBe(1);
    await expectNoLeftovers(world);
  });

  test("leaves no timer, and what comes later does nothing", async () => {
    const { db, world } = await pausedStore();
    db.compaction.resume();
    await untilIdle(db);
    expect(world.clock.timers).toBe(1);
    await db.close();
    expect(world.clock.timers).toBe(0);
    const calls = world.watched.calls.length;
    db.compaction.pause();
    db.compaction.resume();
    world.clock.advance(600_000);
    await turns();
    expect(world.watched.calls.length).toBe(calls);
    expect(await rejection(db.compaction.plan())).toMatchObject({ code: "HASHLOG_CLOSED" });
    expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_CLOSED" });
  });

  test("does not begin what was only asked for", async () => {
    const { db, listener } = await pausedStore();
    db.compaction.resume();
    await db.close();
    expect(listener.order).toEqual([]);
  });
});

describe("a merge that is held to bytes a second", () => {
  const RATE = 1000;

  test("waits by timers, as long as its bytes take at that rate", async () => {
    const { db, world, listener } = await pausedStore({ bytesPerSecondMax: RATE });
    const timers = world.clock.timers;
    const began = world.clock.elapsedMs();
    db.compaction.resume();
    let waited = 0;
    while (listener.reports.length === 0) {
      await turns();
      if (listener.reports.length > 0) break;
      expect(world.clock.timers).toBe(timers + 1);
      const told = listener.progress.length;
      await turns();
      expect(listener.progress.length).toBe(told);
      waited += 1;
      while (listener.progress.length === told && listener.reports.length === 0) {
        world.clock.advance(10);
        await turns(5);
      }
    }
    const { bytesRead, bytesWritten, durationMs } = listener.reports[0]!;
    expect(waited).toBeGreaterThan(3);
    // All but what may be done at once after a rest, and the slice at the end.
    expect(durationMs).toBeGreaterThan(bytesRead + bytesWritten - RATE / 10 - SMALL_LIMITS.mergeSliceBytes);
    expect(world.clock.elapsedMs() - began).toBeGreaterThanOrEqual(durationMs);
  });

  test("is not waited for by writes", async () => {
    const { db } = await pausedStore({ bytesPerSecondMax: RATE });
    db.compaction.resume();
    await turns();
    await Promise.all(Array.from({ length: 50 }, (_, key) => db.put(`more ${key}`, new Uint8Array(20_000))));
    expect(db.stats().compaction.state).toBe("merging");
  });

  test("can be paused, resumed and given up while it waits", async () => {
    const { db, world, listener } = await pausedStore({ bytesPerSecondMax: RATE });
    db.compaction.resume();
    await turns();
    db.compaction.pause();
    world.clock.advance(60_000);
    await turns();
    expect(db.stats().compaction.state).toBe("paused");
    const told = listener.progress.length;
    await turns();
    expect(listener.progress.length).toBe(told);
    db.compaction.resume();
    await turns();
    world.clock.advance(60_000);
    await turns();
    expect(listener.progress.length).toBeGreaterThan(told);
    await db.compact();
    expect(listener.order.filter((event) => event.startsWith("failure"))).toEqual(["failure HASHLOG_ABORTED"]);
    expect(db.stats()).toMatchObject({ deadBytes: 0, compaction: { failures: { count: 0 } } });
  });

  test("is not waited for by close, however small it is", async () => {
    const { db, world, listener } = await pausedStore({ bytesPerSecondMax: 1 });
    db.compaction.resume();
    await turns();
    expect(db.stats().compaction.state).toBe("merging");
    const closed = db.close();
    expect(await isSettled(closed)).toBe(true);
    expect(listener.failures).toMatchObject([{ code: "HASHLOG_ABORTED" }]);
    expect(world.clock.timers).toBe(0);
    await expectNoLeftovers(world);
  });
});
