import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { bytes, type Store } from "@hashlog/engine";
import { expect, test } from "vitest";
import { LIMITS } from "../src/limits.ts";
import { openWithin } from "../src/open.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { entriesOf } from "./support/values.ts";

/** A process that opens the store, writes one record, and is killed before it has done anything else. */
async function shortLife(disk: SimulatedDisk, life: number, compaction: boolean): Promise<number> {
  const clock = new FakeClock();
  const options = { fileSystem: disk.boot(), clock, values: bytes, compaction };
  const db: Store<string, Uint8Array> = await openWithin({ ...LIMITS, crumbsMost: 8 }, "/store", options);
  const { length } = db.stats().segments;
  await db.put(`life ${life}`, new Uint8Array([life]));
  disk.kill();
  return length;
}

test("processes that live for one write each leave no more segments than an opening puts up with", async () => {
  const disk = new SimulatedDisk();
  let most = 0;
  for (let life = 0; life < 60; life += 1) most = Math.max(most, await shortLife(disk, life, true));
  // Those it puts up with, and what the last life left.
  expect(most).toBeLessThanOrEqual(9);
  const db = await openWithin(LIMITS, "/store", { fileSystem: disk.boot(), values: bytes, compaction: false });
  expect(await entriesOf(db as never)).toHaveLength(60);
  await db.close();
});

test("where nothing is to be merged by itself they are left alone", async () => {
  const disk = new SimulatedDisk();
  let most = 0;
  for (let life = 0; life < 20; life += 1) most = Math.max(most, await shortLife(disk, life, false));
  expect(most).toBeGreaterThan(15);
});

test("an opening that finds no room to join them opens all the same, and notes it", async () => {
  const disk = new SimulatedDisk();
  for (let life = 0; life < 10; life += 1) await shortLife(disk, life, false);
  const fileSystem = disk.boot();
  fileSystem.freeBytes = () => Promise.reject(new Error("nobody knows"));
  const db = await openWithin({ ...LIMITS, crumbsMost: 8 }, "/store", { fileSystem, clock: new FakeClock() });
  expect(db.stats().compaction.failures).toMatchObject({ count: expect.any(Number) as number });
  expect(db.stats().compaction.failures.count).toBeGreaterThan(0);
  expect(db.stats().keys).toBe(10);
  await db.close();
});
