import type { MergeProgress, Store } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { readManifest } from "./support/recount.ts";
import { entriesOf, filler, isSame, isSettled, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, type World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Overwrites and deletes until there is more dead than alive; returns what must be left. */
async function churn(db: TextStore, rounds: number = 4): Promise<Map<string, Uint8Array>> {
  const left = new Map<string, Uint8Array>();
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < 20; index += 1) {
      const key = `key ${index}`;
      if ((index + round) % 5 === 0) {
        left.delete(key);
        await db.delete(key);
      } else {
        left.set(key, filler(100, index + round));
        await db.put(key, left.get(key)!);
      }
    }
  }
  return left;
}

function segmentFiles(world: World): Promise<string[]> {
  return world.fileSystem.list(world.directory).then((names) => names.filter((name) => name.endsWith(".segment")));
}

async function expectEntries(db: TextStore, expected: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const found: string[] = [];
  for await (const [key, value] of db.entries()) {
    expect(isSame(value, expected.get(key)!)).toBe(true);
    found.push(key);
  }
  expect(found.sort()).toEqual([...expected.keys()].sort());
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("compact frees the space of what is dead, keeps everything else, and says what it did", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 2048 });
    const left = await churn(db);
    const before = db.stats();
    expect(before.deadBytes).toBeGreaterThan(before.liveBytes);
    const report = await db.compact();
    const after = db.stats();
    expect(after).toMatchObject({
      keys: left.size,
      liveBytes: before.liveBytes,
      deadBytes: 0,
      tombstones: 0,
      merges: 1,
    });
    expect(after.segments.every(({ deadBytes, state }) => deadBytes === 0 && state === "sealed")).toBe(true);
    expect(report.inputs.map(({ segmentId }) => segmentId)).toEqual(before.segments.map(({ segmentId }) => segmentId));
    expect(report.outputs.map(({ segmentId }) => segmentId)).toEqual(after.segments.map(({ segmentId }) => segmentId));
    expect(report).toMatchObject({ recordsKept: left.size, leftOut: [], tombstonesKept: 0 });
    expect(report.recordsDropped).toBe(before.segments.reduce((sum, { records }) => sum + records, -left.size));
    expect((await segmentFiles(world)).length).toBe(after.segments.length);
    await expectEntries(db, left);
    db = await world.reopen(db);
    await expectEntries(db, left);
  });

  test("compacting again changes nothing", async () => {
    const world = await newWorld();
    const db = await world.open();
    const left = await churn(db);
    await db.compact();
    const before = db.stats();
    const report = await db.compact();
    expect(report).toMatchObject({ inputs: [], outputs: [], bytesWritten: 0 });
    expect(db.stats()).toEqual(before);
    await expectEntries(db, left);
  });

  test("segments without anything dead are joined", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(300, index));
    await db.close();
    db = await world.open({ segmentBytesMax: 100_000 });
    expect(db.stats().segments.length).toBe(6);
    await db.compact();
    expect(db.stats()).toMatchObject({ keys: 6, segments: [{ records: 6, state: "sealed" }] });
  });

  test("what is left fills segments of the length that is allowed", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    for (let turn = 0; turn < 2; turn += 1) {
      for (let index = 0; index < 30; index += 1) await db.put(`key ${index}`, filler(100, index + turn));
    }
    await db.compact();
    const { segments } = db.stats();
    expect(segments.length).toBe(5);
    expect(segments.every(({ fileBytes }) => fileBytes <= 1024)).toBe(true);
  });

  test("a store from which everything was deleted has no segment left, and goes on", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 1024 });
    await churn(db);
    await db.clear();
    const { sequence } = db.stats();
    await db.compact();
    expect(db.stats()).toMatchObject({ keys: 0, totalBytes: 0, fileBytes: 0, segments: [], sequence });
    expect(await segmentFiles(world)).toEqual([]);
    db = await world.reopen(db);
    expect(db.stats()).toMatchObject({ keys: 0, segments: [], sequence });
    await db.put("key", "1");
    expect(db.stats().sequence).toBe(sequence + 1);
    db = await world.reopen(db);
    expect(await entriesOf(db)).toEqual([["key", "1"]]);
  });

  test("compacting an empty store is fine", async () => {
    const world = await newWorld();
    const db = await world.open();
    expect(await db.compact()).toMatchObject({ inputs: [], outputs: [] });
    await db.put("key", "1");
    await db.compact();
    expect(await entriesOf(db)).toEqual([["key", "1"]]);
  });

  test("reads and writes go on while it runs, and none is lost or undone", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 1024 });
    const left = await churn(db);
    const compacted = db.compact();
    let writes = 0;
    while (db.stats().merges === 0) {
      const index = writes % 20;
      if (index % 4 === 0) {
        left.delete(`key ${index}`);
        await db.delete(`key ${index}`);
      } else {
        left.set(`key ${index}`, filler(50, writes));
        await db.put(`key ${index}`, left.get(`key ${index}`)!);
      }
      const other = `key ${(index + 7) % 20}`;
      expect(db.getSync(other)).toEqual(left.get(other));
      expect(await db.get(other)).toEqual(left.get(other));
      writes += 1;
      // In memory nothing waits for a disk; the merge has its turns between the events of the loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await compacted;
    await expectEntries(db, left);
    db = await world.reopen(db);
    await expectEntries(db, left);
  });

  test("two that are asked for at the same time are done one after the other", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    const left = await churn(db);
    const reports = await Promise.all([db.compact(), db.checkpoint(), db.compact()]);
    expect(reports[0].inputs.length).toBeGreaterThan(0);
    await expectEntries(db, left);
  });

  test("cancelled before it has published anything it has changed nothing", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    const left = await churn(db);
    await db.checkpoint();
    const before = {
      segments: db.stats().segments.map(({ segmentId }) => segmentId),
      files: await segmentFiles(world),
    };
    const stop = new AbortController();
    const cancelled = db.compact({
      signal: stop.signal,
      onProgress: () => stop.abort(new RangeError("not now")),
    });
    expect(await rejection(cancelled)).toMatchObject({ code: "HASHLOG_ABORTED", cause: stop.signal.reason as unknown });
    const after = { segments: db.stats().segments.map(({ segmentId }) => segmentId), files: await segmentFiles(world) };
    expect(after.files.sort()).toEqual(before.files.sort());
    expect(after.segments).toEqual(before.segments);
    expect(await rejection(db.compact({ signal: AbortSignal.abort() }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    await expectEntries(db, left);
    await db.compact({ signal: new AbortController().signal });
    await expectEntries(db, left);
  });
});

test("a signal that comes too late to leave everything as it was is not heeded", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 1024 });
  const left = await churn(db);
  const stop = new AbortController();
  const phases = new Set<string>();
  const report = await db.compact({
    signal: stop.signal,
    onProgress: ({ phase }) => {
      phases.add(phase);
      if (phase === "swing") stop.abort();
    },
  });
  expect(stop.signal.aborted).toBe(true);
  expect(report.inputs.length).toBeGreaterThan(0);
  await expectEntries(db, left);
});

test("progress is told from the beginning to the end", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 1024 });
  await churn(db);
  const told: MergeProgress[] = [];
  await db.compact({ onProgress: (progress) => told.push(progress) });
  expect(new Set(told.map(({ phase }) => phase))).toEqual(new Set(["copy", "sync", "swing", "retire"]));
  expect(told.every(({ bytesDone, bytesTotal }) => bytesDone <= bytesTotal)).toBe(true);
});

test("what is overwritten before a merge comes to it is not copied", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  for (const key of ["overwritten", "deleted", "untouched", "untouched"]) await db.put(key, "old");
  const read = world.watched.hold("read", /\.segment$/);
  let begin: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const compacted = db.compact({ onProgress: () => begin() });
  await begun;
  await Promise.all([db.put("overwritten", "new"), db.delete("deleted")]);
  read.release();
  expect(await compacted).toMatchObject({ recordsKept: 1, recordsDropped: 3, superseded: 0 });
  expect(text(db.getSync("overwritten"))).toBe("new");
  expect(text(db.getSync("untouched"))).toBe("old");
});

test("what is written while a merge waits for the disk is newer than what it copies", async () => {
  const world = await memoryWorld();
  let db = await world.open();
  await churn(db);
  await db.put("overwritten", "old");
  await db.put("deleted", "old");
  await db.put("untouched", "old");
  // The output is written, and nothing is published.
  const { nextFileId } = await readManifest(world);
  const sync = world.watched.hold("sync", new RegExp(`${nextFileId}\\.segment$`));
  const compacted = db.compact();
  await sync.reached;
  await Promise.all([db.put("overwritten", "new"), db.delete("deleted"), db.put("added", "new")]);
  expect(await isSettled(compacted)).toBe(false);
  sync.release();
  const report = await compacted;
  expect(report.superseded).toBe(2);
  const check = (): void => {
    const found = ["overwritten", "deleted", "untouched", "added"].map((key) => text(db.getSync(key)));
    expect(found).toEqual(["new", undefined, "old", "new"]);
  };
  check();
  db = await world.reopen(db);
  check();
  await db.compact();
  check();
});

test("a record that expires while it is merged does not come back", async () => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 512 });
  await db.put("key", "older");
  await db.put("filler", filler(300));
  await db.put("key", "short-lived", { ttlMs: 10 });
  await db.put("more", filler(300));
  const compacted = db.compact({ onProgress: () => world.clock.advance(20) });
  await compacted;
  expect(db.has("key")).toBe(false);
  db = await world.reopen(db);
  expect(db.has("key")).toBe(false);
  await db.compact();
  expect(db.stats().keys).toBe(2);
});

test("expired records alone are reason enough to merge", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", filler(1000), { ttlMs: 10 });
  await db.put("other", "1", { ttlMs: 1000 });
  world.clock.advance(10);
  expect(await db.compact()).toMatchObject({ expiredDropped: 1, recordsKept: 1 });
  expect(db.stats()).toMatchObject({ keys: 1, deadBytes: 0 });
});

test.each(["create", "append", "sync"])("an output whose %s fails leaves everything as it was", async (operation) => {
  const world = await memoryWorld();
  const db = await world.open();
  const left = await churn(db);
  const files = await segmentFiles(world);
  const { nextFileId } = await readManifest(world);
  const failing = world.watched.fail(operation, new RegExp(`${nextFileId}\\.segment$`));
  expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_IO" });
  failing.end();
  expect(await segmentFiles(world)).toEqual(files);
  expect(db.stats().writes).toBe("ready");
  await expectEntries(db, left);
  await db.compact();
  await expectEntries(db, left);
});

test("an input that cannot be removed is removed by a later opening", async () => {
  const world = await memoryWorld();
  let db = await world.open();
  const left = await churn(db);
  const failing = world.watched.fail("remove", /\.segment$/, "FS_NOT_PERMITTED");
  await db.compact();
  failing.end();
  expect(db.stats().failures).toMatchObject({ count: 1, last: { code: "FS_NOT_PERMITTED" } });
  expect((await segmentFiles(world)).length).toBe(2);
  await db.close();
  db = await world.open();
  expect(db.stats().open.filesRemoved).toEqual([expect.stringMatching(/segment$/)]);
  expect((await segmentFiles(world)).length).toBe(1);
  await expectEntries(db, left);
});
