import { open, type Store } from "@hashlog/engine";
import { SEGMENT_HEADER_BYTES, segmentFileName } from "@hashlog/format";
import { expect, test } from "vitest";
import { LIMITS, type Limits } from "../src/limits.ts";
import { checkInvariants } from "./support/check-invariants.ts";
import { turns } from "./support/event-loop.ts";
import { filler } from "./support/values.ts";
import { withFiles } from "./support/with-files.ts";
import { memoryWorld, simulatedWorld, type World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Segments of a kilobyte are large, and the log is busy when it takes two records in a second. */
const PUTTING_OFF: Limits = { ...LIMITS, hintAtOnceBytesMost: 500, hintsPutOffBytesMost: 3500, quietBytesMost: 200 };

const SEGMENT_BYTES = 1024;

async function openStore(world: World, limits: Partial<Limits> = {}): Promise<TextStore> {
  return world.openWithin({ ...PUTTING_OFF, ...limits }, { segmentBytesMax: SEGMENT_BYTES });
}

async function write(db: TextStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) await db.put(`key ${index}`, filler(100, index));
  // What is sealed and written in the background.
  await turns();
}

async function hints(world: World): Promise<readonly string[]> {
  await turns();
  return (await world.fileSystem.list(world.directory)).filter((name) => name.endsWith(".hint")).sort();
}

function sealed(db: TextStore): number {
  return db.stats().segments.filter(({ state }) => state === "sealed").length;
}

test("a large segment gets its hint when the log has been quiet for a second, and not before", async () => {
  const world = await memoryWorld();
  const db = await openStore(world);
  await write(db, 0, 20);
  expect(sealed(db)).toBeGreaterThan(1);
  expect(await hints(world)).toEqual([]);
  world.clock.advance(999);
  expect(await hints(world)).toEqual([]);
  // Busy until just now.
  world.clock.advance(1);
  expect(await hints(world)).toEqual([]);
  await db.put("one more record", "is nothing");
  await turns();
  world.clock.advance(1000);
  expect((await hints(world)).length).toBe(sealed(db));
});

test("a segment of which not all can be read gets none, and is told with its place", async () => {
  const world = await memoryWorld();
  let isShort = false;
  const fileSystem = withFiles(world.fileSystem, (file) => ({
    read: (target, at, bytes, position) => (isShort ? Promise.resolve(0) : file.read(target, at, bytes, position)),
  }));
  const db: TextStore = await world.openWithin(PUTTING_OFF, { segmentBytesMax: SEGMENT_BYTES, fileSystem });
  await write(db, 0, 8);
  expect(sealed(db)).toBe(1);
  isShort = true;
  world.clock.advance(1000);
  expect(await hints(world)).toEqual([]);
  isShort = false;
  const [first] = db.stats().segments;
  expect(db.stats().failures).toMatchObject({
    count: 1,
    last: {
      code: "HASHLOG_CORRUPT",
      message: expect.stringMatching(/^no hint of .*: the file is too short at offset \d+$/) as string,
      path: world.path(segmentFileName(first!.segmentId)),
      segmentId: first!.segmentId,
      offset: SEGMENT_HEADER_BYTES,
    },
  });
});

test("a small segment gets its hint at once", async () => {
  const world = await memoryWorld();
  const db = await openStore(world, { hintAtOnceBytesMost: SEGMENT_BYTES });
  await write(db, 0, 20);
  expect((await hints(world)).length).toBe(sealed(db));
  expect(sealed(db)).toBeGreaterThan(1);
});

test("where the log is never quiet, no more than so many bytes of segments are without a hint, the newest ones", async () => {
  const world = await memoryWorld();
  const db = await openStore(world);
  for (let from = 0; from < 200; from += 20) {
    await write(db, from, from + 20);
    world.clock.advance(1000);
    await turns();
    const without = sealed(db) - (await hints(world)).length;
    expect(without * SEGMENT_BYTES).toBeLessThanOrEqual(PUTTING_OFF.hintsPutOffBytesMost);
  }
  const [oldest] = db.stats().segments;
  expect((await hints(world))[0]).toContain(String(oldest!.segmentId));
});

test("a segment that was merged before its turn is not counted, and gets none", async () => {
  const world = await memoryWorld();
  const db = await openStore(world);
  await write(db, 0, 20);
  for (let index = 0; index < 20; index += 1) await db.delete(`key ${index}`);
  await db.compact();
  await turns();
  const merged = await hints(world);
  // With what is gone these would be too many.
  await write(db, 20, 40);
  expect(await hints(world)).toEqual(merged);
  world.clock.advance(1000);
  await turns();
  world.clock.advance(1000);
  expect((await hints(world)).length).toBe(sealed(db));
});

test("what a store that is closed has put off is written when it is open again, and is quiet", async () => {
  const world = await memoryWorld();
  const db = await openStore(world);
  await write(db, 0, 20);
  await db.close();
  expect(world.clock.timers).toBe(0);
  expect(await hints(world)).toEqual([]);
  const again = await openStore(world);
  expect(await hints(world)).toEqual([]);
  world.clock.advance(1000);
  expect((await hints(world)).length).toBe(sealed(again));
});

test("a store that was killed before their turn is opened by a scan, and is whole", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await openStore(world);
  await write(db, 0, 20);
  const { fileSystem, directory } = killed();
  const after = await open(directory, { fileSystem, clock: world.clock });
  expect(after.stats()).toMatchObject({ keys: 20, open: { clean: false, road: "scan" } });
  await checkInvariants(after as never, { fileSystem });
  await after.close();
});
