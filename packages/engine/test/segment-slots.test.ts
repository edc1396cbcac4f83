import { expect, test, vi } from "vitest";
import { entriesOf, filler, rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

// A keydir can number 16,383 segments. With room for a dozen the limit is met soon: six of the log, six for a merge.
vi.mock("@hashlog/index", async (original) => ({ ...(await original<object>()), SEGMENT_SLOTS_MAX: 12 }));

const LARGE = filler(400);

async function segmentFiles({ fileSystem, directory }: World): Promise<number> {
  return (await fileSystem.list(directory)).filter((name) => name.endsWith(".segment")).length;
}

test("a store with as many segments as there may be refuses to begin another, and says what to do", async () => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, LARGE);
  for (let turn = 0; turn < 3; turn += 1) {
    expect(await rejection(db.put("one more", LARGE))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
  }
  expect(await segmentFiles(world)).toBe(6);
  expect(db.stats()).toMatchObject({ keys: 6, writes: "ready" });
  await db.compact();
  expect(db.stats().keys).toBe(6);
  await db.close();

  db = await world.open({ segmentBytesMax: 100_000 });
  expect(db.stats().keys).toBe(6);
  await db.compact();
  expect(db.stats().segments.length).toBe(1);
  await db.put("one more", LARGE);
  expect(db.stats().keys).toBe(7);
});

test("slots that an iterator keeps are no reason to lose anything: a merge waits for a better day", async () => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 5; index += 1) await db.put(`key ${index}`, LARGE);
  const iterator = db.keys();
  await db.put("key 0", LARGE);
  await db.compact();
  await db.put("key 1", LARGE);
  const files = await segmentFiles(world);
  expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
  expect(await segmentFiles(world)).toBe(files);
  expect((await entriesOf(db)).length).toBe(5);
  await iterator.return!();
  await db.compact();
  expect(db.stats()).toMatchObject({ keys: 5, deadBytes: 0 });
  db = await world.reopen(db);
  expect((await entriesOf(db)).length).toBe(5);
});
