/**
 * What operations cost, in numbers that are the same on every machine: calls of the file system, syncs, bytes of heap, bytes
 * of the keydir. How long they take is measured by the benchmarks; that they do not do more than they must is seen here.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { bytes, open, type Store } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import type { Allocations } from "./fixtures/allocations.ts";
import { filler, utf8Bytes } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

/** The calls of the file system while `run` does its work, by name. */
async function calls(world: World, run: () => unknown): Promise<Record<string, number>> {
  const before = world.watched.calls.length;
  await run();
  const counts: Record<string, number> = {};
  for (const { operation } of world.watched.calls.slice(before)) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

async function filled(db: Store<string, Uint8Array, Uint8Array | string>, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, index) => `key ${index}`);
  await db.batch(keys.map((key) => ({ type: "put", key, value: filler(100) })));
  return keys;
}

describe.each([10, 10_000])("calls of the file system in a store of %i keys", (count) => {
  test("a read is one, of exactly its record, and none where there is nothing, or it is in the cache", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await filled(db, count);
    expect(await calls(world, () => db.getSync("key 7"))).toEqual({ readSync: 1 });
    expect(await calls(world, () => db.get("key 8"))).toEqual({ readSync: 1 });
    expect(await calls(world, () => db.getEntry("key 9"))).toEqual({ readSync: 1 });
    expect(await calls(world, () => db.getMany(["key 1", "key 2", "key 3"]))).toEqual({ readSync: 1 });
    db.getSync("key 7");
    expect(await calls(world, () => [db.getSync("key 7"), db.get("key 7")])).toEqual({});
    const nothing = [() => db.getSync("none"), () => db.get("none"), () => db.getMany(["none"]), () => db.has("key 1")];
    for (const look of nothing) expect(await calls(world, look)).toEqual({});
  });

  test("writes that are made at once are one append, and no sync where none was asked for", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await filled(db, count);
    const some = Array.from({ length: 100 }, (_, index) => `other ${index}`);
    expect(await calls(world, () => db.put("a", "1"))).toEqual({ append: 1 });
    expect(await calls(world, () => Promise.all(some.map((key) => db.put(key, "1"))))).toEqual({ append: 1 });
    expect(await calls(world, () => db.batch(some.map((key) => ({ type: "delete", key }))))).toEqual({ append: 1 });
    expect(await calls(world, () => db.delete("a"))).toEqual({ append: 1 });
    expect(await calls(world, () => db.delete("nothing"))).toEqual({});
  });

  test("durable writes that are made at once share a sync, and those made while it is under way the next one", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "always" });
    await filled(db, count);
    const some = Array.from({ length: 1000 }, (_, index) => `other ${index}`);
    // The second append is the fence that states what is durable.
    expect(await calls(world, () => db.put("a", "1"))).toEqual({ append: 2, sync: 1 });
    expect(await calls(world, () => Promise.all(some.map((key) => db.put(key, "1"))))).toEqual({ append: 2, sync: 1 });
    const during = async (): Promise<void> => {
      const held = world.watched.hold("sync");
      const first = db.put("b", "1");
      await held.reached;
      const others = some.map((key) => db.put(key, "2"));
      held.release();
      await Promise.all([first, ...others]);
    };
    expect(await calls(world, during)).toEqual({ append: 3, sync: 2 });
  });
});

test("a store that is written and read over and over in small groups does a call for each group, not for each key", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "always", cacheBytesMax: 0 });
  const keys = Array.from({ length: 256 }, (_, index) => `key ${index}`);
  const counted = await calls(world, async () => {
    for (let round = 0; round < 50; round += 1) await Promise.all(keys.map((key) => db.put(`${key} ${round}`, "1")));
  });
  // Two appends each, with the fence; and once another segment is begun.
  expect(counted["append"]).toBeLessThanOrEqual(102);
  expect(counted["sync"]).toBeLessThanOrEqual(52);
});

test.each([
  { keys: 100_000, keyBytes: 16 },
  { keys: 1_000_000, keyBytes: 16 },
])("$keys keys take at most 24 bytes each besides their own", async ({ keys, keyBytes }) => {
  // Of a million nothing else is looked at: no world, which would open them by every road.
  const db = await open("/store", { fileSystem: memoryFileSystem(), sync: "never", keys: bytes });
  const value = utf8Bytes("v");
  for (let first = 0; first < keys; first += 10_000) {
    const some = Array.from({ length: 10_000 }, (_, index) => utf8Bytes(String(first + index).padStart(keyBytes, "0")));
    await db.batch(some.map((key) => ({ type: "put", key, value })));
  }
  expect(db.stats().keydirBytes / keys - keyBytes).toBeLessThanOrEqual(24);
  await db.close();
});

test("an operation allocates no more heap than its result, and for writes a little", async () => {
  const flags = ["--min-semi-space-size=64", "--max-semi-space-size=64", "--conditions=@hashlog/source"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    join(import.meta.dirname, "fixtures/allocations.ts"),
  ]);
  const found = JSON.parse(stdout) as Allocations;
  // What was found on Node 24, and a fifth on top: a value of 100 bytes is some 200 of them, a promise that is awaited as many.
  const most: Allocations = { getSync: 320, getSyncCached: 270, missing: 60, get: 660, put: 470, batched: 520 };
  for (const [operation, heapBytes] of Object.entries(most) as [keyof Allocations, number][]) {
    expect({ operation, heapBytes: found[operation] }).toSatisfy(
      ({ heapBytes: allocated }: { heapBytes: number }) => allocated > 0 && allocated <= heapBytes,
    );
  }
});
