import { open, type OpenOptions, type Store } from "@hashlog/engine";
import { BACKUP_MARK_NAME, decodeManifest, MANIFEST_NAME } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { checkInvariants } from "./support/check-invariants.ts";
import { readFile, type StorePlace } from "./support/recount.ts";
import { writeFile } from "./support/roads.ts";
import { entriesOf, filler, rejection } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, simulatedWorld, type World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

const SMALL_SEGMENTS: OpenOptions = { segmentBytesMax: 1024 };

/** Beside the store. */
function backupDirectory(world: World, name: string = "backup"): string {
  return world.fileSystem.join(world.fileSystem.parent(world.directory), name);
}

async function write(db: TextStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) await db.put(`key ${index % 30}`, filler(80, index));
}

/** What a process leaves behind that is killed while it waits for that, at the beginning and after every few microtasks. */
async function killedAtAnyMoment(killed: () => StorePlace, work: Promise<unknown>): Promise<StorePlace[]> {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  const places = [killed()];
  while (!isDone) {
    for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
    places.push(killed());
  }
  await done;
  return places;
}

/** What a backup holds: it is opened, checked, and closed again. That makes a store of its own of it. */
async function contentOf(world: World, directory: string, fileSystem: FileSystem = world.fileSystem): Promise<unknown> {
  const { clock } = world;
  const db = await open(directory, { fileSystem, clock, compaction: false });
  await checkInvariants(db as never, { fileSystem });
  const entries = await entriesOf(db);
  await db.close();
  return entries;
}

function withoutLinks(fileSystem: FileSystem): FileSystem {
  return new Proxy(fileSystem, {
    get: (target, name) => {
      if (name !== "link") return Reflect.get(target, name, target) as unknown;
      return async (_source: string, path: string) => {
        const { FsError } = await import("@hashlog/fs-io");
        throw new FsError("FS_NOT_SUPPORTED", "there are no links here", { operation: "link", path });
      };
    },
  });
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a backup opens as a store with everything that was acknowledged, and both go their own ways", async () => {
    const world = await newWorld();
    const db = await world.open(SMALL_SEGMENTS);
    await write(db, 0, 60);
    const directory = backupDirectory(world);
    const report = await db.backup(directory);
    const before = await entriesOf(db);
    expect(report).toMatchObject({ sequence: 60, copied: 0, bytesCopied: 0, kept: 0, removed: 0 });
    expect(report.linked).toBe(db.stats().segments.length);
    await db.put("of the store", "1");
    const copy = await open(directory, { fileSystem: world.fileSystem, clock: world.clock, ...SMALL_SEGMENTS });
    expect(await entriesOf(copy)).toEqual(before);
    await copy.put("of the backup", "2");
    await copy.compact();
    await write(copy, 60, 90);
    await checkInvariants(copy as never, { fileSystem: world.fileSystem });
    await copy.close();
    await write(db, 90, 100);
    expect(db.has("of the backup")).toBe(false);
    await db.compact();
    await world.check(db);
  });

  test("where files cannot be linked they are copied, with progress", async () => {
    const world = await newWorld();
    const db = await world.open({ ...SMALL_SEGMENTS, fileSystem: withoutLinks(world.fileSystem) });
    await write(db, 0, 60);
    const progress: number[] = [];
    const report = await db.backup(backupDirectory(world), {
      onProgress: ({ bytesDone, bytesTotal }) => progress.push(bytesDone / bytesTotal),
    });
    expect(report).toMatchObject({ linked: 0, copied: db.stats().segments.length });
    expect(report.bytesCopied).toBe(db.stats().fileBytes);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((left, right) => left - right));
    expect(await contentOf(world, backupDirectory(world))).toEqual(await entriesOf(db));
  });

  test.each(["links", "copies"])(
    "into an earlier backup goes what is new, by %s, and what is old goes",
    async (how) => {
      const world = await newWorld();
      const fileSystem = how === "links" ? world.fileSystem : withoutLinks(world.fileSystem);
      const db = await world.open({ ...SMALL_SEGMENTS, fileSystem });
      const directory = backupDirectory(world);
      await write(db, 0, 60);
      const first = await db.backup(directory);
      const firstCount = first.linked + first.copied;
      await db.put("later", "1");
      const second = await db.backup(directory);
      expect(second).toMatchObject({ kept: firstCount, removed: 0, sequence: first.sequence + 1 });
      expect(second.linked + second.copied).toBe(1);
      await db.compact();
      const third = await db.backup(directory);
      expect(third).toMatchObject({ kept: 0, removed: firstCount + 1 });
      expect(await db.backup(directory)).toMatchObject({ linked: 0, copied: 0, removed: 0 });
      expect(await contentOf(world, directory)).toEqual(await entriesOf(db));
    },
  );
});

test("a backup of a store without a write is an empty store", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  expect(await db.backup(backupDirectory(world))).toMatchObject({ sequence: 0, linked: 0, copied: 0 });
  expect(await contentOf(world, backupDirectory(world))).toEqual([]);
});

test("a backup that was opened for writing since is refused, and stays as it is", async () => {
  const world = await memoryWorld();
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  await db.backup(directory);
  const content = await contentOf(world, directory);
  await db.put("later", "1");
  expect(await rejection(db.backup(directory))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: expect.stringContaining("opened for writing") as string,
  });
  expect(await contentOf(world, directory)).toEqual(content);
});

/** A store that was restored from a copy of that backup. */
async function restored(world: World, backup: string): Promise<TextStore> {
  const { fileSystem, clock } = world;
  const directory = backupDirectory(world, "restored");
  await fileSystem.makeDirectory(directory);
  for (const name of await fileSystem.list(backup)) {
    await writeFile(
      fileSystem,
      fileSystem.join(directory, name),
      await readFile(fileSystem, fileSystem.join(backup, name)),
    );
  }
  return open(directory, { fileSystem, clock, ...SMALL_SEGMENTS });
}

test("a store that was restored from a copy of a backup goes on with that backup", async () => {
  const world = await memoryWorld();
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  const { linked } = await db.backup(directory);
  const again = await restored(world, directory);
  await again.put("later", "1");
  expect(await again.backup(directory)).toMatchObject({ kept: linked, linked: 1 });
  expect(await contentOf(world, directory)).toEqual(await entriesOf(again));
  await again.close();
});

test("of two stores that one backup was made into, only the one that it goes on with is taken", async () => {
  const world = await memoryWorld();
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  await db.backup(directory);
  const another = await restored(world, directory);
  await another.put("whose", "the other's");
  await db.put("whose", "the first's");
  await db.backup(directory);
  const manifest = world.fileSystem.join(directory, MANIFEST_NAME);
  const before = await readFile(world.fileSystem, manifest);
  expect(await rejection(another.backup(directory))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: `${directory} holds a backup of another copy of this store, which was written to since; take another directory`,
    path: directory,
  });
  expect(await readFile(world.fileSystem, manifest)).toEqual(before);
  await another.close();
  expect(await db.backup(directory)).toMatchObject({ linked: 0 });
  expect(await contentOf(world, directory)).toEqual(await entriesOf(db));
});

test.each(["missing", "cut short"])("a segment of the earlier backup that is %s is made again", async (how) => {
  const world = await memoryWorld();
  const { fileSystem } = world;
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  const { linked } = await db.backup(directory);
  const name = (await fileSystem.list(directory)).find((one) => one.endsWith(".segment"))!;
  const path = fileSystem.join(directory, name);
  const bytes = await readFile(fileSystem, path);
  if (how === "missing") await fileSystem.remove(path);
  else await writeFile(fileSystem, path, bytes.subarray(0, 100));
  expect(await db.backup(directory)).toMatchObject({ linked: 1, kept: linked - 1 });
  expect(await contentOf(world, directory)).toEqual(await entriesOf(db));
});

test("reading a backup leaves it one", async () => {
  const world = await memoryWorld();
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  await db.backup(directory);
  const reader = await open(directory, { fileSystem: world.fileSystem, clock: world.clock, readOnly: true });
  expect(await entriesOf(reader as never)).toEqual(await entriesOf(db));
  await reader.close();
  expect((await db.backup(directory)).kept).toBeGreaterThan(0);
});

test("into another store, its own directory, damaged files or no directory nothing is backed up", async () => {
  const world = await memoryWorld();
  const { fileSystem, clock } = world;
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const another = await open(backupDirectory(world, "another"), { fileSystem, clock });
  await another.put("key", "value");
  expect(await rejection(db.backup(backupDirectory(world, "another")))).toMatchObject({ code: "HASHLOG_LOCKED" });
  await another.close();
  expect(await rejection(db.backup(backupDirectory(world, "another")))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: expect.stringContaining("another store") as string,
  });
  expect(await contentOf(world, backupDirectory(world, "another"))).toHaveLength(1);
  expect(await rejection(db.backup(world.directory))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: `${world.directory} is the directory of the store itself; take another directory`,
  });
  await fileSystem.makeDirectory(backupDirectory(world, "damaged"));
  const orphan = fileSystem.join(backupDirectory(world, "damaged"), "hashlog-0000000001.segment");
  await writeFile(fileSystem, orphan, new Uint8Array(10));
  expect(await rejection(db.backup(backupDirectory(world, "damaged")))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: expect.stringContaining("without a manifest") as string,
  });
  expect((await fileSystem.stat(orphan))?.bytes).toBe(10);
  await writeFile(fileSystem, backupDirectory(world, "file"), new Uint8Array(1));
  for (const path of [backupDirectory(world, "file"), "", 1 as never]) {
    expect(await rejection(db.backup(path))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  }
  expect(await rejection(db.backup("/x", { links: true } as never))).toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
  });
});

test("a backup is cancelled by its signal, before it begins and while it copies, and the earlier one is whole", async () => {
  const world = await memoryWorld();
  const db = await world.open({ ...SMALL_SEGMENTS, fileSystem: withoutLinks(world.fileSystem) });
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  expect(await rejection(db.backup(directory, { signal: AbortSignal.abort() }))).toMatchObject({
    code: "HASHLOG_ABORTED",
  });
  await db.backup(directory);
  const before = await entriesOf(db);
  await write(db, 30, 90);
  const controller = new AbortController();
  const cancelled = db.backup(directory, { signal: controller.signal, onProgress: () => controller.abort() });
  expect(await rejection(cancelled)).toMatchObject({ code: "HASHLOG_ABORTED" });
  const copy = backupDirectory(world, "copy of the backup");
  await world.fileSystem.makeDirectory(copy);
  for (const name of await world.fileSystem.list(directory)) {
    if (name.includes("lock")) continue;
    const bytes = await readFile(world.fileSystem, world.fileSystem.join(directory, name));
    await writeFile(world.fileSystem, world.fileSystem.join(copy, name), bytes);
  }
  expect(await contentOf(world, copy)).toEqual(before);
  await db.backup(directory);
  expect(await contentOf(world, directory)).toEqual(await entriesOf(db));
});

test("writes and merges go on while it is made, and it holds a prefix of the log", async () => {
  const world = await memoryWorld();
  const db = await world.open({ ...SMALL_SEGMENTS, compaction: { jitter: 0 } });
  await write(db, 0, 30);
  const writing = (async () => {
    for (let index = 0; index < 200; index += 1) await db.put(`late ${index}`, filler(50, index));
  })();
  const { sequence } = await db.backup(backupDirectory(world));
  await writing;
  const manifest = decodeManifest(
    await readFile(world.fileSystem, world.fileSystem.join(backupDirectory(world), MANIFEST_NAME)),
  );
  expect(manifest).toMatchObject({ kind: "ok", value: { floor: sequence, epoch: 0, checkpoint: undefined } });
  const entries = (await contentOf(world, backupDirectory(world))) as [string, unknown][];
  expect(entries).toHaveLength(sequence);
  expect(entries.filter(([key]) => key.startsWith("late"))).toHaveLength(sequence - 30);
});

test("a backup ends where its report says, also where a sync covers more than was asked of it", async () => {
  const { world } = await simulatedWorld();
  const db = await world.open({ segmentBytesMax: 512, sync: "never" });
  await db.put("first", filler(600, 1), { sync: true });
  // It begins a segment. That is ended for the backup, and synced with the fence of the one before it.
  const second = db.put("second", "2");
  const { sequence } = await db.backup(backupDirectory(world));
  await second;
  const entries = (await contentOf(world, backupDirectory(world))) as unknown[];
  expect([sequence, entries.length]).toEqual([2, 2]);
});

test("a process that is killed at whatever moment of a first backup leaves none, or all of it", async () => {
  const { world, killed } = await simulatedWorld();
  const { clock } = world;
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const expected = await entriesOf(db);
  const directory = backupDirectory(world);
  const seen = { none: 0, begun: 0, whole: 0 };
  for (const { fileSystem } of await killedAtAnyMoment(killed, db.backup(directory))) {
    const names = (await fileSystem.stat(directory)) === undefined ? [] : await fileSystem.list(directory);
    if (names.includes(MANIFEST_NAME)) {
      expect(await contentOf(world, directory, fileSystem)).toEqual(expected);
      seen.whole += 1;
    } else if (names.includes(BACKUP_MARK_NAME)) {
      // Half a backup is neither a store nor an empty one.
      for (const readOnly of [false, true]) {
        const opening = open(directory, { fileSystem, clock, readOnly: readOnly as never });
        expect(await rejection(opening)).toMatchObject({
          code: "HASHLOG_CORRUPT",
          message: expect.stringContaining("cut off") as string,
        });
      }
      // The store itself is opened again, and backed up once more.
      const again = await open(world.directory, { fileSystem, clock, compaction: false });
      await again.backup(directory);
      await again.close();
      expect(await contentOf(world, directory, fileSystem)).toEqual(expected);
      seen.begun += 1;
    } else {
      seen.none += 1;
    }
  }
  expect(Math.min(seen.none, seen.begun, seen.whole)).toBeGreaterThan(0);
});

test("a backup into what a process left that was killed at whatever moment is there after a power cut", async () => {
  let isDone = false;
  for (let turns = 0; !isDone; turns += 1) {
    const disk = new SimulatedDisk();
    const store = await open("/parent/store", { fileSystem: disk.boot() });
    await store.put("key", "value");
    store.backup("/parent/backup").then(
      () => (isDone = true),
      () => "the process was killed",
    );
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    disk.kill();
    const again = await open("/parent/store", { fileSystem: disk.boot() });
    await again.backup("/parent/backup");
    disk.powerCut([], "drop-all");
    const backup = await open("/parent/backup", { fileSystem: disk.boot(), readOnly: true });
    expect(backup.has("key"), `killed after ${turns} microtasks`).toBe(true);
    await backup.close();
  }
});

test("a process that is killed at whatever moment of a later backup leaves the earlier one, or the new one", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await world.open(SMALL_SEGMENTS);
  await write(db, 0, 30);
  const directory = backupDirectory(world);
  await db.backup(directory);
  const earlier = await entriesOf(db);
  await write(db, 30, 70);
  await db.compact();
  const later = await entriesOf(db);
  const seen = { earlier: 0, later: 0 };
  for (const { fileSystem } of await killedAtAnyMoment(killed, db.backup(directory))) {
    const content = await contentOf(world, directory, fileSystem);
    const which = JSON.stringify(content) === JSON.stringify(earlier) ? "earlier" : "later";
    expect(content).toEqual(which === "earlier" ? earlier : later);
    seen[which] += 1;
  }
  expect(Math.min(seen.earlier, seen.later)).toBeGreaterThan(0);
});
