import { bytes, open, utf8, type OpenProgress, type ReadOnlyStore, type Store } from "@hashlog/engine";
import { MANIFEST_NAME, RESERVE_NAME } from "@hashlog/format";
import { memoryFileSystem, nodeFileSystem } from "@hashlog/fs-io";
import { hashKeydir } from "@hashlog/index";
import { describe, expect, test } from "vitest";
import { copyStore, writeFile } from "./support/roads.ts";
import { readManifest } from "./support/recount.ts";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { entriesOf, filler, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a new store is made where there is none, its parents included, and says so", async () => {
    const world = await newWorld();
    const directory = world.path("a").concat("/b/c");
    const db = await open(directory, { fileSystem: world.fileSystem });
    expect(db.directory).toBe(directory);
    expect(db.stats().open).toEqual({
      created: true,
      clean: true,
      road: "scan",
      tornTail: undefined,
      writesRescued: 0,
      filesRemoved: [],
    });
    await db.put("key", "value");
    await db.close();
    const again = await open(directory, { fileSystem: world.fileSystem, createIfMissing: false });
    expect(text(await again.get("key"))).toBe("value");
    expect(again.stats().open).toMatchObject({ created: false, clean: true, road: "checkpoint" });
    await again.close();
  });

  test("an empty directory becomes a store", async () => {
    const world = await newWorld();
    await world.fileSystem.makeDirectory(world.directory);
    const db = await world.open();
    expect(db.stats().open.created).toBe(true);
    await db.put("key", "value");
  });

  test("a store that was closed cleanly goes on in the same segment", async () => {
    const world = await newWorld();
    let db = await world.open();
    for (let index = 0; index < 5; index += 1) {
      await db.put(`key ${index}`, "value");
      db = await world.reopen(db);
    }
    expect(db.stats()).toMatchObject({ keys: 5, segments: [{ segmentId: 1, state: "active", records: 5 }] });
  });

  test("two stores in two directories have nothing to do with each other", async () => {
    const world = await newWorld();
    const one = await world.open();
    const other = await open(world.path("other"), { fileSystem: world.fileSystem, clock: world.clock });
    await Promise.all([one.put("key", "one"), other.put("key", "other")]);
    expect([text(one.getSync("key")), text(other.getSync("key"))]).toEqual(["one", "other"]);
    const manifests = [
      await readManifest(world),
      await readManifest({ fileSystem: world.fileSystem, directory: other.directory }),
    ];
    expect(manifests[0]!.storeId).not.toBe(manifests[1]!.storeId);
    expect(manifests[0]!.hashKey).not.toEqual(manifests[1]!.hashKey);
    await other.close();
  });

  test("the epoch grows with every opening for writing", async () => {
    const world = await newWorld();
    const epochs: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const db = await world.open();
      epochs.push((await readManifest(world)).epoch);
      await db.close();
    }
    expect(epochs).toEqual([1, 2, 3]);
  });

  test("the length of segments may be another at each opening", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 6; index += 1) await db.put(`small ${index}`, filler(200, index));
    const small = db.stats().segments.length;
    expect(small).toBe(6);
    await db.close();
    db = await world.open({ segmentBytesMax: 1_000_000 });
    for (let index = 0; index < 6; index += 1) await db.put(`large ${index}`, filler(2000, index));
    expect(db.stats().segments.length).toBe(small);
    await db.close();
    db = await world.open({ segmentBytesMax: 512 });
    await db.put("last", "1");
    expect(db.stats()).toMatchObject({ keys: 13, segments: { length: small + 1 } });
  });

  test("a creation that crashed halfway is an empty store", async () => {
    const world = await newWorld();
    for (const leftBehind of [
      [`${MANIFEST_NAME}.new`],
      [RESERVE_NAME],
      [`${MANIFEST_NAME}.new`, RESERVE_NAME, "hashlog.lock-0000000000001"],
    ]) {
      const directory = world.path(`with ${leftBehind.length} ${leftBehind[0]}`);
      if ((await world.fileSystem.stat(world.directory)) === undefined)
        await world.fileSystem.makeDirectory(world.directory);
      await world.fileSystem.makeDirectory(directory);
      for (const name of leftBehind) {
        await writeFile(world.fileSystem, world.fileSystem.join(directory, name), filler(20));
      }
      const db = await open(directory, { fileSystem: world.fileSystem });
      expect(db.stats().open.created).toBe(true);
      await db.put("key", "value");
      await db.close();
      const names = await world.fileSystem.list(directory);
      expect(names).not.toContain(`${MANIFEST_NAME}.new`);
    }
  });

  test("an opening that is cancelled before it begins does nothing", async () => {
    const world = await newWorld();
    const cancelled = open(world.directory, { fileSystem: world.fileSystem, signal: AbortSignal.abort() });
    expect(await rejection(cancelled)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(await world.fileSystem.stat(world.directory)).toBe(undefined);
  });

  test("a failed opening leaves no handle open and no lock behind", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "value");
    await db.close();
    const failing = world.watched.fail("replace", /manifest$/, "FS_IO", "unchanged");
    expect(await rejection(world.open())).toMatchObject({ code: "HASHLOG_IO", path: world.path(MANIFEST_NAME) });
    expect(world.watched.openFiles).toBe(0);
    failing.end();
    expect(await entriesOf(await world.open())).toEqual([["key", "value"]]);
  });
});

test("a store is opened without a word about anything: on the machine's file system, with its clock", async () => {
  const world = await nodeWorld();
  const before = Date.now();
  const db = await open(world.directory);
  await db.put("key", "value", { ttlMs: 3_600_000 });
  await db.put("gone", "value", { expiresAtMs: before });
  expect(text(await db.get("key"))).toBe("value");
  expect(db.has("gone")).toBe(false);
  await db.close();
  expect((await nodeFileSystem().list(world.directory)).sort()).toEqual([
    "hashlog-0000000001.segment",
    "hashlog-0000000002.checkpoint",
    "hashlog.manifest",
    "hashlog.reserve",
  ]);
});

test("progress is told while a long opening reads, and a signal ends it with everything as it was", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  for (let index = 0; index < 14; index += 1) await db.put(`key ${index}`, filler(1_000_000, index));
  await db.sync();
  // As a killed process leaves it: the log must be read through.
  const killed = await copyStore(world);
  const before = await snapshotOf(killed);

  const stop = new AbortController();
  const aborted = open(killed.directory, {
    fileSystem: killed.fileSystem,
    signal: stop.signal,
    onProgress: () => stop.abort(new RangeError("too long")),
  });
  expect(await rejection(aborted)).toMatchObject({ code: "HASHLOG_ABORTED", cause: stop.signal.reason as unknown });
  expect(await snapshotOf(killed)).toEqual(before);

  const told: OpenProgress[] = [];
  const again = await open(killed.directory, {
    fileSystem: killed.fileSystem,
    onProgress: (progress) => told.push(progress),
    signal: new AbortController().signal,
  });
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(told.every(({ phase, bytesDone, bytesTotal }) => phase === "scan" && bytesDone <= bytesTotal)).toBe(true);
  expect(told.map(({ bytesDone }) => bytesDone)).toEqual(told.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b));
  world.leaveUnchecked();
  expect(again.stats()).toMatchObject({ keys: 14, open: { clean: false, road: "scan" } });
  await again.close();
});

test("every part can be replaced: file system, index, clock, randomness", async () => {
  const world = await memoryWorld();
  let keydirs = 0;
  let filled = 0;
  const db = await world.open({
    index: (options) => {
      keydirs += 1;
      return hashKeydir(options);
    },
    random: {
      // As bad as can be: no identity is zero, so another is asked for.
      fill: (target) => {
        filled += 1;
        target.fill(filled < 3 ? 0 : 1);
      },
    },
    keys: bytes as never,
  });
  await db.put(filler(3) as never, "value");
  expect(keydirs).toBeGreaterThan(0);
  expect((await readManifest(world)).storeId).toBe(0x01010101010101010101010101010101n);
  expect(filled).toBeGreaterThan(2);
});

test("await using closes the store", async () => {
  const fileSystem = memoryFileSystem();
  const seen: Store<string, Uint8Array, Uint8Array | string>[] = [];
  {
    await using db = await open("/store", { fileSystem });
    await db.put("key", "value");
    seen.push(db);
  }
  expect(() => seen[0]!.has("key")).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }) as Error);
  await using again = await open("/store", { fileSystem });
  expect(again.stats().open.clean).toBe(true);
});

test("two stores beside each other, made at the same time, both find their parents", async () => {
  const world = await memoryWorld();
  const { fileSystem } = world;
  // Both see that the parent is missing before either makes it.
  const hold = world.watched.hold("makeDirectory");
  const openings = ["one", "other"].map((name) => open(`/a/b/${name}`, { fileSystem }));
  await hold.reached;
  hold.release();
  for (const opening of openings) await (await opening).close();
  expect((await fileSystem.list("/a/b")).sort()).toEqual(["one", "other"]);
});

test.each([
  ["lock", /store$/],
  ["list", /store$/],
  ["syncDirectory", /^\/$/],
  ["replace", /manifest$/],
  ["openRead", /manifest$/],
] as const)("an opening whose %s fails says so, and leaves nothing open", async (operation, path) => {
  const world = await memoryWorld();
  if (operation === "openRead") await (await world.open()).close();
  const failing = world.watched.fail(operation, path);
  const failure = await rejection(world.open());
  expect(failure).toMatchObject({ code: "HASHLOG_IO", path: expect.stringMatching(path) as unknown });
  expect(failure).toMatchObject({ cause: { code: "FS_IO" } });
  expect(world.watched.openFiles).toBe(0);
  failing.end();
  const db = await world.open();
  await db.put("key", "value");
});

test("an active segment that cannot be opened for writing fails the opening, and nothing is lost", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "value");
  await db.close();
  const failing = world.watched.fail("openAppend", /segment$/, "FS_NOT_PERMITTED");
  expect(await rejection(world.open())).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
  expect(world.watched.openFiles).toBe(0);
  failing.end();
  expect(await entriesOf(await world.open())).toEqual([["key", "value"]]);
});

test("a reserve that cannot be made is no failure", async () => {
  for (const operation of ["create", "append", "sync"]) {
    const world = await memoryWorld();
    const failing = world.watched.fail(operation, /reserve$/, "FS_NO_SPACE");
    const db = await world.open();
    expect(await world.fileSystem.stat(world.path(RESERVE_NAME))).toBe(undefined);
    await db.put("key", "value");
    failing.end();
    await world.reopen(db);
    expect((await world.fileSystem.stat(world.path(RESERVE_NAME)))?.bytes).toBeGreaterThan(0);
  }
});

test.each(["checkpoint", "hint", "segment"])("a signal ends an opening while it reads a %s", async (kind) => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(300));
  // All segments but the last are sealed, and have their hints.
  await world.check(db);
  await db.close();
  for (const name of await world.fileSystem.list(world.directory)) {
    const better = kind === "checkpoint" ? [] : kind === "hint" ? ["checkpoint"] : ["checkpoint", "hint"];
    if (better.some((other) => name.endsWith(other))) await world.fileSystem.remove(world.path(name));
  }
  const before = await snapshotOf(world);
  const stop = new AbortController();
  const read = world.watched.hold("read", new RegExp(`${kind}$`));
  const opening = world.open({ signal: stop.signal });
  await read.reached;
  stop.abort();
  read.release();
  expect(await rejection(opening)).toMatchObject({ code: "HASHLOG_ABORTED" });
  expect(world.watched.openFiles).toBe(0);
  expect(await snapshotOf(world)).toEqual(before);
  expect((await world.open()).stats().keys).toBe(6);
});

test("where a file system cannot read synchronously, getSync says so and everything else works", async () => {
  const world = await memoryWorld();
  const { fileSystem } = world;
  const asynchronous = new Proxy(fileSystem, {
    get: (target, name) => (name === "readsSynchronously" ? false : (Reflect.get(target, name, target) as unknown)),
  });
  const db = await world.open({ fileSystem: asynchronous });
  await db.put("key", "value");
  world.watched.fail("readSync", /./, "FS_NOT_SUPPORTED");
  expect(() => db.getSync("key")).toThrow(expect.objectContaining({ code: "HASHLOG_NOT_SUPPORTED" }) as Error);
  expect(db.getSync("missing")).toBe(undefined);
  expect(text(await db.get("key"))).toBe("value");
  expect((await db.getMany(["key"])).map(text)).toEqual(["value"]);
  expect(await entriesOf(db)).toEqual([["key", "value"]]);
  await db.compact();
  expect(db.has("key")).toBe(true);
});

test("progress comes to its end by every road, and is told seldom of keys that are put in order", async () => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 1024 * 1024, sync: "never" });
  const value = filler(60);
  for (let from = 0; from < 100_000; from += 10_000) {
    await db.batch(
      Array.from({ length: 10_000 }, (_, index) => ({ type: "put", key: `key ${from + index}`, value }) as const),
    );
  }
  await db.close();
  const told: OpenProgress[] = [];
  db = await world.open({ ordered: true, onProgress: (progress) => told.push(progress) });
  expect(db.stats().open.road).toBe("checkpoint");
  const ordering = told.filter(({ phase }) => phase === "order");
  expect(ordering.length).toBeGreaterThan(1);
  expect(ordering.length).toBeLessThan(6);
  expect(ordering.every(({ bytesDone, bytesTotal }) => bytesDone > 0 && bytesDone === bytesTotal)).toBe(true);
  expect(ordering.map(({ keysDone }) => keysDone)).toEqual(
    ordering.map(({ keysDone }) => keysDone).sort((a, b) => a - b),
  );
  // What the checkpoint covers is not to be read.
  expect(told.every(({ bytesTotal }) => bytesTotal < 8_000_000)).toBe(true);
});

test("where only the running program knows whether a store is to be read alone, the types give either", async () => {
  const world = await memoryWorld();
  await (await world.open()).put("key", "value");
  const openEither = (readOnly: boolean): Promise<Store<string, string> | ReadOnlyStore<string, string>> =>
    open(world.directory, { fileSystem: world.fileSystem, values: utf8, readOnly });
  const reader = await openEither(true);
  expect(await reader.get("key")).toBe("value");
  expect("refresh" in reader).toBe(true);
  await reader.close();
  expect(await rejection(openEither(false))).toMatchObject({ code: "HASHLOG_LOCKED" });
});
