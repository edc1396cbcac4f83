import { open, utf8, type Codec, type OpenOptions, type Store } from "@hashlog/engine";
import { decodeManifest, encodeManifest, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../src/limits.ts";
import { openWithin } from "../src/open.ts";
import { until } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { short, take, takeShort } from "./support/feeds.ts";
import { readFile } from "./support/recount.ts";
import { writeFile } from "./support/roads.ts";
import { isSettled, rejection } from "./support/values.ts";
import { withFiles } from "./support/with-files.ts";
import { memoryWorld, readingAsynchronously, type World } from "./support/worlds.ts";

type TextStore = Store<string, string>;

const SEGMENT = /\.segment$/;
const SMALL: OpenOptions<string, string> = { segmentBytesMax: 512, values: utf8 };

async function putMany(db: TextStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) await db.put(`key ${index}`, `${index}`.padEnd(100, "."));
}

/** Changes bytes of a segment's file of a store that is closed for it, and opens it again. */
async function damage(
  world: World,
  db: TextStore,
  segmentId: number,
  change: (bytes: Uint8Array) => void,
): Promise<TextStore> {
  world.leaveUnchecked();
  await db.close();
  const path = world.path(segmentFileName(segmentId));
  const content = await readFile(world.fileSystem, path);
  change(content);
  await writeFile(world.fileSystem, path, content);
  return world.open<string, string>(SMALL);
}

describe("damage", () => {
  test("of a record is told with its place, behind all changes before it", async () => {
    const world = await memoryWorld();
    const sound = await world.open<string, string>(SMALL);
    await putMany(sound, 0, 10);
    const [one, two] = sound.stats().segments;
    expect(two!.records).toBeGreaterThan(1);
    // In the value of its first record.
    const db = await damage(world, sound, two!.segmentId, (bytes) => (bytes[32 + 32 + 18 + 10]! ^= 1));
    const feed = db.changes({ since: 1 });
    // All of the first segment, as the second one begins with the damage.
    const before = await take(feed, one!.records - 1);
    expect(before.at(-1)!.version).toBe(one!.records);
    const error = await rejection(feed.next());
    const place = { segmentId: two!.segmentId, offset: 64, expected: one!.records + 1 };
    expect(error).toMatchObject({
      code: "HASHLOG_CORRUPT",
      path: world.path(segmentFileName(two!.segmentId)),
      ...place,
    });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    expect(db.stats().feeds).toMatchObject({ count: 0 });
  });
});

describe("a read that fails", () => {
  test("ends the feed with HASHLOG_IO, and another one goes on where it was left", async () => {
    const world = await memoryWorld();
    const fileSystem = readingAsynchronously(world.fileSystem);
    const db = await world.open<string, string>({ ...SMALL, fileSystem });
    world.leaveUnchecked();
    await putMany(db, 0, 10);
    const feed = db.changes({ since: 1 });
    const fault = world.watched.fail("read", SEGMENT);
    expect(await rejection(feed.next())).toMatchObject({ code: "HASHLOG_IO", cause: { code: "FS_IO" } });
    fault.end();
    expect(db.stats().feeds.count).toBe(0);
    await using again = db.changes({ since: 1 });
    expect((await take(again, 9)).at(-1)!.version).toBe(10);
  });

  test("that comes short of what was written is damage", async () => {
    const world = await memoryWorld();
    let isShort = false;
    const fileSystem = withFiles(world.fileSystem, (file) => ({
      read: (target, at, bytes, position) => (isShort ? Promise.resolve(0) : file.read(target, at, bytes, position)),
    }));
    const db = await world.open<string, string>({ ...SMALL, fileSystem });
    world.leaveUnchecked();
    await putMany(db, 0, 3);
    isShort = true;
    const error = await rejection(db.changes({ since: 1 }).next());
    isShort = false;
    expect(error).toMatchObject({ code: "HASHLOG_CORRUPT", segmentId: 1, offset: 32, expected: 1 });
  });
});

describe("a codec that throws", () => {
  test("ends the feed with its own error, behind what was read before, and nothing is passed over", async () => {
    const refused = new Error("not this one");
    const picky: Codec<string> = {
      ...utf8,
      decode: (bytes) => {
        const text = utf8.decode(bytes);
        if (text === "bad") throw refused;
        return text;
      },
    };
    const world = await memoryWorld();
    const db = await world.open<string, string>({ ...SMALL, values: picky });
    world.leaveUnchecked();
    for (const value of ["1", "2", "bad", "4"]) await db.put("a", value);
    const feed = db.changes({ since: 1 });
    expect(await takeShort(feed, 1)).toEqual(["a=2 @2"]);
    expect(await rejection(feed.next())).toBe(refused);
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    await using behind = db.changes({ since: 3 });
    expect(await takeShort(behind, 1)).toEqual(["a=4 @4"]);
  });
});

describe("a write that was refused for want of room", () => {
  test("is never delivered, and what follows it is, once", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>({ values: utf8 });
    await db.put("a", "1");
    await using behind = db.changes({ since: 1 });
    await using fast = db.changes();
    const fault = world.watched.fail("sync", SEGMENT, "FS_NO_SPACE");
    const next = fast.next();
    for (const key of ["b", "c"]) await rejection(db.put(key, "refused"));
    expect(await isSettled(next)).toBe(false);
    fault.end();
    await db.put("d", "1");
    const { sequence } = db.stats();
    expect(short((await next).value!)).toBe(`d=1 @${sequence}`);
    expect(await takeShort(behind, 1)).toEqual([`d=1 @${sequence}`]);
    await using again = db.changes({ since: 1 });
    expect(await takeShort(again, 1)).toEqual([`d=1 @${sequence}`]);
  });

  test("changes nothing for those before it, which were appended again to another segment", async () => {
    const world = await memoryWorld();
    const limits = { ...LIMITS, valuesAhead: 2 };
    const db = await world.openWithin<string, string>(limits, { values: utf8, sync: "never" });
    await db.batch(["a", "b", "c", "d", "e", "f"].map((key) => ({ type: "put", key, value: "1" })));
    await db.put("g", "1");
    // In the midst of the batch, at its end, and at the end of the log.
    const feeds = [1, 3, 6, 7].map((since) => db.changes({ since }));
    expect(await takeShort(feeds[0]!, 2)).toEqual(["b=1 @2", "c=1 @3"]);
    const fault = world.watched.fail("sync", SEGMENT, "FS_NO_SPACE");
    await rejection(db.put("refused", "1", { sync: true }));
    fault.end();
    await db.put("h", "1");
    const { sequence, segments } = db.stats();
    expect(segments.map(({ segmentId }) => segmentId)).toEqual([2, 3]);
    const rest = ["d=1 @4", "e=1 @5", "f=1 @6", "g=1 @7", `h=1 @${sequence}`];
    for (const [index, from] of [0, 0, 3, 4].entries()) {
      expect(await takeShort(feeds[index]!, rest.length - from)).toEqual(rest.slice(from));
      await feeds[index]!.return();
    }
  });

  test("is not delivered by a feed that was reading when the log went on", async () => {
    const world = await memoryWorld();
    let letGo!: () => void;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let isReading = false;
    const fileSystem = withFiles(world.fileSystem, (file) => ({
      read: async (target, at, bytes, position) => {
        const isFirst = !isReading;
        isReading = true;
        if (isFirst) await gate;
        return file.read(target, at, bytes, position);
      },
    }));
    const db = await world.open<string, string>({ values: utf8, sync: "never", fileSystem });
    world.leaveUnchecked();
    await db.put("a", "1");
    await db.put("b", "1");
    const feed = db.changes({ since: 1 });
    const fault = world.watched.fail("sync", SEGMENT, "FS_NO_SPACE");
    await rejection(db.put("refused", "1", { sync: true }));
    fault.end();
    const next = feed.next();
    await until(() => isReading);
    await db.put("c", "1");
    expect(db.stats().segments.map(({ segmentId }) => segmentId)).toEqual([2, 3]);
    letGo();
    expect(short((await next).value!)).toBe("b=1 @2");
    expect(await takeShort(feed, 1)).toEqual([`c=1 @${db.stats().sequence}`]);
    await feed.return();
  });
});

test("a feed goes on over a crash, by its `resume`, and is given what came back with the store", async () => {
  const disk = new SimulatedDisk({ keepsTrace: false });
  const clock = new FakeClock();
  const openStore = (): Promise<TextStore> =>
    openWithin({ ...LIMITS, sequencesReserved: 3 }, "/store", {
      ...{ ...SMALL, fileSystem: disk.boot(), clock },
      compaction: false,
    });
  let db = await openStore();
  let feed = db.changes();
  const delivered: string[] = [];
  let resume = 0;
  for (let life = 0; life < 5; life += 1) {
    await putMany(db, life * 10, life * 10 + 10);
    for (const change of await take(feed, life === 0 ? 7 : 10)) {
      delivered.push(change.key);
      resume = change.resume;
    }
    disk.kill();
    db = await openStore();
    feed = db.changes({ since: resume });
  }
  for (const change of await take(feed, 3)) delivered.push(change.key);
  expect(delivered).toEqual(Array.from({ length: 50 }, (_, index) => `key ${index}`));
  expect(await isSettled(feed.next())).toBe(false);
  await db.close();
});

test("a feed passes over sequences that nobody was given, though the manifest's floor lies among them", async () => {
  const world = await memoryWorld();
  const db = await world.open<string, string>(SMALL);
  await putMany(db, 0, 5);
  const { fileSystem, clock } = world;
  const directory = fileSystem.join(fileSystem.parent(world.directory), "backup");
  await db.backup(directory);
  const path = fileSystem.join(directory, MANIFEST_NAME);
  const manifest = decodeManifest(await readFile(fileSystem, path));
  if (manifest.kind !== "ok") throw new Error("it is a manifest");
  // As a backup has it that was made while the log went on after a full volume.
  const floor = manifest.value.nextSequence - 1;
  await writeFile(fileSystem, path, encodeManifest({ ...manifest.value, floor }));
  const copy = await open<string, string>(directory, { ...SMALL, fileSystem, clock });
  expect(copy.stats().sequence).toBe(floor);
  const feed = copy.changes({ since: 3 });
  expect((await take(feed, 2)).map(({ version }) => version)).toEqual([4, 5]);
  const next = feed.next();
  expect(await isSettled(next)).toBe(false);
  await copy.put("later", "1");
  expect(short((await next).value!)).toBe(`later=1 @${floor + 1}`);
  await copy.close();
});

describe("what a feed costs", () => {
  test("is a piece of memory, however large a batch is, and nothing is read before it is asked for", async () => {
    const world = await memoryWorld();
    let read = 0;
    let largest = 0;
    const fileSystem = withFiles(world.fileSystem, (file) => ({
      read: (target, at, bytes, position) => {
        read += bytes;
        largest = Math.max(largest, bytes);
        return file.read(target, at, bytes, position);
      },
    }));
    const db = await world.open<string, string>({ values: utf8, fileSystem });
    world.leaveUnchecked();
    const operations = Array.from({ length: 20_000 }, (_, index) => ({
      type: "put" as const,
      key: `key ${index}`,
      value: "x".repeat(100),
    }));
    await db.put("first", "1");
    await db.batch(operations);
    read = 0;
    const feed = db.changes({ since: 1 });
    expect(read).toBe(0);
    await take(feed, 10);
    expect(read).toBe(64 * 1024);
    await take(feed, 19_990);
    expect(largest).toBe(64 * 1024);
    // A value that is larger is read as a whole, and alone.
    largest = 0;
    await db.put("large", "y".repeat(300_000));
    expect((await take(feed, 1))[0]).toMatchObject({ value: "y".repeat(300_000) });
    expect(largest).toBeGreaterThan(300_000);
    await feed.return();
  });

  test("is not to wait for a large value with what was written before it", async () => {
    const world = await memoryWorld();
    let largest = 0;
    const fileSystem = withFiles(world.fileSystem, (file) => ({
      read: (target, at, bytes, position) => {
        largest = Math.max(largest, bytes);
        return file.read(target, at, bytes, position);
      },
    }));
    const db = await world.open<string, string>({ values: utf8, fileSystem });
    world.leaveUnchecked();
    for (const key of ["a", "b", "c"]) await db.put(key, "small");
    await db.put("large", "y".repeat(1_200_000));
    await db.put("d", "small");
    await using feed = db.changes({ since: 1 });
    expect(await takeShort(feed, 2)).toEqual(["b=small @2", "c=small @3"]);
    expect(largest).toBe(64 * 1024);
    expect((await take(feed, 2)).map(({ key }) => key)).toEqual(["large", "d"]);
    expect(largest).toBeGreaterThan(1_200_000);
  });

  test("is passing over what is not wanted by the headers of frames", async () => {
    const world = await memoryWorld();
    let read = 0;
    const fileSystem = withFiles(world.fileSystem, (file) => ({
      read: (target, at, bytes, position) => {
        read += bytes;
        return file.read(target, at, bytes, position);
      },
    }));
    const db = await world.open<string, string>({ values: utf8, fileSystem });
    world.leaveUnchecked();
    for (let index = 0; index < 10; index += 1) await db.put(`key ${index}`, "x".repeat(500_000));
    read = 0;
    await using feed = db.changes({ since: 9 });
    expect((await take(feed, 1))[0]).toMatchObject({ key: "key 9" });
    expect(read).toBeLessThan(500_000 + 11 * 65_536);
  });

  test("is not the event loop: others have their turn while a long log is read", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>({ values: utf8, sync: "never" });
    for (let round = 0; round < 20; round += 1) {
      await db.batch(
        Array.from({ length: 1000 }, (_, index) => ({ type: "put", key: `${index}`, value: "x".repeat(200) })),
      );
    }
    const before = world.clock.yields;
    await using feed = db.changes({ since: 1 });
    await take(feed, 19_999);
    expect(world.clock.yields - before).toBeGreaterThan(10);
  });

  test("does not make a merge wait, nor one that is under way a feed", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 20);
    await using feed = db.changes({ since: 1 });
    await take(feed, 1);
    const publishing = world.watched.hold("replace", /manifest$/);
    const compacted = db.compact();
    await publishing.reached;
    expect((await take(feed, 10)).at(-1)!.version).toBe(12);
    publishing.release();
    await compacted;
    expect((await take(feed, 8)).at(-1)!.version).toBe(20);
    expect(db.stats().feeds.bytesKept).toBe(0);
  });
});
