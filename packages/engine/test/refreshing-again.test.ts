import { expect, test } from "vitest";
import { ShorteningFileSystem } from "./support/readers.ts";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";
import { WatchedFileSystem } from "./support/watched-file-system.ts";

const SEGMENT = /\.segment$/;
const MANIFEST = /\.manifest$/;

test("a refresh that is tried again tells of what the failed one has shown", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  await db.put("a", "1");
  const half = new ShorteningFileSystem(world.fileSystem, SEGMENT);
  const watched = new WatchedFileSystem(half.fileSystem);
  const reader = await world.openReader({ fileSystem: watched.fileSystem });
  await db.put("b", "2");
  await db.put("c", "3");
  // The end of the last frame is not there yet, and what is there cannot be looked at more closely.
  half.missingBytes = 1;
  const reads = watched.count("read", SEGMENT);
  const isSecond = (path: string): boolean => SEGMENT.test(path) && watched.count("read", SEGMENT) - reads === 2;
  const fault = watched.fail("read", { test: isSecond } as RegExp);
  expect(await rejection(reader.refresh())).toMatchObject({ code: "HASHLOG_IO" });
  fault.end();
  expect([reader.has("a"), reader.has("b"), reader.has("c")]).toEqual([true, true, false]);
  expect(await reader.refresh()).toBe(true);
});

test("what is missing is no damage as long as nobody can tell whether the writer has replaced it", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  await db.put("a", filler(300));
  const watched = new WatchedFileSystem(world.fileSystem);
  const reader = await world.openReader({ fileSystem: watched.fileSystem });
  await db.put("a", filler(300, 1));
  await db.compact();
  const opening = watched.hold("openRead", SEGMENT);
  const refreshing = rejection(reader.refresh());
  await opening.reached;
  await db.put("a", filler(300, 2));
  await db.compact();
  const fault = watched.fail("openRead", MANIFEST);
  opening.release();
  expect(await refreshing).toMatchObject({ code: "HASHLOG_IO" });
  fault.end();
  expect(await reader.refresh()).toBe(true);
  expect(reader.getSync("a")).toEqual(filler(300, 2));
});
