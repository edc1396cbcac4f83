import { MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { SpoilingFileSystem } from "./support/readers.ts";
import { readFile } from "./support/recount.ts";
import { copyStore } from "./support/roads.ts";
import { spoil } from "./support/spoil.ts";
import { filler, rejection, settle } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;
const LARGE = 400;

const flipAt =
  (at: number) =>
  (bytes: Uint8Array): void => {
    bytes[at < 0 ? bytes.length + at : at]! ^= 0xff;
  };

const corrupt = { code: "HASHLOG_CORRUPT" };

describe("an opening to read is refused, as one to write would be, where", () => {
  const damages: readonly [string, (world: World) => Promise<void>][] = [
    ["the manifest is damaged", (world) => spoil(world, MANIFEST_NAME, flipAt(20))],
    ["a segment is missing", (world) => world.fileSystem.remove(world.path(segmentFileName(1)))],
    ["a sealed segment is too short", (world) => spoil(world, segmentFileName(1), (bytes) => bytes.slice(0, 200))],
    ["the header of a segment is damaged", (world) => spoil(world, segmentFileName(2), flipAt(13))],
    ["the log is damaged below what was durable", (world) => spoil(world, segmentFileName(3), flipAt(100))],
    ["the end of the log is missing", (world) => spoil(world, segmentFileName(3), (bytes) => bytes.slice(0, 60))],
    [
      "the end of the log is cut within a frame",
      (world) => spoil(world, segmentFileName(3), (bytes) => bytes.slice(0, 400)),
    ],
  ];

  test.each(damages)("%s", async (_what, damage) => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 3; index += 1) await db.put(`key ${index}`, filler(LARGE, index));
    await db.close();
    await world.fileSystem.remove(world.path("hashlog-0000000004.checkpoint")).catch(() => undefined);
    world.leaveUnchecked();
    await damage(world);
    const before = rejection(world.openReader());
    expect(await before).toMatchObject(corrupt);
    expect(await rejection(world.open())).toMatchObject(corrupt);
    expect(world.watched.openFiles).toBe(0);
  });

  test("the manifest is older than the files beside it", async () => {
    const world = await memoryWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("key 0", filler(LARGE));
    await db.close();
    const older = await copyStore(world);
    db = await world.open({ segmentBytesMax: 512 });
    for (let index = 1; index < 4; index += 1) await db.put(`key ${index}`, filler(LARGE));
    await db.close();
    const manifest = await readFile(older.fileSystem, older.fileSystem.join(older.directory, MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => manifest);
    expect(await rejection(world.openReader())).toMatchObject(corrupt);
    expect(await rejection(world.open())).toMatchObject(corrupt);
  });
});

describe("a refresh tells of damage", () => {
  test("in what is new, every time, and goes on once it reads well", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", filler(LARGE));
    const spoiling = new SpoilingFileSystem(world.fileSystem, SEGMENT);
    const reader = await world.openReader({ fileSystem: spoiling.fileSystem });
    for (const key of ["b", "c", "d"]) await db.put(key, filler(LARGE));
    spoiling.spoil(700, Number.POSITIVE_INFINITY);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await rejection(reader.refresh())).toMatchObject({ ...corrupt, segmentId: 1, expected: 2 });
    }
    expect(reader.stats().keys).toBe(1);
    expect(await reader.get("a")).toEqual(filler(LARGE));
    spoiling.spoil(700, 0);
    expect(await reader.refresh()).toBe(true);
    expect(reader.stats().keys).toBe(4);
  });

  test("but not in a place that was being written when it was looked at, and is whole the second time", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", filler(LARGE));
    const spoiling = new SpoilingFileSystem(world.fileSystem, SEGMENT);
    const reader = await world.openReader({ fileSystem: spoiling.fileSystem });
    for (const key of ["b", "c"]) await db.put(key, filler(LARGE));
    spoiling.spoil(700, 1);
    expect(await reader.refresh()).toBe(true);
    expect(reader.stats().keys).toBe(3);
    spoiling.spoil(700, 1);
    expect((await world.openReader({ fileSystem: spoiling.fileSystem })).stats().keys).toBe(3);
  });

  test("in a segment that was sealed since", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    await db.put("a", filler(LARGE));
    const spoiling = new SpoilingFileSystem(world.fileSystem, /2\.segment$/);
    const reader = await world.openReader({ fileSystem: spoiling.fileSystem });
    for (const key of ["b", "c", "d"]) await db.put(key, filler(LARGE));
    await settle(db);
    spoiling.spoil(200, Number.POSITIVE_INFINITY);
    // Without its caches, so that a load has to look at it, too.
    for (const name of await world.fileSystem.list("/store")) {
      if (/hint|checkpoint/.test(name)) await world.fileSystem.remove(world.path(name));
    }
    world.leaveUnchecked();
    await db.put("e", filler(LARGE));
    expect(await rejection(reader.refresh())).toMatchObject({ ...corrupt, segmentId: 2 });
    expect(reader.stats().keys).toBe(1);
    spoiling.spoil(200, 0);
    expect(await reader.refresh()).toBe(true);
    expect(reader.stats().keys).toBe(5);
  });

  test("of one value to whoever reads that one", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (const key of ["a", "b"]) await db.put(key, filler(LARGE));
    await db.compact();
    const [{ segmentId } = { segmentId: 0 }] = db.stats().segments;
    await db.close();
    await spoil(world, segmentFileName(segmentId), flipAt(200));
    const reader = await world.openReader();
    expect(await rejection(reader.get("a"))).toMatchObject({ ...corrupt, segmentId });
    expect(await reader.get("b")).toEqual(filler(LARGE));
  });
});
