import { segmentFileName } from "@hashlog/format";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { HashlogError, type CompactionOptions } from "@hashlog/engine";
import assert from "node:assert/strict";
import { describe, expect, onTestFinished, test } from "vitest";
import { openWithin } from "../src/open.ts";
import { RESERVE_BYTES } from "../src/reserve-file.ts";
import { checkInvariants } from "./support/check-invariants.ts";
import { turns } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { SMALL_LIMITS, SOON, untilIdle } from "./support/merging.ts";
import type { TextStore } from "./support/text-store.ts";
import { filler, isSame, rejection } from "./support/values.ts";

const RESERVE = "/store/hashlog.reserve";
const VALUE_BYTES = 4096;
const FULL = { code: "HASHLOG_NO_SPACE" };

/** A store on a disk that is full of what counts. */
class FullStore {
  readonly disk: SimulatedDisk = new SimulatedDisk({ keepsTrace: false });
  readonly clock: FakeClock = new FakeClock();
  db!: TextStore;
  #fileSystem = this.disk.boot();
  readonly #compaction: CompactionOptions | false;

  constructor(compaction: CompactionOptions | false) {
    this.#compaction = compaction;
    onTestFinished(() => this.disk.kill());
  }

  async open(): Promise<void> {
    this.#fileSystem = this.disk.boot();
    this.db = await openWithin(SMALL_LIMITS, "/store", {
      fileSystem: this.#fileSystem,
      clock: this.clock,
      segmentBytesMax: 32_768,
      compaction: this.#compaction,
    });
  }

  /** Puts until nothing goes any more; resolves to how many keys there are. */
  async fill(roomBytes: number): Promise<number> {
    await this.open();
    this.disk.capacityBytes = this.disk.usedBytes + roomBytes;
    let keys = 0;
    for (let isFull = false; !isFull;) {
      isFull = await this.isRefused(this.db.put(`key ${keys}`, filler(VALUE_BYTES, keys)));
      if (!isFull) keys += 1;
    }
    return keys;
  }

  /** Whether there was no room for it; fails where it failed of anything else. */
  async isRefused(write: Promise<unknown>): Promise<boolean> {
    const error = await write.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined && !(HashlogError.is(error) && error.code === FULL.code)) throw error as Error;
    return error !== undefined;
  }

  get reserveBytes(): number {
    return this.disk.image().bytes(RESERVE)?.length ?? 0;
  }

  /** The names of segment files that no segment of the store is in. */
  async leftovers(): Promise<string[]> {
    const listed = new Set(this.db.stats().segments.map(({ segmentId }) => segmentFileName(segmentId)));
    const names = await this.#fileSystem.list("/store");
    return names.filter((name) => name.endsWith(".segment") && !listed.has(name));
  }

  async reopen(how: "close" | "kill"): Promise<void> {
    if (how === "close") await this.db.close();
    else this.disk.kill();
    await this.open();
  }

  /** With room again, what there is is what there should be, and the store is sound. */
  async judge(expected: ReadonlyMap<string, Uint8Array>): Promise<void> {
    this.disk.capacityBytes = Infinity;
    await this.db.put("last", "1");
    await checkInvariants(this.db as never, { fileSystem: this.#fileSystem });
    assert.equal(this.db.stats().keys, expected.size + 1);
    for (const [key, value] of expected) assert.deepEqual([key, isSame(this.db.getSync(key), value)], [key, true]);
    await this.db.close();
  }
}

function valuesOf(keys: number, isThere: (key: number) => boolean): Map<string, Uint8Array> {
  const values = new Map<string, Uint8Array>();
  for (let key = 0; key < keys; key += 1) if (isThere(key)) values.set(`key ${key}`, filler(VALUE_BYTES, key));
  return values;
}

describe.each<[string, "close" | "kill" | undefined]>([
  ["goes on", undefined],
  ["is closed and opened again", "close"],
  ["is killed and opened again", "kill"],
])("a store that is full of what counts, and %s after each step", (_name, reopened) => {
  test("can delete, compact its way out, and be put into again", async () => {
    const full = new FullStore(false);
    const keys = await full.fill(600_000);
    expect(keys).toBeGreaterThan(100);
    expect(full.reserveBytes).toBe(RESERVE_BYTES);
    const step = async (): Promise<void> => {
      if (reopened !== undefined) await full.reopen(reopened);
    };
    await step();
    for (let key = 0; key < keys; key += 2) await full.db.delete(`key ${key}`);
    const expected = valuesOf(keys, (key) => key % 2 === 1);
    await step();
    expect(full.db.stats().keys).toBe(expected.size);
    const { bytesFreed, inputs } = await full.db.compact();
    expect(bytesFreed).toBeGreaterThan(200_000);
    expect(inputs.length).toBeGreaterThan(3);
    expect(await full.leftovers()).toEqual([]);
    await step();
    await full.db.put("again", filler(VALUE_BYTES));
    expected.set("again", filler(VALUE_BYTES));
    expect(full.reserveBytes).toBe(RESERVE_BYTES);
    await full.judge(expected);
  });
});

describe("while deletes have a part of the reserve", () => {
  /** Full, and so many keys were deleted that the deletes had to be lent room. */
  async function lent(
    compaction: CompactionOptions | false,
  ): Promise<{ full: FullStore; keys: number; deleted: number }> {
    const full = new FullStore(compaction);
    const keys = await full.fill(600_000);
    let deleted = 0;
    while (full.reserveBytes === RESERVE_BYTES) await full.db.delete(`key ${deleted++}`);
    return { full, keys, deleted };
  }

  test("puts are refused, and say that only deletes are done, and go on once there is room", async () => {
    const { full, keys, deleted } = await lent(false);
    expect(full.reserveBytes).toBe(RESERVE_BYTES / 2);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const error = await rejection(full.db.put("small", "1"));
      expect(error).toMatchObject({ ...FULL, message: expect.stringContaining("only deletes") as string });
      const batch = full.db.batch([
        { type: "delete", key: `key ${deleted}` },
        { type: "put", key: "small", value: "1" },
      ]);
      expect(await rejection(batch)).toMatchObject(FULL);
    }
    expect(await full.db.delete(`key ${deleted}`)).toBe(true);
    // Room for all of the reserve and for what was lent.
    full.disk.capacityBytes += 2 * RESERVE_BYTES;
    await full.db.put("small", "1");
    expect(full.reserveBytes).toBe(RESERVE_BYTES);
    const expected = valuesOf(keys, (key) => key > deleted);
    expected.set("small", filler(0));
    expected.delete("small");
    await full.db.delete("small");
    await full.judge(expected);
  });

  test("they have half of it, and half of what is left the next time, and never the last of it", async () => {
    const { full, keys, deleted } = await lent(false);
    const sizes = [full.reserveBytes];
    // A batch of deletes of keys as long as they may be takes much room, and frees none.
    // One that finds no room where it is appended is refused, and room is lent to the next.
    let refusedInARow = 0;
    for (let batch = 0; batch < 100 && refusedInARow < 3; batch += 1) {
      const key = `${batch}`.padEnd(20_000, "x");
      const isRefused = await full.isRefused(full.db.batch([{ type: "delete", key }]));
      refusedInARow = isRefused ? refusedInARow + 1 : 0;
      if (full.reserveBytes !== sizes.at(-1)) sizes.push(full.reserveBytes);
    }
    expect(refusedInARow).toBe(3);
    expect(sizes).toEqual([RESERVE_BYTES / 2, RESERVE_BYTES / 4, RESERVE_BYTES / 8]);
    // What is kept back to the last is enough for a merge of what was deleted first.
    await full.db.compact();
    expect(await full.leftovers()).toEqual([]);
    await full.judge(valuesOf(keys, (key) => key >= deleted));
  });

  test("the background merges whatever can be freed, whatever the policy says, and puts go on", async () => {
    const strategy = { name: "never", choose: () => undefined };
    const { full, keys, deleted } = await lent({ ...SOON, strategy });
    let more = deleted;
    for (; more < keys - 20; more += 1) await full.db.delete(`key ${more}`);
    await turns(500);
    await untilIdle(full.db);
    expect(full.db.stats().merges).toBeGreaterThan(0);
    expect(full.reserveBytes).toBe(RESERVE_BYTES);
    await full.db.put("again", "1");
    await full.db.delete("again");
    await full.judge(valuesOf(keys, (key) => key >= more));
  });
});

test("compact goes piece by piece where there is not enough room for all at once, and reports them as one", async () => {
  const full = new FullStore(false);
  const keys = await full.fill(900_000);
  for (let key = 0; key < keys; key += 3) await full.db.delete(`key ${key}`);
  const before = full.db.stats().segments.filter(({ deadBytes }) => deadBytes > 0);
  const report = await full.db.compact();
  expect(full.db.stats().merges).toBeGreaterThan(1);
  expect(report.trigger).toBe("listed");
  expect(report.inputs.length).toBeGreaterThanOrEqual(before.length);
  expect(report.bytesFreed).toBeGreaterThan(200_000);
  expect(await full.leftovers()).toEqual([]);
  await full.judge(valuesOf(keys, (key) => key % 3 !== 0));
});

test("compact goes on with less at a time where the volume has less room than it says", async () => {
  const full = new FullStore(false);
  const keys = await full.fill(600_000);
  full.disk.capacityBytes = Infinity;
  for (let key = 0; key < keys; key += 2) await full.db.delete(`key ${key}`);
  // Anything goes by what the volume says; after so many bytes it has no more.
  full.disk.inject({ at: { operation: "append", path: ".segment", nth: 10 }, kind: "ENOSPC" });
  full.disk.inject({ at: { operation: "append", path: ".segment", nth: 15 }, kind: "ENOSPC" });
  await full.db.compact();
  full.disk.clearFaults();
  const { deadBytes, tombstoneBytes, merges } = full.db.stats();
  expect(merges).toBeGreaterThan(1);
  // Those whose older ones were merged in another piece.
  expect(deadBytes).toBe(tombstoneBytes);
  expect(await full.leftovers()).toEqual([]);
  await full.judge(valuesOf(keys, (key) => key % 2 === 1));
});

test("where no segment's live part fits, compact says what to do, and leaves everything as it was", async () => {
  const full = new FullStore(false);
  const keys = await full.fill(600_000);
  await full.db.close();
  await full.disk.boot().remove(RESERVE);
  full.disk.capacityBytes = full.disk.usedBytes;
  await full.open();
  const before = full.db.stats().segments;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const error = await rejection(full.db.compact());
    expect(error).toMatchObject({ ...FULL, message: expect.stringMatching(/make some, or delete/) as string });
    expect(await full.leftovers()).toEqual([]);
    expect(full.db.stats().segments).toEqual(before);
  }
  await full.judge(valuesOf(keys, () => true));
});
