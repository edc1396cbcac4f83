import { hashKeydir } from "@hashlog/index";
import { checkpointFileName } from "@hashlog/format";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeSlotCounts, newTally, SlotCounts } from "../src/slot-counts.ts";
import { eagerStrategy, garbageStrategy, SMALL_LIMITS, SOON, untilIdle } from "./support/merging.ts";
import { copyStore } from "./support/roads.ts";
import { readManifest } from "./support/recount.ts";
import type { TextStore } from "./support/text-store.ts";
import { filler } from "./support/values.ts";
import { memoryWorld, World } from "./support/worlds.ts";

const MINUTE_MS = 60_000;

function countsOf(slots: readonly number[], asOfMs: number): SlotCounts {
  const counts = new SlotCounts(newTally(0, asOfMs));
  for (const slot of slots) {
    for (let record = 0; record <= slot % 3; record += 1) {
      const expiresAtMs = [0, asOfMs, asOfMs + 1][record % 3]!;
      counts.count({ segmentSlot: slot, offset: 0, valueBytes: 10 + slot, expiresAtMs }, 5, 1);
    }
  }
  return counts;
}

describe("what lives in each slot", () => {
  test("is read again as it was written", () => {
    const written = countsOf([0, 1, 5, 8, 100], 1234);
    const read = decodeSlotCounts(written.encode())!;
    expect(read.tally.asOfMs).toBe(1234);
    for (const name of ["records", "bytes", "expiredRecords", "expiredBytes"] as const) {
      for (const slot of [0, 1, 2, 5, 8, 100]) expect(read.tally[name][slot]).toBe(written.tally[name][slot]);
    }
    expect(read.encode()).toEqual(written.encode());
    expect(decodeSlotCounts(countsOf([], 0).encode())!.tally.records.length).toBe(0);
  });

  test("counts what had expired as of the moment, and takes back what it counted", () => {
    const counts = countsOf([], 1000);
    const location = { segmentSlot: 3, offset: 0, valueBytes: 10 };
    for (const expiresAtMs of [0, 999, 1000, 1001]) counts.count({ ...location, expiresAtMs }, 5, 1);
    expect(counts.tally.records[3]).toBe(4);
    expect(counts.tally.expiredRecords[3]).toBe(2);
    for (const expiresAtMs of [0, 999, 1000, 1001]) counts.count({ ...location, expiresAtMs }, 5, -1);
    const { records, bytes, expiredRecords, expiredBytes } = counts.tally;
    expect([records[3], bytes[3], expiredRecords[3], expiredBytes[3]]).toEqual([0, 0, 0, 0]);
  });

  test("is of no use when it is cut off anywhere, or longer than it says", () => {
    const encoded = countsOf([0, 2, 7], 1234).encode();
    for (let bytes = 0; bytes < encoded.length; bytes += 1) {
      expect(decodeSlotCounts(encoded.subarray(0, bytes))).toBe(undefined);
    }
    expect(decodeSlotCounts(Uint8Array.from([...encoded, 0]))).toBe(undefined);
  });

  test("never throws and never takes memory without bound, whatever byte of it is another", () => {
    const encoded = countsOf([0, 2, 7], 1_700_000_000_000).encode();
    for (let at = 0; at < encoded.length; at += 1) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = encoded.slice();
        damaged[at]! ^= flip;
        const read = decodeSlotCounts(damaged);
        expect(read?.tally.records.length ?? 0).toBeLessThanOrEqual(2 * 65_536);
        // What says how much of it there is.
        const saysHowMuch = at >= 8 && at < 16;
        expect({ at, isOfUse: read !== undefined && saysHowMuch }).toEqual({ at, isOfUse: false });
      }
    }
  });

  test("never throws at bytes that are no counts at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (encoded) => {
        decodeSlotCounts(encoded);
        return true;
      }),
    );
  });

  test("is of no use as of a moment that is no whole number", () => {
    const encoded = countsOf([1], 0).encode();
    new DataView(encoded.buffer).setBigUint64(0, 2n ** 53n, true);
    expect(decodeSlotCounts(encoded)).toBe(undefined);
  });
});

/** A store in which some keys have expired, some will, and some never do; swept as of now. */
async function sweptStore(world: World): Promise<TextStore> {
  const db = await world.openWithin(SMALL_LIMITS, {
    segmentBytesMax: 2048,
    compaction: { strategy: { name: "none", choose: () => undefined }, jitter: 0 },
  });
  for (let key = 0; key < 30; key += 1) {
    const ttlMs = [undefined, MINUTE_MS, 10 * MINUTE_MS][key % 3];
    await db.put(`key ${key}`, filler(100, key), { ttlMs });
  }
  world.clock.advance(MINUTE_MS);
  await untilIdle(db);
  expect(db.stats().expiredAsOfMs).toBe(world.clock.now());
  expect(db.stats().segments.reduce((sum, { expiredRecords }) => sum + expiredRecords, 0)).toBe(10);
  return db;
}

describe("what has expired is what a recount gives", () => {
  test("whatever happens to it after it was looked: overwritten, deleted, put as expired, in a batch, merged", async () => {
    const world = await memoryWorld();
    const db = await sweptStore(world);
    const expired = (): number => db.stats().segments.reduce((sum, { expiredRecords }) => sum + expiredRecords, 0);
    await db.put("key 1", "again");
    expect(expired()).toBe(9);
    await db.delete("key 4");
    expect(expired()).toBe(8);
    await db.put("key 7", "again", { expiresAtMs: 1 });
    expect(expired()).toBe(8);
    await db.put("key 0", "again", { ttlMs: MINUTE_MS });
    expect(expired()).toBe(8);
    await db.batch([
      { type: "put", key: "key 10", value: "1" },
      { type: "delete", key: "key 13" },
      { type: "put", key: "more", value: "1", expiresAtMs: 1 },
      { type: "put", key: "more", value: "2", expiresAtMs: 2 },
    ]);
    expect(expired()).toBe(7);
    await world.check(db);
    const [first] = db.stats().segments;
    await db.compact({ segments: [first!.segmentId] });
    await world.check(db);
    await db.compact();
    expect(db.stats().expiredBytes).toBe(0);
  });

  test("by whichever road the store is opened, and by a checkpoint as of when it was looked", async () => {
    const world = await memoryWorld();
    const db = await sweptStore(world);
    const { expiredBytes, expiredAsOfMs } = db.stats();
    world.clock.advanceWithoutTimers(20 * MINUTE_MS);
    await db.close();
    for (const without of [[], ["checkpoint"], ["checkpoint", "hint"]]) {
      const place = await copyStore(world, without);
      const other = new World(place.fileSystem, place.directory);
      other.clock.advance(21 * MINUTE_MS);
      const opened = await other.open();
      if (without.length === 0) expect(opened.stats()).toMatchObject({ expiredBytes, expiredAsOfMs });
      else expect(opened.stats().expiredAsOfMs).toBe(other.clock.now());
      expect(opened.stats().open.road).toBe(["checkpoint", "hints", "scan"][without.length]);
      await other.check(opened);
      await opened.put("key 1", "again");
      await other.check(opened);
      await other.close();
    }
  });

  test("where the log goes on behind a checkpoint", async () => {
    const world = await memoryWorld();
    const db = await sweptStore(world);
    await db.checkpoint();
    await db.put("key 1", "again");
    await db.put("key 0", "again", { expiresAtMs: 1 });
    await db.delete("key 4");
    const { expiredBytes } = db.stats();
    const place = await copyStore(world);
    const other = new World(place.fileSystem, place.directory);
    const opened = await other.open();
    expect(opened.stats().open.road).toBe("checkpoint");
    expect(opened.stats().expiredBytes).toBe(expiredBytes);
    await other.check(opened);
    await other.close();
  });

  test("where the checkpoint is damaged, in whatever byte of the counts: then it is of no use, and nothing is lost", async () => {
    const world = await memoryWorld();
    const db = await sweptStore(world);
    await db.close();
    const { checkpoint } = await readManifest(world);
    const path = world.path(checkpointFileName(checkpoint!.id));
    const bytes = (await world.fileSystem.stat(path))!.bytes;
    // The counts are the last of it.
    for (const offset of [1, 10, 60, 100].map((back) => bytes - back)) {
      const place = await copyStore(world);
      const file = await place.fileSystem.openRead(
        place.fileSystem.join(place.directory, checkpointFileName(checkpoint!.id)),
      );
      const content = new Uint8Array(bytes);
      await file.read(content, 0, bytes, 0);
      await file.close();
      content[offset]! ^= 1;
      await place.fileSystem.remove(file.path);
      const damaged = await place.fileSystem.create(file.path);
      damaged.append(content, 0, bytes);
      await damaged.close();
      const other = new World(place.fileSystem, place.directory);
      const opened = await other.open();
      expect(opened.stats()).toMatchObject({ keys: 30, open: { road: "hints" } });
      await other.check(opened);
      await other.close();
    }
  });
});

/** Does the work while a sweep has been to some of the shards, and not to others. */
async function duringSweep(
  world: World,
  work: (db: TextStore, inShard: (of: "done" | "left") => string[]) => Promise<unknown>,
): Promise<TextStore> {
  let onTally: (shard: number) => void = () => undefined;
  let shardOf: (key: string) => number = () => 0;
  const db: TextStore = await world.openWithin(SMALL_LIMITS, {
    segmentBytesMax: 4096,
    compaction: { strategy: { name: "none", choose: () => undefined }, jitter: 0 },
    index: (options) => {
      const keydir = hashKeydir(options);
      const encoder = new TextEncoder();
      shardOf = (key) => {
        const bytes = encoder.encode(key);
        return keydir.shardOf(bytes, 0, bytes.length);
      };
      return new Proxy(keydir, {
        get: (target, name) => {
          if (name === "tally") {
            return (shard: number, tally: Parameters<typeof keydir.tally>[1]) => {
              target.tally(shard, tally);
              onTally(shard);
            };
          }
          const member = Reflect.get(target, name, target) as unknown;
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      });
    },
  });
  const operations = Array.from({ length: 20_000 }, (_, key) => ({
    type: "put" as const,
    key: `key ${key}`,
    value: "1",
    ttlMs: [2 * MINUTE_MS, 20 * MINUTE_MS, 0.5 * MINUTE_MS][key % 3],
  }));
  db.compaction.pause();
  for (let at = 0; at < operations.length; at += 1000) await db.batch(operations.slice(at, at + 1000));
  const keys = operations.map(({ key }) => key);
  world.clock.advanceWithoutTimers(3 * MINUTE_MS);
  let shards = 0;
  let worked: Promise<unknown> | undefined;
  onTally = (shard) => {
    shards = shard + 1;
  };
  const yielded = world.clock.yield.bind(world.clock);
  world.clock.yield = async () => {
    if (worked === undefined && shards > 0) {
      const done = shards;
      const inShard = (of: "done" | "left"): string[] => keys.filter((key) => shardOf(key) < done === (of === "done"));
      expect([inShard("done").length > 1000, inShard("left").length > 1000]).toEqual([true, true]);
      worked = work(db, inShard);
      // The sweep waits for it, so that it happens in its midst.
      await worked;
    }
    await yielded();
  };
  db.compaction.resume();
  await untilIdle(db);
  expect(worked).toBeInstanceOf(Promise);
  await worked;
  db.compaction.pause();
  expect(db.stats().expiredAsOfMs).toBe(world.clock.now());
  return db;
}

describe("while it is looked, what has expired is a recount", () => {
  test.each([
    ["has been", "done"],
    ["has not been", "left"],
  ] as const)("of keys that are written where the look %s yet", async (_where, of) => {
    const world = await memoryWorld();
    const db = await duringSweep(world, async (store, inShard) => {
      const keys = inShard(of);
      const expiries = [undefined, 1, world.clock.now(), world.clock.now() + 1];
      const writes: Promise<unknown>[] = [];
      for (let index = 0; index < 300; index += 1) {
        const expiresAtMs = expiries[index % 4];
        if (index % 5 === 4) writes.push(store.delete(keys[index]!));
        else writes.push(store.put(keys[index]!, "again", { expiresAtMs }));
      }
      const batch = keys.slice(400, 500).map((key, index) => ({
        type: "put" as const,
        key,
        value: "in a batch",
        expiresAtMs: expiries[index % 4],
      }));
      writes.push(store.batch(batch));
      await Promise.all(writes);
    });
    expect(db.stats().expiredBytes).toBeGreaterThan(0);
    await world.check(db);
  });
});

test("merges that come between two looks leave the counts what a recount gives", async () => {
  const world = await memoryWorld();
  for (const strategy of [garbageStrategy, eagerStrategy, SOON.strategy!]) {
    const db = await world.openWithin(SMALL_LIMITS, { segmentBytesMax: 2048, compaction: { strategy, jitter: 0 } });
    for (let round = 0; round < 6; round += 1) {
      for (let key = 0; key < 20; key += 1) {
        await db.put(`key ${key}`, filler(80, key), { ttlMs: ((key % 4) + 1) * MINUTE_MS });
      }
      world.clock.advance(MINUTE_MS);
      await untilIdle(db);
      await world.check(db);
    }
    expect(db.stats().merges).toBeGreaterThan(0);
    await db.close();
  }
});
