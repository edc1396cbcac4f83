import { open, type Clock, type Store } from "@hashlog/engine";
import { MANIFEST_NAME } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { checkInvariants } from "./support/check-invariants.ts";
import { readManifest, type StorePlace } from "./support/recount.ts";
import { checkRoads } from "./support/roads.ts";
import { entriesOf, filler, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, simulatedWorld, type World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Opens what a killed process has left behind. */
async function openKilled(place: StorePlace, clock: Clock): Promise<TextStore> {
  const db = await open(place.directory, { fileSystem: place.fileSystem, clock });
  await checkInvariants(db as never, { fileSystem: place.fileSystem });
  return db;
}

async function names(world: World, kind: string): Promise<string[]> {
  return (await world.fileSystem.list(world.directory)).filter((name) => name.endsWith(`.${kind}`)).sort();
}

async function fill(db: TextStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    await db.put(`key ${index % 30}`, filler(80, index));
    if (index % 7 === 0) await db.delete(`key ${(index + 3) % 30}`);
  }
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a new checkpoint takes the place of the old one, and nothing is written where nothing has changed", async () => {
    const world = await newWorld();
    let db = await world.open();
    await fill(db, 0, 10);
    await db.checkpoint();
    const first = await names(world, "checkpoint");
    await db.checkpoint();
    expect(await names(world, "checkpoint")).toEqual(first);
    await db.put("key", "new");
    await db.checkpoint();
    const second = await names(world, "checkpoint");
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(second).not.toEqual(first);
    db = await world.reopen(db);
    expect(await names(world, "checkpoint")).toEqual(second);
    await db.close();
    expect(await names(world, "checkpoint")).toEqual(second);
  });

  test("a checkpoint holds nothing that is not durable, whatever the policy", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await fill(db, 0, 10);
    await db.checkpoint();
    expect(db.stats().floor).toBe(db.stats().sequence);
  });

  test("hints are written for sealed segments, and written again where they are missing", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 1024 });
    await fill(db, 0, 40);
    db = await world.reopen(db);
    // Done when everything is that the opening has set going before.
    await db.checkpoint();
    const sealed = db.stats().segments.filter(({ state }) => state === "sealed");
    const hints = await names(world, "hint");
    expect(hints.length).toBe(sealed.length);
    db = await world.reopen(db);
    await db.close();
    for (const hint of hints.slice(1)) await world.fileSystem.remove(world.path(hint));
    db = await world.open();
    await db.checkpoint();
    expect(await names(world, "hint")).toEqual(hints);
  });
});

describe("when the process is killed", () => {
  test("after a checkpoint the next opening uses it, also when the process was killed", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    await fill(db, 0, 60);
    const before = await openKilled(killed(), world.clock);
    expect(before.stats().open.clean).toBe(false);
    expect(before.stats().open.road).not.toBe("checkpoint");
    expect(await entriesOf(before)).toEqual(await entriesOf(db));
    await before.close();

    await db.checkpoint();
    expect(db.stats().checkpoints).toBe(1);
    const at = await openKilled(killed(), world.clock);
    expect(at.stats().open).toMatchObject({ clean: false, road: "checkpoint" });
    expect(await entriesOf(at)).toEqual(await entriesOf(db));
    await at.close();

    // What was written since is replayed: within the same segment, and in others.
    for (const until of [62, 80]) {
      await fill(db, 60, until);
      const after = await openKilled(killed(), world.clock);
      expect(after.stats().open).toMatchObject({ clean: false, road: "checkpoint" });
      expect(await entriesOf(after)).toEqual(await entriesOf(db));
      await after.close();
    }
  });

  test("a merge drops the checkpoint, which points into what goes, and writes another", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    await fill(db, 0, 40);
    await db.checkpoint();
    const [first] = await names(world, "checkpoint");
    await db.compact();
    const after = await names(world, "checkpoint");
    expect(after.length).toBe(1);
    expect(after[0]).not.toBe(first);
    const again = await openKilled(killed(), world.clock);
    expect(again.stats().open.road).toBe("checkpoint");
    expect(await entriesOf(again)).toEqual(await entriesOf(db));
    await again.close();
  });

  test("writes go on while a checkpoint is written, and are all there after a kill", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    await fill(db, 0, 30);
    const sync = world.watched.hold("sync", /\.checkpoint$/);
    const checkpoint = db.checkpoint();
    await sync.reached;
    await fill(db, 30, 60);
    sync.release();
    await checkpoint;
    const again = await openKilled(killed(), world.clock);
    expect(again.stats().open.road).toBe("checkpoint");
    expect(await entriesOf(again)).toEqual(await entriesOf(db));
    await again.close();
  });
});

test("a checkpoint that cannot be written leaves the store as it is, and no file behind", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 0, 10);
  for (const [operation, path] of [
    ["create", /\.checkpoint$/],
    ["append", /\.checkpoint$/],
    ["sync", /\.checkpoint$/],
  ] as const) {
    const failing = world.watched.fail(operation, path, "FS_NO_SPACE");
    expect(await rejection(db.checkpoint())).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    failing.end();
    expect(await names(world, "checkpoint")).toEqual([]);
  }
  await db.put("key", "value");
  await db.checkpoint();
  expect((await names(world, "checkpoint")).length).toBe(1);
});

test("a store of the file alone: a checkpoint of another keydir, or of another store, is not used", async () => {
  const world = await memoryWorld();
  let db = await world.open();
  await fill(db, 0, 10);
  const entries = await entriesOf(db);
  await db.close();
  const { hashKeydir } = await import("@hashlog/index");
  db = await world.open({
    index: (options) => Object.defineProperty(hashKeydir(options), "layout", { value: "another/1" }),
  });
  expect(db.stats().open.road).toBe("scan");
  expect(await entriesOf(db)).toEqual(entries);
  await db.put("key", "value");
  await db.close();
  db = await world.open();
  expect(db.stats().open.road).toBe("scan");
  expect(text(db.getSync("key"))).toBe("value");
});

test("a process that is killed between the two edits of a merge leaves the same store on every road", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await world.open({ segmentBytesMax: 1024 });
  await fill(db, 0, 40);
  await db.checkpoint();
  const entries = await entriesOf(db);
  // The first edit lists the outputs beside the inputs; before the second one the process dies.
  let edits = 0;
  const merge = db.compact({
    onProgress: ({ phase }) => {
      if (phase !== "swing" || edits > 0) return;
      edits += 1;
      world.watched.fail("replace", new RegExp(MANIFEST_NAME));
    },
  });
  await rejection(merge);
  const place = killed();
  const { segments, checkpoint } = await readManifest(place);
  expect(checkpoint).not.toBe(undefined);
  expect(segments.length).toBeGreaterThan(db.stats().segments.filter(({ state }) => state === "sealed").length / 2);
  const again = await open(place.directory, { fileSystem: place.fileSystem, clock: world.clock });
  expect(await entriesOf(again)).toEqual(entries);
  await checkInvariants(again as never, { fileSystem: place.fileSystem });
  await again.compact();
  expect(again.stats().deadBytes).toBe(0);
  expect(await entriesOf(again)).toEqual(entries);
  await again.close();
  await checkRoads(place, world.clock);
  world.leaveUnchecked();
});

test("a checkpoint is written by itself as the log grows", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never", segmentBytesMax: 8 * 1024 * 1024 });
  const value = filler(1024 * 1024);
  for (let index = 0; index < 80; index += 1) await db.put(`key ${index % 8}`, value);
  await db.sync();
  // Whatever was to be done in the background is done before what is asked for now.
  await db.compact();
  expect(db.stats().checkpoints).toBe(2);
  expect(db.stats().failures).toEqual({ count: 0, last: undefined });
});

test("a checkpoint that cannot be written when the store is closed is no failure of the closing", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 0, 10);
  const entries = await entriesOf(db);
  const failing = world.watched.fail("create", /\.checkpoint$/, "FS_NO_SPACE");
  await db.close();
  expect(db.stats().failures).toMatchObject({ count: 1, last: { code: "HASHLOG_NO_SPACE" } });
  failing.end();
  const again = await world.open();
  expect(again.stats().open).toMatchObject({ clean: true, road: "scan" });
  expect(await entriesOf(again)).toEqual(entries);
});

test("a checkpoint that the manifest could not be made to name is removed", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 0, 10);
  const failing = world.watched.fail("replace", new RegExp(MANIFEST_NAME), "FS_IO", "unchanged");
  expect(await rejection(db.checkpoint())).toMatchObject({ code: "HASHLOG_IO" });
  failing.end();
  expect(await names(world, "checkpoint")).toEqual([]);
  await db.checkpoint();
  expect((await names(world, "checkpoint")).length).toBe(1);
});

test.each(["openRead", "read"])("a hint, or a checkpoint, whose %s fails is left aside", async (operation) => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 512 });
  await fill(db, 0, 20);
  const entries = await entriesOf(db);
  db = await world.reopen(db);
  await world.check(db);
  await db.close();
  for (const [pattern, road] of [
    [/\.checkpoint$/, "hints"],
    [/\.(?:checkpoint|hint)$/, "scan"],
  ] as const) {
    const failing = world.watched.fail(operation, pattern);
    db = await world.open({ segmentBytesMax: 512 });
    expect(db.stats().open.road).toBe(road);
    expect(await entriesOf(db)).toEqual(entries);
    failing.end();
    await db.close();
  }
});

test("a checkpoint tells how far it is", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 0, 20);
  const seen: { partsDone: number; partsTotal: number }[] = [];
  await db.checkpoint({ onProgress: (progress) => seen.push(progress) });
  const { partsTotal } = seen[0]!;
  expect(seen).toEqual(Array.from({ length: partsTotal }, (_, part) => ({ partsDone: part + 1, partsTotal })));
  await db.checkpoint({ onProgress: (progress) => seen.push(progress) });
  expect(seen).toHaveLength(partsTotal);
});

test("a checkpoint that is cancelled leaves the one before it, and no file", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await fill(db, 0, 20);
  await db.checkpoint();
  const before = await names(world, "checkpoint");
  await db.put("new", "1");
  expect(await rejection(db.checkpoint({ signal: AbortSignal.abort("no") }))).toMatchObject({
    code: "HASHLOG_ABORTED",
    cause: "no",
  });
  const controller = new AbortController();
  const { signal } = controller;
  const cancelled = db.checkpoint({ signal, onProgress: ({ partsDone }) => partsDone === 3 && controller.abort() });
  expect(await rejection(cancelled)).toMatchObject({ code: "HASHLOG_ABORTED" });
  expect(await names(world, "checkpoint")).toEqual(before);
  await db.checkpoint();
  expect(await names(world, "checkpoint")).not.toEqual(before);
  for (const options of [{ signal: {} }, { onProgress: 1 }, { sync: true }, null]) {
    expect(await rejection(db.checkpoint(options as never))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  }
});
