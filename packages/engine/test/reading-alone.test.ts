import { json, open, type ReadOnlyOptions } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { altered } from "../../../test/support/altered.ts";
import { all, entriesOf, isSettled, rejection, text } from "./support/values.ts";
import { WatchedFileSystem } from "./support/watched-file-system.ts";
import { FILE_SYSTEMS, memoryWorld, readingAsynchronously } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;
const WRITING = ["create", "openAppend", "replace", "makeDirectory", "remove", "syncDirectory", "link", "lock"];

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a store can be read beside its writer, in every way in which that one reads", async () => {
    const world = await newWorld();
    const db = await world.open<string, { n: number }, { n: number }>({ values: json<{ n: number }>() });
    for (const [n, key] of ["a", "b", "c", "d"].entries()) await db.put(key, { n });
    await db.delete("b");
    await db.put("d", { n: 30 }, { expiresAtMs: world.clock.now() + 1000 });
    const reader = await world.openReader({ values: json<{ n: number }>() });
    expect(await reader.get("a")).toEqual({ n: 0 });
    expect(reader.getSync("c")).toEqual({ n: 2 });
    expect([reader.has("a"), reader.has("b"), await reader.get("b")]).toEqual([true, false, undefined]);
    expect(await reader.getMany(["c", "b", "a"])).toEqual([{ n: 2 }, undefined, { n: 0 }]);
    expect(await reader.getEntry("d")).toEqual(await db.getEntry("d"));
    expect(await all(reader.entries({ gte: "a" }))).toEqual([
      ["a", { n: 0 }],
      ["c", { n: 2 }],
      ["d", { n: 30 }],
    ]);
    expect((await all(reader.keys())).sort()).toEqual(["a", "c", "d"]);
    expect(await all(reader.values({ prefix: "c" }))).toEqual([{ n: 2 }]);
    expect(await reader.count({ lt: "d" })).toBe(2);
    expect(reader.directory).toBe(world.directory);
    world.clock.advance(1000);
    expect([reader.has("d"), await reader.count()]).toEqual([false, 2]);
  });

  test("many readers and a writer in one process are in nobody's way", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    const readers = await Promise.all([1, 2, 3].map(() => world.openReader()));
    await db.put("key", "2");
    expect(await Promise.all(readers.map((reader) => reader.refresh()))).toEqual([true, true, true]);
    expect(readers.map((reader) => text(reader.getSync("key")))).toEqual(["2", "2", "2"]);
    expect(await rejection(open(world.directory, { fileSystem: world.fileSystem }))).toMatchObject({
      code: "HASHLOG_LOCKED",
    });
    await readers[0]!.close();
    await db.put("key", "3");
    await db.close();
    const again = await world.open();
    expect(text(again.getSync("key"))).toBe("3");
    expect(await readers[1]!.refresh()).toBe(true);
    expect(text(readers[1]!.getSync("key"))).toBe("3");
  });

  test("a closed store that nobody has open can be read, and stays as it is to the byte", async () => {
    const world = await newWorld();
    const db = await world.open();
    for (let index = 0; index < 50; index += 1) await db.put(`key ${index}`, `${index}`);
    await db.close();
    const before = await snapshotOf(world);
    const reader = await world.openReader();
    expect(reader.stats()).toMatchObject({ keys: 50, sequence: 50, writerAlive: false, road: "checkpoint" });
    expect(await reader.refresh()).toBe(false);
    await reader.close();
    expect(await snapshotOf(world)).toEqual(before);
    expect((await world.fileSystem.list(world.directory)).filter((name) => name.includes("lock"))).toEqual([]);
  });
});

test("nothing is written, made, removed or locked, so that no right to do so is needed", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  const watched = new WatchedFileSystem(world.fileSystem);
  for (const operation of WRITING) watched.fail(operation, /./, "FS_NOT_PERMITTED");
  for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, "x".repeat(50));
  const reader = await world.openReader({ fileSystem: watched.fileSystem });
  await db.compact();
  await db.put("key 0", "new");
  await reader.refresh();
  await db.close();
  await reader.refresh();
  expect(text(reader.getSync("key 0"))).toBe("new");
  await reader.close();
  expect(WRITING.filter((operation) => watched.count(operation) > 0)).toEqual([]);
  expect(watched.openFiles).toBe(0);
});

test("what may not be read is HASHLOG_NOT_PERMITTED", async () => {
  const world = await memoryWorld();
  await world.open();
  const fault = world.watched.fail("openRead", /manifest$/, "FS_NOT_PERMITTED");
  expect(await rejection(world.openReader())).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
  fault.end();
});

describe("where there is no store", () => {
  test.each([
    ["no directory", async () => undefined],
    [
      "an empty directory",
      async (world: Awaited<ReturnType<typeof memoryWorld>>) => world.fileSystem.makeDirectory("/store"),
    ],
  ])("(%s) it is HASHLOG_NOT_FOUND, and none is made", async (_what, make) => {
    const world = await memoryWorld();
    await make(world);
    const before = await world.fileSystem.list("/");
    expect(await rejection(world.openReader())).toMatchObject({ code: "HASHLOG_NOT_FOUND", path: "/store" });
    expect(await rejection(world.openReader({ createIfMissing: false }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    expect(await world.fileSystem.list("/")).toEqual(before);
  });

  test("but a file, it is HASHLOG_INVALID_ARGUMENT", async () => {
    const world = await memoryWorld();
    await (await world.fileSystem.create("/store")).close();
    expect(await rejection(world.openReader())).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT", path: "/store" });
  });

  test("but segments without a manifest, it is HASHLOG_CORRUPT", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    await db.close();
    await world.fileSystem.remove(world.path("hashlog.manifest"));
    world.leaveUnchecked();
    expect(await rejection(world.openReader())).toMatchObject({ code: "HASHLOG_CORRUPT", path: "/store" });
  });

  test("until a writer makes one while its absence is looked at, it is found", async () => {
    const world = await memoryWorld();
    await world.fileSystem.makeDirectory("/store");
    const watched = new WatchedFileSystem(world.fileSystem);
    const looked = watched.hold("list");
    const reader = world.openReader({ fileSystem: watched.fileSystem });
    await looked.reached;
    const db = await world.open();
    await db.put("key", "value");
    looked.release();
    expect(text((await reader).getSync("key"))).toBe("value");
  });
});

describe("the options of a store that is only read", () => {
  const refused: readonly [string, unknown][] = [
    ["sync", "always"],
    ["createIfMissing", true],
    ["segmentBytesMax", 1024],
    ["allowSharedVolume", false],
    ["random", { fill: () => undefined }],
    ["follow", "yes"],
    ["ordered", 1],
    ["anything", 1],
  ];

  test.each(refused)("%s is refused by name if it means nothing or is wrong", async (name, value) => {
    const world = await memoryWorld();
    await world.open();
    const options = { readOnly: true, fileSystem: world.fileSystem, [name]: value } as unknown as ReadOnlyOptions;
    const error = await rejection(open(world.directory, options));
    expect(error).toMatchObject({
      code: "HASHLOG_INVALID_ARGUMENT",
      message: expect.stringContaining(`"${name}"`) as unknown,
    });
  });

  test("those that are left out, or undefined, are none", async () => {
    const world = await memoryWorld();
    await world.open();
    const options = { sync: undefined, createIfMissing: false, follow: undefined } as object;
    expect((await world.openReader(options)).stats().keys).toBe(0);
  });

  test("follow is none of a store that is written, and readOnly is a boolean", async () => {
    const world = await memoryWorld();
    for (const options of [{ follow: true }, { readOnly: false, follow: true }, { readOnly: "yes" }]) {
      expect(await rejection(world.open(options as object))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    }
    await world.open({ readOnly: false, ...({ follow: false } as object) });
  });

  test("a directory that is none is refused", async () => {
    expect(await rejection(open("", { readOnly: true }))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  });
});

test("everything that would write is refused", async () => {
  const world = await memoryWorld();
  await world.open();
  const reader = await world.openReader();
  // The types refuse arguments already.
  const given = ["key", "value"] as never[];
  const writes = {
    put: () => reader.put(...given),
    delete: () => reader.delete(...given),
    batch: () => reader.batch(...given),
    clear: () => reader.clear(),
    sync: () => reader.sync(),
    compact: () => reader.compact(),
    checkpoint: () => reader.checkpoint(),
    backup: () => reader.backup(...given),
    importFrom: () => reader.importFrom(...given),
  };
  for (const [name, write] of Object.entries(writes)) {
    expect(await rejection(write())).toMatchObject({
      code: "HASHLOG_READ_ONLY",
      path: "/store",
      message: expect.stringContaining(name) as unknown,
    });
  }
  await reader.close();
  for (const write of Object.values(writes)) expect(await rejection(write())).toMatchObject({ code: "HASHLOG_CLOSED" });
});

describe("closing", () => {
  test("ends everything but stats, closes every file, and twice is fine", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ fileSystem: watched.fileSystem });
    const iterator = reader.entries();
    const snapshot = reader.snapshot();
    expect(watched.openFiles).toBe(1);
    await Promise.all([reader.close(), reader.close()]);
    expect(watched.openFiles).toBe(0);
    const closed = { code: "HASHLOG_CLOSED" };
    expect(await rejection(reader.get("key"))).toMatchObject(closed);
    expect(await rejection(reader.refresh())).toMatchObject(closed);
    expect(await rejection(iterator.next())).toMatchObject(closed);
    expect(await rejection(snapshot.get("key"))).toMatchObject(closed);
    expect(() => reader.has("key")).toThrow(expect.objectContaining(closed));
    expect(() => reader.snapshot()).toThrow(expect.objectContaining(closed));
    expect(reader.stats()).toMatchObject({ keys: 1, iterators: 0, snapshots: 0 });
  });

  test("waits for reads that are under way", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ fileSystem: readingAsynchronously(watched.fileSystem) });
    const reading = watched.hold("read", SEGMENT);
    const got = reader.get("key");
    await reading.reached;
    const closing = reader.close();
    expect(await isSettled(closing)).toBe(false);
    expect(watched.openFiles).toBe(1);
    reading.release();
    expect(text(await got)).toBe("value");
    await closing;
    expect(watched.openFiles).toBe(0);
  });

  test("ends a refresh that loads the index again, and those that wait for their turn", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "old");
    await db.put("key", "value");
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ fileSystem: watched.fileSystem });
    await db.compact();
    const opening = watched.hold("openRead", SEGMENT);
    const refreshes = [rejection(reader.refresh()), rejection(reader.refresh())];
    await opening.reached;
    const closing = reader.close();
    opening.release();
    for (const refresh of refreshes) expect(await refresh).toMatchObject({ code: "HASHLOG_CLOSED" });
    await closing;
    expect(watched.openFiles).toBe(0);
  });

  test("by `await using` is the same", async () => {
    const world = await memoryWorld();
    await world.open();
    const reader = await world.openReader();
    await reader[Symbol.asyncDispose]();
    expect(() => reader.has("key")).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
  });
});

describe("an opening that is cancelled", () => {
  test.each([
    ["before it begins", "none"],
    ["while it reads", "manifest"],
  ])("(%s) rejects with HASHLOG_ABORTED and leaves no file open", async (_when, at) => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    const watched = new WatchedFileSystem(world.fileSystem);
    const abort = new AbortController();
    if (at === "none") abort.abort(new Error("enough"));
    const reached = watched.hold("openRead", SEGMENT);
    const opening = rejection(world.openReader({ fileSystem: watched.fileSystem, signal: abort.signal }));
    if (at !== "none") {
      await reached.reached;
      abort.abort(new Error("enough"));
      reached.release();
    }
    expect(await opening).toMatchObject({ code: "HASHLOG_ABORTED", cause: { message: "enough" } });
    expect(watched.openFiles).toBe(0);
  });
});

test("a snapshot shows the store as it was made, whatever is caught up with", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  await db.put("b", "1");
  const reader = await world.openReader();
  const snapshot = reader.snapshot();
  await db.put("a", "2");
  await db.delete("b");
  await db.put("c", "2");
  expect(await reader.refresh()).toBe(true);
  expect(await entriesOf(snapshot)).toEqual([
    ["a", "1"],
    ["b", "1"],
  ]);
  expect(text(snapshot.getSync("a"))).toBe("1");
  expect(await entriesOf(reader)).toEqual([
    ["a", "2"],
    ["c", "2"],
  ]);
  expect(reader.stats().snapshots).toBe(1);
  snapshot.close();
  expect(reader.stats().snapshots).toBe(0);
});

test("with `ordered` the keys are in order when it is open, and again when the index was loaded again", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  for (const key of ["c", "a", "b"]) await db.put(key, key);
  const reader = await world.openReader({ ordered: true });
  expect(await all(reader.keys())).toEqual(["a", "b", "c"]);
  await db.put("aa", "1");
  await db.compact();
  await reader.refresh();
  expect(await all(reader.keys({ reverse: true }))).toEqual(["c", "b", "aa", "a"]);
});

test("a file system that does not say whether there is a writer leaves it at what is certain", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "value");
  const unknown = altered(world.fileSystem, { isLocked: () => Promise.reject(new Error("no idea")) });
  expect(await rejection(world.openReader({ fileSystem: unknown }))).toMatchObject({ message: "no idea" });
  const watched = new WatchedFileSystem(world.fileSystem);
  watched.fail("isLocked", /./);
  expect((await world.openReader({ fileSystem: watched.fileSystem })).stats().writerAlive).toBe(true);
  const shared = altered(world.fileSystem, {
    sharedVolume: () => Promise.resolve("NFS"),
    isLocked: () => Promise.resolve(false),
  });
  expect((await world.openReader({ fileSystem: shared })).stats().writerAlive).toBe(true);
});
