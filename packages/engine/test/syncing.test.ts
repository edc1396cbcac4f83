import { describe, expect, test } from "vitest";
import { filler, isSettled } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, type World } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;

/** How many syncs of segments there were while `work` was done. */
async function syncsOf(world: World, work: () => Promise<unknown>): Promise<number> {
  const before = world.watched.count("sync", SEGMENT);
  await work();
  return world.watched.count("sync", SEGMENT) - before;
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test('with "always" each awaited put is synced, and what is acknowledged is durable', async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("first", "1");
    for (let index = 0; index < 5; index += 1) {
      expect(await syncsOf(world, () => db.put("key", String(index)))).toBe(1);
      expect(db.stats().floor).toBe(db.stats().sequence);
    }
    expect(await syncsOf(world, () => db.delete("key"))).toBe(1);
    expect(await syncsOf(world, () => db.sync())).toBe(0);
  });

  test('with "always" writes that wait at the same time share a sync', async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("first", "1");
    const puts = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 256 }, (_, index) => db.put(`key ${index}`, filler(100))));
    expect(await syncsOf(world, puts)).toBe(1);
    // Each of these begins when another has ended: those that meet share one.
    const chains = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 64 }, async (_, chain) => {
          for (let turn = 0; turn < 4; turn += 1) await db.put(`key ${chain}`, String(turn));
        }),
      );
    };
    const syncs = await syncsOf(world, chains);
    expect(syncs).toBeGreaterThanOrEqual(4);
    expect(syncs).toBeLessThanOrEqual(8);
  });

  test('with "never" nothing is synced until somebody asks', async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1");
    const writes = async (): Promise<void> => {
      for (let index = 0; index < 50; index += 1) await db.put(`key ${index}`, "1");
      await db.delete("key 1");
      await db.batch([{ type: "put", key: "key 2", value: "2" }]);
    };
    expect(await syncsOf(world, writes)).toBe(0);
    expect(db.stats().floor).toBeLessThan(db.stats().sequence);
    expect(await syncsOf(world, () => db.sync())).toBe(1);
    expect(db.stats().floor).toBe(db.stats().sequence);
    expect(await syncsOf(world, () => db.sync())).toBe(0);
  });

  test("a write that asks for a sync gets one, whatever the policy, and so does all before it", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1");
    for (const write of [
      () => db.put("key", "1", { sync: true }),
      () => db.delete("key", { sync: true }),
      () => db.batch([{ type: "put", key: "key", value: "2" }], { sync: true }),
    ]) {
      await db.put("before", "1");
      expect(await syncsOf(world, write)).toBe(1);
      expect(db.stats().floor).toBe(db.stats().sequence);
    }
    expect(await syncsOf(world, () => db.put("key", "3", { sync: false }))).toBe(0);
  });

  test("with an interval a put is acknowledged at once, and synced when the interval has passed", async () => {
    const world = await newWorld();
    let db = await world.open({ sync: { intervalMs: 1000 } });
    await db.put("first", "1");
    db = await world.reopen(db);
    const writes = async (): Promise<void> => {
      await db.put("a", "1");
      world.clock.advance(999);
      await db.put("b", "1");
    };
    expect(await syncsOf(world, writes)).toBe(0);
    expect(db.stats().floor).toBeLessThan(db.stats().sequence);
    // The oldest write counts.
    expect(await syncsOf(world, async () => world.clock.advance(1))).toBe(1);
    await db.sync();
    expect(db.stats().floor).toBe(db.stats().sequence);
    expect(await syncsOf(world, async () => world.clock.advance(5000))).toBe(0);
  });

  test("with an interval a write looks at the clock itself where the timer is late", async () => {
    const world = await newWorld();
    let db = await world.open({ sync: { intervalMs: 1000 } });
    await db.put("first", "1");
    db = await world.reopen(db);
    await db.put("a", "1");
    world.clock.advanceWithoutTimers(1000);
    expect(await syncsOf(world, () => db.put("b", "1"))).toBe(1);
  });

  test("sync resolves when everything of before the call is durable, in all segments", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never", segmentBytesMax: 512 });
    const writes = Array.from({ length: 10 }, (_, index) => db.put(`key ${index}`, filler(300)));
    await db.sync();
    expect(db.stats()).toMatchObject({ floor: 10, sequence: 10, pendingWrites: 0 });
    await Promise.all(writes);
    await db.put("last", "1");
    const sync = world.watched.hold("sync", SEGMENT);
    const asked = db.sync();
    await sync.reached;
    expect(await isSettled(asked)).toBe(false);
    sync.release();
    await asked;
  });
});

test("a store in which nothing is written sets no timer, and a closed one leaves none behind", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: { intervalMs: 50 } });
  expect(world.clock.timers).toBe(0);
  await db.put("key", "1");
  expect(world.clock.timers).toBe(1);
  await db.close();
  expect(world.clock.timers).toBe(0);
});

test("closing makes everything durable, whatever the policy", async () => {
  for (const sync of ["never", { intervalMs: 1000 }] as const) {
    const world = await memoryWorld();
    const db = await world.open({ sync });
    await db.put("key", "1");
    expect(db.stats().floor).toBe(0);
    await db.close();
    expect(db.stats().floor).toBe(1);
  }
});

test("a sealed segment was synced before it was sealed, whatever the policy", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never", segmentBytesMax: 512 });
  const sync = world.watched.hold("sync", /0000000001\.segment$/);
  // The header's sync passes before the hold is over: it is the first segment's only other one.
  const first = db.put("a", filler(300));
  await sync.reached;
  sync.release();
  await first;
  const again = world.watched.hold("sync", /0000000001\.segment$/);
  await db.put("b", filler(300));
  await again.reached;
  expect(db.stats().segments.map(({ state }) => state)).toEqual(["unsealed", "active"]);
  again.release();
  await db.checkpoint();
  expect(db.stats().segments.map(({ state }) => state)).toEqual(["sealed", "active"]);
});
