import type { Store } from "@hashlog/engine";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { startThread, ThreadedExecutor } from "../../src/worker/worker-merge.ts";
import { fakeThreads, openMerging } from "../support/executors.ts";
import { entriesOf, filler, rejection } from "../support/values.ts";
import { nodeWorld } from "../support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

async function fill(db: TextStore): Promise<void> {
  for (let index = 0; index < 60; index += 1) {
    await db.put(`key ${index % 20}`, filler(200, index), index % 3 === 0 ? { ttlMs: 10 } : {});
  }
  await db.delete("key 1");
}

describe("a thread that ends in the midst of a merge", () => {
  test("leaves, after whichever message, the store as it was, and the next merge starts another", async () => {
    const world = await nodeWorld();
    const outcomes = new Set<string>();
    let isThrough = false;
    for (let endsAfter = 1; !isThrough; endsAfter += 1) {
      let started = 0;
      const { executor } = fakeThreads((thread) => {
        started += 1;
        if (started === 1) thread.endsAfter = endsAfter;
      });
      const db = await openMerging(world, executor);
      await fill(db);
      world.clock.advance(20);
      const entries = await entriesOf(db);
      const failure = await db.compact().then(
        () => undefined,
        (error: { cause: { code: string; outcome: string } }) => error.cause,
      );
      isThrough = failure === undefined;
      if (failure !== undefined) {
        expect(failure.code).toBe("MERGE_IO");
        outcomes.add(failure.outcome);
      }
      expect(await entriesOf(db)).toEqual(entries);
      await db.compact();
      // The last time it ends when all is told.
      if (!isThrough && failure?.outcome !== "retired") expect(started).toBe(2);
      expect(await entriesOf(db)).toEqual(entries);
      await world.check(db);
      await db.close();
    }
    expect([...outcomes].sort()).toEqual(["abandoned", "published", "retired"]);
  });

  test.each(["copy", "sync", "swing", "retire"])("a real one that is killed in phase %s is no worse", async (phase) => {
    const world = await nodeWorld();
    const workers: Worker[] = [];
    const executor = new ThreadedExecutor(() => {
      workers.push(startThread() as Worker);
      return workers.at(-1)!;
    });
    const db = await openMerging(world, executor);
    await fill(db);
    world.clock.advance(20);
    const entries = await entriesOf(db);
    const onProgress = (told: { phase: string }): void => {
      if (told.phase === phase && workers.length === 1) void workers[0]!.terminate();
    };
    expect(await rejection(db.compact({ onProgress }))).toMatchObject({ code: "HASHLOG_IO" });
    expect(await entriesOf(db)).toEqual(entries);
    await db.compact();
    expect(workers).toHaveLength(2);
    expect(await entriesOf(db)).toEqual(entries);
    expect(db.stats()).toMatchObject({ deadBytes: 0 });
  });

  test("is told with the error that nobody caught there", async () => {
    const world = await nodeWorld();
    const { executor, threads } = fakeThreads();
    const db = await openMerging(world, executor);
    await fill(db);
    const uncaught = new Error("out of memory");
    const failure = await rejection(db.compact({ onProgress: () => threads[0]!.end(1, uncaught) }));
    expect(failure).toMatchObject({ code: "HASHLOG_IO", cause: { outcome: "abandoned" } });
    expect((failure as { cause: Error }).cause.cause).toBe(uncaught);
    await db.compact();
  });
});

describe("the threads of an executor", () => {
  test("are started by the first merge, stay for the next, and keep the process alive only meanwhile", async () => {
    const world = await nodeWorld();
    const { executor, threads } = fakeThreads();
    const db = await openMerging(world, executor);
    expect(threads).toHaveLength(0);
    const refs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await fill(db);
      await db.compact({ onProgress: () => refs.push(threads[0]!.refs) });
      expect(threads.map((thread) => thread.refs)).toEqual([0]);
    }
    expect(new Set(refs)).toEqual(new Set([1]));
    expect(new Set(threads[0]!.eventNames())).toEqual(new Set(["error", "exit"]));
    await executor.close();
    expect(threads[0]!.hasEnded).toBe(true);
    await executor.close();
    // And another one after that.
    await fill(db);
    await db.compact();
    expect(threads).toHaveLength(2);
  });

  test("are as many as merges run at once, and one stays", async () => {
    const exits: Promise<unknown>[] = [];
    const { executor, threads } = fakeThreads((thread) => exits.push(once(thread, "exit")));
    const stores: TextStore[] = [];
    for (let index = 0; index < 2; index += 1) {
      stores.push(await openMerging(await nodeWorld(), executor));
      await fill(stores[index]!);
    }
    await Promise.all(stores.map((db) => db.compact()));
    expect(threads).toHaveLength(2);
    await Promise.race(exits);
    expect(threads.filter(({ hasEnded }) => hasEnded)).toHaveLength(1);
    await executor.close();
    expect(threads.map(({ hasEnded, terminations }) => [hasEnded, terminations])).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });

  test("end by themselves when it is closed, and one that does not is terminated after a while", async () => {
    const world = await nodeWorld();
    const { executor, threads, clock } = fakeThreads();
    const db = await openMerging(world, executor);
    for (const isStubborn of [false, true]) {
      await fill(db);
      await db.compact();
      const thread = threads.at(-1)!;
      thread.isStubborn = isStubborn;
      const closed = executor.close();
      expect([thread.hasEnded, thread.refs]).toEqual([false, 1]);
      if (isStubborn) clock.advance(60_000);
      await closed;
      expect([thread.terminations, clock.timers]).toEqual([isStubborn ? 1 : 0, 0]);
    }
  });

  test("that are closed and fail instead harm nobody", async () => {
    const world = await nodeWorld();
    const { executor, threads } = fakeThreads();
    const db = await openMerging(world, executor);
    await fill(db);
    await db.compact();
    threads[0]!.isStubborn = true;
    const closed = executor.close();
    threads[0]!.end(1, new Error("too late"));
    await closed;
    expect(await entriesOf(db)).toHaveLength(20 - 1);
  });

  test("that are real ones end with code 0: they are not terminated", async () => {
    const world = await nodeWorld();
    const codes: number[] = [];
    const executor = new ThreadedExecutor(() => {
      const thread = startThread();
      thread.on("exit", (code) => codes.push(code));
      return thread;
    });
    const db = await openMerging(world, executor);
    for (let round = 1; round <= 3; round += 1) {
      await fill(db);
      await db.compact();
      await executor.close();
      expect(codes).toEqual(Array.from({ length: round }, () => 0));
    }
  });

  test.each([undefined, new Error("by itself")])("that end while nothing runs are replaced (%s)", async (error) => {
    const world = await nodeWorld();
    const { executor, threads } = fakeThreads();
    const db = await openMerging(world, executor);
    await fill(db);
    await db.compact();
    threads[0]!.end(1, error);
    await fill(db);
    await db.compact();
    expect(threads).toHaveLength(2);
  });

  test("do not keep a process alive that has nothing else to do", async () => {
    const { directory } = await nodeWorld();
    const child = fork(join(import.meta.dirname, "../fixtures/worker-process.ts"), [directory], {
      execArgv: ["--conditions=@hashlog/source"],
    });
    const exited = once(child, "exit");
    expect(await once(child, "message")).toMatchObject({ 0: { recordsKept: 10 } });
    expect(await exited).toEqual([0, null]);
  });
});
