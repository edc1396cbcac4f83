import type { MergeReport, Store } from "@hashlog/engine";
import { workerMerge, type MergeExecutor } from "@hashlog/engine/worker";
import { segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { openMerging, fakeThreads } from "../support/executors.ts";
import { readFile, recount, type StorePlace } from "../support/recount.ts";
import { writeFile } from "../support/roads.ts";
import { entriesOf, filler, rejection } from "../support/values.ts";
import { memoryWorld, nodeWorld, type World } from "../support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Numbers that look random, the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function fill(db: TextStore, seed: number): Promise<void> {
  const random = randomOf(seed);
  for (let round = 0; round < 150; round += 1) {
    const key = `key ${random(60)}`;
    if (random(5) === 0) await db.delete(key);
    else if (random(4) === 0) await db.put(key, filler(random(200), round), { ttlMs: 1 + random(100) });
    else if (random(3) === 0) {
      const writes = Array.from({ length: 1 + random(30) }, (_, index) => `batched ${random(40)}-${index % 3}`);
      await db.batch(writes.map((name) => ({ type: "put", key: name, value: filler(random(300), round) })));
    } else await db.put(key, filler(random(400), round));
  }
}

/** What the segments hold: of each its records, in their order. Ids and identities differ from store to store. */
async function recordsOf(place: StorePlace): Promise<string[][]> {
  const { segments } = await recount(place);
  return segments.map(({ records }) =>
    records.map(({ key, sequence, offset, value, tombstone, expiresAtMs }) =>
      [key, sequence, offset, Buffer.from(value).toString("hex"), tombstone, expiresAtMs].join(),
    ),
  );
}

const EXECUTORS: readonly (readonly [string, () => MergeExecutor])[] = [
  ["a worker", workerMerge],
  ["this thread, by messages", () => fakeThreads().executor],
];

/** Two worlds with the same store, the second of them merging elsewhere. */
async function twins(seed: number, executor: MergeExecutor): Promise<readonly (readonly [World, TextStore])[]> {
  const source = await memoryWorld();
  const db = await openMerging(source, undefined);
  await fill(db, seed);
  await db.close();
  const opened: [World, TextStore][] = [];
  for (const used of [undefined, executor]) {
    const world = await nodeWorld();
    await world.fileSystem.makeDirectory(world.directory);
    for (const name of await source.fileSystem.list(source.directory)) {
      if (name.includes("lock")) continue;
      await writeFile(world.fileSystem, world.path(name), await readFile(source.fileSystem, source.path(name)));
    }
    world.clock.advance(50);
    // With no sync that comes when it likes, and leaves a fence behind.
    opened.push([world, await openMerging(world, used, { sync: "always" })]);
  }
  return opened;
}

describe.each(EXECUTORS)("a merge in %s", (_name, newExecutor) => {
  test.each([1, 2, 3])("does what one in the store's thread does (seed %d)", async (seed) => {
    const executor = newExecutor();
    const [[here, one], [there, other]] = (await twins(seed, executor)) as [[World, TextStore], [World, TextStore]];
    for (let round = 0; round < 2; round += 1) {
      const reports: MergeReport[] = [];
      const seen: unknown[][] = [];
      for (const db of [one, other]) {
        const progress: unknown[] = [];
        reports.push(await db.compact({ onProgress: (told) => progress.push(told) }));
        seen.push(progress);
      }
      expect(reports[1]).toEqual(reports[0]);
      expect(seen[1]).toEqual(seen[0]);
      expect(await recordsOf(there)).toEqual(await recordsOf(here));
      expect(other.stats().segments).toEqual(one.stats().segments);
      expect(await entriesOf(other)).toEqual(await entriesOf(one));
      for (const db of [one, other]) await fill(db, seed + 100);
      for (const world of [here, there]) world.clock.advance(50);
    }
  });

  test("reads and writes nothing of the segments in the store's thread", async () => {
    const world = await nodeWorld();
    const db = await openMerging(world, newExecutor());
    await fill(db, 5);
    await db.compact();
    await fill(db, 6);
    const { watched } = world;
    const from = watched.calls.length;
    let to = from;
    // Hints are made of what was merged when it is done, in the store's own thread.
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === "retire" && to === from) to = watched.calls.length;
    };
    const { outputs } = await db.compact({ onProgress });
    const during = watched.calls.slice(from, to).filter(({ path }) => path.endsWith(".segment"));
    const names = new Set(outputs.map(({ segmentId }) => world.path(segmentFileName(segmentId))));
    // Of each output it makes the file and writes the header; the log is its own.
    expect(during.filter(({ operation, path }) => names.has(path) && operation !== "create")).toEqual(
      outputs.map(({ segmentId }) => ({ operation: "append", path: world.path(segmentFileName(segmentId)) })),
    );
    expect(during.filter(({ operation }) => operation === "read")).toEqual([]);
  });

  test("leaves alone what is written while it runs", async () => {
    const world = await nodeWorld();
    let db = await openMerging(world, newExecutor());
    for (let index = 0; index < 100; index += 1) await db.put(`key ${index}`, filler(100, index), { ttlMs: 1000 });
    const writes: Promise<unknown>[] = [];
    let phases = 0;
    const onProgress = (): void => {
      phases += 1;
      writes.push(db.put(`key ${phases % 100}`, `new ${phases}`), db.delete(`key ${(phases * 7 + 3) % 100}`));
    };
    const report = await db.compact({ onProgress });
    await Promise.all(writes);
    expect(report.superseded).toBeGreaterThan(0);
    const entries = new Map(await entriesOf(db));
    await db.close();
    db = await openMerging(world, undefined);
    expect(new Map(await entriesOf(db))).toEqual(entries);
  });

  test("that is aborted changes nothing, and the next one goes through", async () => {
    const world = await nodeWorld();
    const db = await openMerging(world, newExecutor());
    await fill(db, 7);
    const entries = await entriesOf(db);
    const controller = new AbortController();
    const abort = ({ bytesDone }: { bytesDone: number }): void => {
      if (bytesDone > 0) controller.abort("enough");
    };
    const aborted = await rejection(db.compact({ signal: controller.signal, onProgress: abort }));
    expect(aborted).toMatchObject({ code: "HASHLOG_ABORTED", cause: "enough" });
    expect(await rejection(db.compact({ signal: AbortSignal.abort("before") }))).toMatchObject({
      code: "HASHLOG_ABORTED",
    });
    expect(await entriesOf(db)).toEqual(entries);
    expect((await db.compact()).outputs.length).toBeGreaterThan(0);
    expect(await entriesOf(db)).toEqual(entries);
  });

  test("fails with what its progress throws", async () => {
    const world = await nodeWorld();
    const db = await openMerging(world, newExecutor());
    await fill(db, 8);
    const entries = await entriesOf(db);
    const thrown = new Error("no more");
    for (const phase of ["copy", "sync", "swing", "retire"]) {
      const onProgress = (told: { phase: string }): void => {
        if (told.phase === phase) throw thrown;
      };
      const failure = await rejection(db.compact({ onProgress }));
      expect(failure).toMatchObject({ code: "HASHLOG_IO", cause: { code: "MERGE_IO" } });
      expect((failure as { cause: Error }).cause.cause).toBe(thrown);
      expect(await entriesOf(db)).toEqual(entries);
      await fill(db, 8);
    }
  });

  test("removes what it has retired, whatever its progress throws then", async () => {
    const world = await nodeWorld();
    const db = await openMerging(world, newExecutor());
    for (let index = 0; index < 1000; index += 1) await db.put(`expiring ${index}`, "1", { ttlMs: 10 });
    await db.put("stays", "2");
    world.clock.advance(20);
    const thrown = new Error("no more");
    const onProgress = ({ phase, bytesDone }: { phase: string; bytesDone: number }): void => {
      if (phase === "retire" && bytesDone > 0) throw thrown;
    };
    const failure = await rejection(db.compact({ onProgress }));
    expect((failure as { cause: Error }).cause).toMatchObject({ outcome: "retired", cause: thrown });
    expect(await entriesOf(db)).toEqual([["stays", "2"]]);
    expect(db.stats()).toMatchObject({ keys: 1, expiredBytes: 0 });
    await world.check(db);
  });

  test("leaves out a damaged input, and tells the same place", async () => {
    const executor = newExecutor();
    const [[here, one], [there, other]] = (await twins(9, executor)) as [[World, TextStore], [World, TextStore]];
    const oldest = one.stats().segments.map(({ segmentId }) => segmentId)[1]!;
    for (const world of [here, there]) {
      const path = world.path(segmentFileName(oldest));
      const content = await readFile(world.fileSystem, path);
      content[700]! ^= 0xff;
      // In place, as decay is: the store has the file open.
      const { writeFileSync } = process.getBuiltinModule("node:fs");
      writeFileSync(path, content, { flag: "r+" });
      world.leaveUnchecked();
    }
    const [report, same] = [await one.compact(), await other.compact()];
    expect(report.leftOut).toMatchObject([{ segmentId: oldest }]);
    expect(same).toEqual(report);
  });

  test("tells of a store's method that fails as one in the store's thread does, and of one in the thread", async () => {
    const world = await nodeWorld();
    const db = await openMerging(world, newExecutor());
    await fill(db, 10);
    const entries = await entriesOf(db);
    const failing = world.watched.fail("create", /\.segment$/, "FS_TOO_MANY_OPEN");
    expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_IO", cause: { code: "FS_TOO_MANY_OPEN" } });
    failing.end();
    const path = world.path(segmentFileName(db.stats().segments[0]!.segmentId));
    await copyBack(world, path, async () => {
      await world.fileSystem.remove(path);
      expect(await rejection(db.compact())).toMatchObject({
        code: "HASHLOG_IO",
        path,
        cause: { code: "FS_NOT_FOUND", operation: "openRead", cause: { message: expect.stringContaining("ENOENT") } },
      });
    });
    await copyBack(world, path, async () => {
      await writeFile(world.fileSystem, path, new Uint8Array(100));
      expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_IO", cause: { code: "FS_NOT_FOUND" } });
    });
    expect(await entriesOf(db)).toEqual(entries);
    await db.compact();
    expect(await entriesOf(db)).toEqual(entries);
  });
});

/** Does something to a file, and makes it again as it was. */
async function copyBack(world: World, path: string, work: () => Promise<void>): Promise<void> {
  const content = await readFile(world.fileSystem, path);
  await work();
  await writeFile(world.fileSystem, path, content);
}

test("another file system is refused, with what to do instead", async () => {
  const world = await memoryWorld();
  const executor = workerMerge();
  const refused = { code: "HASHLOG_NOT_SUPPORTED", message: expect.stringContaining("nodeFileSystem()") as string };
  expect(await rejection(openMerging(world, executor))).toMatchObject(refused);
});
