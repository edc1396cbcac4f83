import { expect, test, vi } from "vitest";
import { open } from "@hashlog/engine";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { readManifest, recount } from "./support/recount.ts";
import { entriesOf, text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

// A million are reserved at a time; with a handful the edge is met all the time.
vi.mock("../src/limits.ts", async (original) => {
  const { LIMITS } = await original<typeof import("../src/limits.ts")>();
  return { LIMITS: { ...LIMITS, sequencesReserved: 5 } };
});

test("more sequences are reserved before those that were are used up", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const edits = world.watched.count("replace");
  for (let index = 1; index <= 30; index += 1) {
    await db.put(`key ${index}`, String(index));
    expect(db.stats().sequence).toBe(index);
    expect((await readManifest(world)).nextSequence).toBeGreaterThan(index);
  }
  // One edit for every six or so, and one that lists the segment.
  expect(world.watched.count("replace") - edits).toBeLessThanOrEqual(7);
});

test("a batch and many puts in flight get all the sequences they need at once", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  await Promise.all(Array.from({ length: 40 }, (_, index) => db.put(`key ${index}`, "1")));
  await db.batch(Array.from({ length: 40 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "2" })));
  await Promise.all(Array.from({ length: 40 }, (_, index) => db.put(`key ${index}`, "3")));
  expect(db.stats().sequence).toBe(120);
  expect(new Set((await entriesOf(db)).map(([, value]) => value))).toEqual(new Set(["3"]));
});

test("no sequence is given to two writes, however often the process is killed in between", async () => {
  let disk = new SimulatedDisk();
  let fileSystem = disk.boot();
  let db = await open("/store", { fileSystem });
  const writes = new Map<number, string | undefined>();
  let highest = 0;
  for (let life = 0; life < 12; life += 1) {
    for (let index = 0; index < life % 4; index += 1) {
      await db.put("key", `${life} ${index}`);
      expect(db.stats().sequence).toBeGreaterThan(highest);
      highest = db.stats().sequence;
    }
    if (life % 3 === 0) await db.delete("key");
    if (life % 4 === 1) await db.compact();
    highest = Math.max(highest, db.stats().sequence);
    disk.kill();
    disk = new SimulatedDisk({ image: disk.image() });
    fileSystem = disk.boot();
    db = await open("/store", { fileSystem });
    for (const { records } of (await recount({ fileSystem, directory: "/store" })).segments) {
      for (const { sequence, tombstone, value } of records) {
        const written = tombstone ? "deleted" : text(value);
        expect(writes.get(sequence) ?? written).toBe(written);
        writes.set(sequence, written);
      }
    }
  }
  await db.close();
});
