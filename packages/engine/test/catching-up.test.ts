import { open, type ReadOnlyStore, type Store } from "@hashlog/engine";
import { segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { copyStore, writeFile } from "./support/roads.ts";
import { readFile } from "./support/recount.ts";
import { all, entriesOf, filler, rejection, settle, text } from "./support/values.ts";
import { WatchedFileSystem } from "./support/watched-file-system.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld, readingAsynchronously, type World } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;
const MANIFEST = /manifest$/;
const LARGE = 400;

type Writer = Store<string, Uint8Array, Uint8Array | string>;
type ReadStore = ReadOnlyStore<string, Uint8Array>;

/** A writer with a few entries, a reader, and what the reader does to its files. */
async function openBoth(
  world: World,
  options: object = {},
): Promise<{ db: Writer; reader: ReadStore; watched: WatchedFileSystem }> {
  const db = await world.open({ segmentBytesMax: 512, ...options });
  // Something that a merge can take.
  await db.put("c", "c zeroth");
  for (const key of ["a", "b", "c"]) await db.put(key, `${key} first`);
  const watched = new WatchedFileSystem(world.fileSystem);
  return { db, reader: await world.openReader({ fileSystem: watched.fileSystem }), watched };
}

async function expectSame(reader: ReadStore, db: Writer): Promise<void> {
  expect(await entriesOf(reader)).toEqual(await entriesOf(db));
  expect(reader.stats()).toMatchObject({ keys: db.stats().keys, sequence: db.stats().sequence });
}

describe.each(FILE_SYSTEMS)("on $name, refresh", ({ newWorld }) => {
  test("reads on where it left off: what was read is not read again", async () => {
    const world = await newWorld();
    const { db, reader, watched } = await openBoth(world, { segmentBytesMax: 100_000 });
    watched.calls.length = 0;
    expect(await reader.refresh()).toBe(false);
    expect([watched.count("read", SEGMENT), watched.count("openRead", SEGMENT)]).toEqual([0, 0]);
    await db.put("d", "first");
    await db.delete("a");
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, db);
    expect(watched.count("openRead", SEGMENT)).toBe(0);
  });

  test("opens segments that began since, sealed by now or not, and reads nothing else", async () => {
    const world = await newWorld();
    const { db, reader, watched } = await openBoth(world);
    for (let index = 0; index < 10; index += 1) await db.put(`key ${index}`, filler(LARGE, index));
    await settle(db);
    await db.put("a", "second");
    watched.calls.length = 0;
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, db);
    const { segments } = reader.stats();
    expect(segments).toBeGreaterThan(10);
    expect(watched.count("openRead", SEGMENT)).toBe(segments - 1);
    expect(watched.count("openRead", /hint|checkpoint/)).toBe(0);
    expect(await reader.refresh()).toBe(false);
  });

  test("loads the index again when a merge has removed segments, and lets the old files go", async () => {
    const world = await newWorld();
    const { db, reader, watched } = await openBoth(world);
    for (let index = 0; index < 10; index += 1) await db.put(`key ${index % 3}`, filler(LARGE, index));
    await reader.refresh();
    await db.compact();
    expect(text(reader.getSync("a"))).toBe("a first");
    expect(reader.getSync("key 0")).toEqual(filler(LARGE, 9));
    expect(await reader.refresh()).toBe(false);
    await expectSame(reader, db);
    expect(watched.openFiles).toBe(db.stats().segments.length);
    await db.put("a", "second");
    await reader.refresh();
    await expectSame(reader, db);
  });

  test("loads it again when another writer has opened the store", async () => {
    const world = await newWorld();
    const { db, reader } = await openBoth(world);
    await db.put("d", "first");
    await db.close();
    const next = await world.open({ segmentBytesMax: 512 });
    await next.put("a", "second");
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, next);
    await next.put("b", "second");
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, next);
  });

  test("is shared by those who call it while it runs, each of whom sees what was acknowledged before their call", async () => {
    const world = await newWorld();
    const { db, reader, watched } = await openBoth(world);
    const reading = watched.hold("openRead", MANIFEST);
    const first = reader.refresh();
    await reading.reached;
    await db.put("d", "first");
    const later = [reader.refresh(), reader.refresh(), reader.refresh()];
    watched.calls.length = 0;
    reading.release();
    await Promise.all([first, ...later]);
    expect(reader.has("d")).toBe(true);
    expect(reader.stats().refreshes).toBe(2);
    expect(watched.count("openRead", MANIFEST)).toBe(1);
  });
});

describe("iterators and snapshots that began before", () => {
  test("go on in what they began with while the index is loaded again, and give its files free when they end", async () => {
    const world = await memoryWorld();
    const { db, reader, watched } = await openBoth(world);
    for (let index = 0; index < 500; index += 1) await db.put(`key ${index}`, `first ${index}`);
    await reader.refresh();
    const before = await entriesOf(reader);
    const iterator = reader.entries();
    const snapshot = reader.snapshot();
    const ordered = reader.keys({ gte: "key 1" });
    const found: [string, string][] = [];
    for (let count = 0; count < 10; count += 1) {
      const { value } = await iterator.next();
      found.push([value![0], text(value![1])!]);
    }
    expect((await ordered.next()).value).toBe("key 1");
    for (let index = 0; index < 500; index += 1) await db.put(`key ${index}`, `second ${index}`);
    await db.clear({ prefix: "key 4" });
    await db.compact();
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, db);
    expect(reader.stats()).toMatchObject({ iterators: 2, snapshots: 1 });
    const many = watched.openFiles;
    for await (const [key, value] of iterator) found.push([key, text(value)!]);
    expect(found.sort(([left], [right]) => (left < right ? -1 : 1))).toEqual(before);
    expect((await all(ordered)).length).toBe(498);
    expect(await entriesOf(snapshot)).toEqual(before);
    expect(text(await snapshot.get("key 499"))).toBe("first 499");
    expect((await all(snapshot.keys({ prefix: "key 49" }))).length).toBe(11);
    expect(many).toBeGreaterThan(reader.stats().segments);
    snapshot.close();
    expect(reader.stats()).toMatchObject({ iterators: 0, snapshots: 0 });
    expect(watched.openFiles).toBe(reader.stats().segments);
  });

  test("are closed with the store, of whatever age", async () => {
    const world = await memoryWorld();
    const { db, reader, watched } = await openBoth(world);
    const snapshot = reader.snapshot();
    await db.compact();
    await reader.refresh();
    await reader.close();
    expect(snapshot.isClosed).toBe(true);
    expect(watched.openFiles).toBe(0);
  });

  test("a get that is under way reads what it has found, also from a file that is gone", async () => {
    const world = await memoryWorld();
    const { db, watched } = await openBoth(world);
    const reader = await world.openReader({ fileSystem: readingAsynchronously(watched.fileSystem) });
    const reading = watched.hold("read", SEGMENT);
    const gets = [reader.get("a"), reader.getMany(["b", "c"])] as const;
    await reading.reached;
    reading.release();
    const held = watched.hold("read", new RegExp(segmentFileName(1)));
    const late = reader.get("a");
    await db.put("a", "second");
    await db.compact();
    await reader.refresh();
    held.release();
    expect(text(await late)).toBe("a first");
    expect(text(await gets[0])).toBe("a first");
    expect((await gets[1]).map(text)).toEqual(["b first", "c first"]);
    expect(text(await reader.get("a"))).toBe("second");
  });
});

describe("files that go while they are read", () => {
  test("an opening whose segments a merge removes begins anew", async () => {
    const world = await memoryWorld();
    const { db } = await openBoth(world);
    const watched = new WatchedFileSystem(world.fileSystem);
    const opening = watched.hold("openRead", SEGMENT);
    const reader = world.openReader({ fileSystem: watched.fileSystem });
    await opening.reached;
    await db.compact();
    opening.release();
    await expectSame(await reader, db);
    expect(watched.count("openRead", MANIFEST)).toBeGreaterThan(2);
    expect(watched.openFiles).toBe(db.stats().segments.length);
  });

  test("so does a refresh, whether the index has grown or is loaded again", async () => {
    const world = await memoryWorld();
    const { db, reader, watched } = await openBoth(world);
    await db.put("d", filler(LARGE));
    await db.put("e", filler(LARGE));
    for (let turn = 0; turn < 2; turn += 1) {
      const opening = watched.hold("openRead", SEGMENT);
      const refreshed = reader.refresh();
      await opening.reached;
      await db.put("a", `turn ${turn}`);
      await db.compact();
      opening.release();
      await refreshed;
      await expectSame(reader, db);
      expect(watched.openFiles).toBe(db.stats().segments.length);
      await db.put("f", `${turn}`);
      await db.compact();
    }
  });

  test("a checkpoint that another one replaced is not missed: the new one is loaded", async () => {
    const world = await memoryWorld();
    const { db } = await openBoth(world);
    await db.checkpoint();
    const watched = new WatchedFileSystem(world.fileSystem);
    const opening = watched.hold("openRead", /checkpoint$/);
    const reader = world.openReader({ fileSystem: watched.fileSystem });
    await opening.reached;
    await db.put("d", "first");
    await db.checkpoint();
    opening.release();
    expect((await reader).stats()).toMatchObject({ road: "checkpoint", keys: 4 });
  });

  test("a checkpoint that cannot be read costs time and nothing else", async () => {
    const world = await memoryWorld();
    const { db } = await openBoth(world);
    await db.compact();
    await settle(db);
    const watched = new WatchedFileSystem(world.fileSystem);
    watched.fail("openRead", /checkpoint$/);
    const reader = await world.openReader({ fileSystem: watched.fileSystem });
    expect(reader.stats().road).toBe("hints");
    await expectSame(reader, db);
  });

  test("a store that is replaced faster than it can be read ends the attempt, and is there for the next one", async () => {
    const world = await memoryWorld();
    const { db, reader } = await openBoth(world);
    await db.compact();
    let attempts = 0;
    const fileSystem = altered(world.fileSystem, {
      openRead: async (path) => {
        if (SEGMENT.test(path) && attempts < 30) {
          attempts += 1;
          await db.put("a", `attempt ${attempts}`);
          await db.compact();
        }
        return world.fileSystem.openRead(path);
      },
    });
    expect(await rejection(world.openReader({ fileSystem }))).toMatchObject({ code: "HASHLOG_IO", path: "/store" });
    expect(attempts).toBe(20);
    attempts = 30;
    await expectSame(await world.openReader({ fileSystem }), db);
    await reader.refresh();
    await expectSame(reader, db);
  });
});

describe("a refresh that fails", () => {
  test("of a file that cannot be opened changes nothing, and can be made again", async () => {
    const world = await memoryWorld();
    const { db, reader, watched } = await openBoth(world);
    await db.put("a", "second");
    for (let index = 0; index < 4; index += 1) await db.put(`key ${index}`, filler(LARGE, index));
    const before = await entriesOf(reader);
    const { openFiles } = watched;
    const fault = watched.fail("openRead", new RegExp(segmentFileName(4)), "FS_TOO_MANY_OPEN");
    expect(await rejection(reader.refresh())).toMatchObject({
      code: "HASHLOG_IO",
      cause: { code: "FS_TOO_MANY_OPEN" },
    });
    expect(await entriesOf(reader)).toEqual(before);
    expect(watched.openFiles).toBe(openFiles);
    await db.compact();
    const missing = watched.fail("openRead", SEGMENT, "FS_IO");
    expect(await rejection(reader.refresh())).toMatchObject({ code: "HASHLOG_IO" });
    expect(await entriesOf(reader)).toEqual(before);
    expect(watched.openFiles).toBe(openFiles);
    missing.end();
    fault.end();
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, db);
  });

  test("of a read shows what was read before it, and goes on there", async () => {
    const world = await memoryWorld();
    const { db, reader, watched } = await openBoth(world, { segmentBytesMax: 100_000 });
    await db.put("d", "first");
    const fault = watched.fail("read", SEGMENT);
    expect(await rejection(reader.refresh())).toMatchObject({ code: "HASHLOG_IO" });
    fault.end();
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, db);
  });

  test("of the manifest changes nothing", async () => {
    const world = await memoryWorld();
    const { db, reader, watched } = await openBoth(world);
    await db.put("a", "second");
    const fault = watched.fail("openRead", MANIFEST);
    expect(await rejection(reader.refresh())).toMatchObject({ code: "HASHLOG_IO" });
    fault.end();
    expect(await reader.refresh()).toBe(true);
    await expectSame(reader, db);
  });
});

describe("another store in the same directory", () => {
  test("is refused, and what was shown is shown still", async () => {
    const world = await memoryWorld();
    const { db, reader } = await openBoth(world);
    await db.close();
    const other = await open("/other", { fileSystem: world.fileSystem });
    for (const key of ["x", "y", "z", "u", "v"]) await other.put(key, "other");
    await other.close();
    for (const name of await world.fileSystem.list("/other")) {
      const content = await readFile(world.fileSystem, `/other/${name}`);
      await writeFile(world.fileSystem, world.path(name), content);
    }
    expect(await rejection(reader.refresh())).toMatchObject({ code: "HASHLOG_CORRUPT", path: "/store" });
    expect((await entriesOf(reader)).map(([key]) => key)).toEqual(["a", "b", "c"]);
  });

  test("that is an older state of the same one is refused as well", async () => {
    const world = await memoryWorld();
    const { db, reader } = await openBoth(world);
    const older = await copyStore(world);
    await db.compact();
    await db.put("d", "first");
    await reader.refresh();
    await db.close();
    for (const name of await world.fileSystem.list("/store")) await world.fileSystem.remove(world.path(name));
    for (const name of await older.fileSystem.list(older.directory)) {
      const content = await readFile(older.fileSystem, older.fileSystem.join(older.directory, name));
      await writeFile(world.fileSystem, world.path(name), content);
    }
    world.leaveUnchecked();
    expect(await rejection(reader.refresh())).toMatchObject({ code: "HASHLOG_CORRUPT", expected: 5, actual: 4 });
    expect(reader.has("d")).toBe(true);
  });
});

test("a key that was deleted and whose tombstone a merge took is not there after a load", async () => {
  const world = await nodeWorld();
  const { db, reader } = await openBoth(world);
  await db.delete("a");
  await db.compact();
  await reader.refresh();
  expect(reader.has("a")).toBe(false);
  await expectSame(reader, db);
});
