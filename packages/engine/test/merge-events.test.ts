import type { MergeStrategy } from "@hashlog/compactor";
import { segmentFileName } from "@hashlog/format";
import type { CompactionOptions } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { turns, until } from "./support/event-loop.ts";
import {
  garbageStrategy,
  Listener,
  overwrite,
  overwritePartly,
  SMALL_LIMITS,
  SOON,
  untilIdle,
} from "./support/merging.ts";
import { SpoilingFileSystem } from "./support/readers.ts";
import type { TextStore } from "./support/text-store.ts";
import { rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const PHASES = ["start", "copy", "sync", "swing", "retire", "end"];

/** A store with garbage in sealed segments, of which nothing was merged yet, as it is paused. */
async function pausedStore(world: World, compaction: CompactionOptions): Promise<TextStore> {
  const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction });
  db.compaction.pause();
  await overwritePartly(db);
  await until(() => db.stats().segments.every(({ state }) => state !== "unsealed"));
  await db.checkpoint();
  return db;
}

describe("events", () => {
  test("of a merge in the background come in order, with what it will do, does and did", async () => {
    const world = await memoryWorld();
    const listener = new Listener();
    const db = await pausedStore(world, { strategy: garbageStrategy, ...listener.events });
    expect(db.stats().compaction.state).toBe("paused");
    const plan = await db.compaction.plan();
    db.compaction.resume();
    await untilIdle(db);
    expect(listener.order).toEqual(PHASES);
    expect({ kind: "merge", ...listener.plans[0] }).toEqual(plan);
    const [report] = listener.reports;
    expect(report).toMatchObject({ trigger: "garbage", leftOut: [], durationMs: 0 });
    expect(report!.bytesWritten).toBeLessThanOrEqual(listener.plans[0]!.bytesWritten);
    expect(report!.inputs.map(({ segmentId }) => segmentId)).toEqual(
      listener.plans[0]!.segments.map(({ segmentId }) => segmentId),
    );
    for (const phase of ["copy", "sync", "swing", "retire"]) {
      const told = listener.progress.filter((progress) => progress.phase === phase);
      expect(told[0]!.bytesDone).toBe(0);
      expect(told.at(-1)!.bytesDone).toBe(told.at(-1)!.bytesTotal);
    }
    expect(listener.progress.length).toBeGreaterThan(8);
  });

  test("of a merge that was asked for come as well, and to the caller's own listener too", async () => {
    const world = await memoryWorld();
    const listener = new Listener();
    const own = new Listener();
    const db = await pausedStore(world, { ...SOON, ...listener.events });
    const report = await db.compact({ onProgress: own.events.onProgress });
    expect(listener.order).toEqual(PHASES);
    expect(own.order).toEqual(PHASES.slice(1, -1));
    expect(listener.reports).toEqual([report]);
    expect(report.trigger).toBe("listed");
    expect(listener.plans[0]!.trigger).toBe("listed");
  });

  test("come at a store that is in that state", async () => {
    const world = await memoryWorld();
    const states = new Map<string, unknown>();
    const note = (event: string): void => {
      const { state, trigger, progress } = db.stats().compaction;
      states.set(event, { state, trigger, phase: progress?.phase });
    };
    const db = await pausedStore(world, {
      strategy: garbageStrategy,
      onStart: () => note("start"),
      onProgress: ({ phase }) => note(phase),
      onEnd: () => note("end"),
    });
    db.compaction.resume();
    await untilIdle(db);
    const merging = { state: "merging", trigger: "garbage" };
    expect([...states]).toEqual([
      ["start", { ...merging, phase: undefined }],
      ...["copy", "sync", "swing", "retire"].map((phase) => [phase, { ...merging, phase }]),
      ["end", { ...merging, phase: "retire" }],
    ]);
    expect(db.stats().compaction.state).toBe("idle");
  });

  test("tell how long it took, by the clock of the store", async () => {
    const world = await memoryWorld();
    let advanced = false;
    const db = await pausedStore(world, {
      strategy: garbageStrategy,
      onProgress: () => {
        if (!advanced) world.clock.advanceWithoutTimers(1234);
        advanced = true;
      },
    });
    db.compaction.resume();
    await untilIdle(db);
    expect(db.stats().compaction).toMatchObject({ durationMs: 1234, last: { durationMs: 1234 } });
  });

  test("whose listeners throw do no harm, and what they throw is noted", async () => {
    const world = await memoryWorld();
    const thrown = new Error("thrown by a listener");
    let calls = 0;
    const fail = (): never => {
      calls += 1;
      throw thrown;
    };
    const db = await pausedStore(world, {
      strategy: garbageStrategy,
      onStart: fail,
      onProgress: fail,
      onEnd: fail,
      onFailure: fail,
    });
    db.compaction.resume();
    await untilIdle(db);
    expect(db.stats().merges).toBe(1);
    expect(calls).toBeGreaterThan(8);
    expect(db.stats().failures).toEqual({ count: calls, last: thrown });
    expect(db.stats().compaction.failures.count).toBe(0);
    await overwrite(db, 1, 10);
    const before = calls;
    const controller = new AbortController();
    controller.abort();
    expect(await rejection(db.compact({ signal: controller.signal }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(calls).toBeGreaterThan(before);
  });
});

describe("a merge in the background that fails", () => {
  test.each([
    ["create", /\.segment$/],
    ["sync", /\.segment$/],
    ["replace", /manifest/],
  ])("in a call of %s is told and noted, and everything is as it was", async (operation, path) => {
    const world = await memoryWorld();
    const listener = new Listener();
    const db = await pausedStore(world, { strategy: garbageStrategy, ...listener.events });
    await db.sync();
    const before = db.stats();
    const files = await world.fileSystem.list(world.directory);
    const fault = world.watched.fail(operation, path, "FS_IO", "unchanged");
    db.compaction.resume();
    await untilIdle(db);
    fault.end();
    expect(listener.order.at(0)).toBe("start");
    expect(listener.order.at(-1)).toBe("failure HASHLOG_IO");
    expect(listener.reports).toEqual([]);
    const after = db.stats();
    expect(after.compaction).toMatchObject({ state: "waiting", merges: 0, failures: { count: 1 }, last: undefined });
    expect(after.compaction.failures.last).toBe(listener.failures[0]);
    expect(after.segments).toEqual(before.segments);
    expect(await world.fileSystem.list(world.directory)).toEqual(files);
    world.clock.advance(72_000);
    await untilIdle(db);
    expect(db.stats().compaction).toMatchObject({ state: "idle", merges: 1, failures: { count: 1 } });
  });

  test("is tried again after a second, and after twice as long each time, and after five minutes at most", async () => {
    const world = await memoryWorld();
    const listener = new Listener();
    const db = await pausedStore(world, {
      strategy: garbageStrategy,
      checkIntervalMs: 1,
      jitter: 0,
      ...listener.events,
    });
    const fault = world.watched.fail("create", /\.segment$/);
    db.compaction.resume();
    await untilIdle(db);
    const delays = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => 1000 * seconds);
    for (const [tried, delayMs] of delays.entries()) {
      expect(db.stats().compaction.failures.count).toBe(tried + 1);
      world.clock.advance(delayMs - 1);
      await untilIdle(db);
      expect(db.stats().compaction).toMatchObject({ state: "waiting", failures: { count: tried + 1 } });
      world.clock.advance(1);
      await untilIdle(db);
    }
    expect(listener.failures.length).toBe(delays.length + 1);
    fault.end();
    world.clock.advance(300_000);
    await untilIdle(db);
    expect(db.stats().compaction).toMatchObject({ state: "idle", merges: 1, failures: { count: delays.length + 1 } });
    // The next failure is the first one again.
    db.compaction.pause();
    await overwritePartly(db);
    await until(() => db.stats().segments.every(({ state }) => state !== "unsealed"));
    world.watched.fail("create", /\.segment$/);
    db.compaction.resume();
    await untilIdle(db);
    const { count } = db.stats().compaction.failures;
    world.clock.advance(1000);
    await untilIdle(db);
    expect(db.stats().compaction.failures.count).toBe(count + 1);
    world.watched.letGo();
  });

  test("is not tried sooner for what is written or resumed meanwhile; compact is", async () => {
    const world = await memoryWorld();
    const listener = new Listener();
    const db = await pausedStore(world, { strategy: garbageStrategy, ...listener.events });
    const fault = world.watched.fail("create", /\.segment$/);
    db.compaction.resume();
    await untilIdle(db);
    fault.end();
    await overwrite(db, 2, 10);
    db.compaction.pause();
    db.compaction.resume();
    await untilIdle(db);
    expect(listener.plans.length).toBe(1);
    expect(db.stats().compaction.state).toBe("waiting");
    await db.compact();
    expect(db.stats()).toMatchObject({ deadBytes: 0, merges: 1 });
  });

  test("with a strategy that throws does not keep the store from being opened or written", async () => {
    const world = await memoryWorld();
    const thrown = new Error("thrown by a strategy");
    const strategy: MergeStrategy = {
      name: "throwing",
      choose: () => {
        throw thrown;
      },
    };
    const listener = new Listener();
    const compaction = { strategy, ...listener.events };
    const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction });
    await untilIdle(db);
    await overwrite(db, 2, 10);
    await untilIdle(db);
    const told = { code: "HASHLOG_INVALID_ARGUMENT", cause: thrown };
    expect(db.stats().compaction).toMatchObject({ state: "waiting", failures: { last: told } });
    expect(listener.failures.at(-1)).toMatchObject(told);
    expect((db.stats().compaction.failures.last as Error).message).toContain('"throwing"');
    expect(await rejection(db.compaction.plan())).toMatchObject(told);
    await db.compact();
    expect(db.stats().deadBytes).toBe(0);
  });

  test("with a strategy that breaks its contract is noted as such", async () => {
    const world = await memoryWorld();
    const strategy: MergeStrategy = {
      name: "wrong",
      choose: () => ({ trigger: "none", segments: [{ segmentId: 777, reason: "none" }] }),
    };
    const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024, compaction: { strategy } });
    await overwrite(db, 2, 10);
    await untilIdle(db);
    const { last } = db.stats().compaction.failures;
    expect(last).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT", cause: { code: "MERGE_INVALID_ARGUMENT" } });
    expect((last as Error).message).toContain("777");
  });

  test("as nobody knows how much room there is, is noted, and compact and plan say it in the store's words", async () => {
    const world = await memoryWorld();
    const db = await pausedStore(world, { strategy: garbageStrategy });
    const fault = world.watched.fail("freeBytes", /./);
    db.compaction.resume();
    await untilIdle(db);
    expect(db.stats().compaction).toMatchObject({ state: "waiting", failures: { count: 1 } });
    expect(await rejection(db.compaction.plan())).toMatchObject({ code: "HASHLOG_IO" });
    expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_IO" });
    fault.end();
    await db.compact();
    expect(db.stats().deadBytes).toBe(0);
  });
});

describe("a damaged segment", () => {
  test("is left out, told and kept, and not tried again by the background", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const first = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024 });
    await overwrite(first, 3, 10);
    await first.close();
    const spoiling = new SpoilingFileSystem(world.fileSystem, new RegExp(segmentFileName(2)));
    const listener = new Listener();
    const db = await world.openWithin(SMALL_LIMITS, {
      fileSystem: spoiling.fileSystem,
      segmentBytesMax: 1024,
      compaction: { strategy: garbageStrategy, jitter: 0, ...listener.events },
    });
    spoiling.spoil(100, 1);
    await untilIdle(db);
    const [report] = listener.reports;
    expect(report!.leftOut).toMatchObject([{ segmentId: 2, reason: expect.any(String) as string }]);
    expect(report!.inputs.length).toBeGreaterThan(2);
    expect(db.stats().compaction.damaged).toEqual(report!.leftOut);
    expect(db.stats().segments.some(({ segmentId }) => segmentId === 2)).toBe(true);
    for (let look = 0; look < 3; look += 1) {
      await overwrite(db, 1, 10);
      world.clock.advance(72_000);
      await untilIdle(db);
    }
    expect(listener.plans.length).toBeGreaterThan(1);
    for (const { segments } of listener.plans.slice(1)) {
      expect(segments.map(({ segmentId }) => segmentId)).not.toContain(2);
    }
    expect(listener.failures).toEqual([]);
    // Who asks may try it again; it read wrong for once.
    expect(await db.compact()).toMatchObject({ leftOut: [] });
    expect(db.stats()).toMatchObject({ deadBytes: 0, compaction: { damaged: [] } });
    await turns();
  });

  test("stays for good where it stays damaged, and compact says so each time", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const first = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 1024 });
    await overwrite(first, 3, 10);
    await first.close();
    const spoiling = new SpoilingFileSystem(world.fileSystem, new RegExp(segmentFileName(2)));
    const db = await world.openWithin(SMALL_LIMITS, { fileSystem: spoiling.fileSystem, segmentBytesMax: 1024 });
    spoiling.spoil(100, Infinity);
    for (let time = 0; time < 2; time += 1) {
      expect(await db.compact()).toMatchObject({ leftOut: [{ segmentId: 2 }] });
      expect(db.stats().compaction.damaged).toMatchObject([{ segmentId: 2 }]);
      expect(await world.fileSystem.stat(world.path(segmentFileName(2)))).toMatchObject({ kind: "file" });
    }
  });
});
