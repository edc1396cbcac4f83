import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { bytes, open } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { openWithin } from "../src/open.ts";
import { atRest } from "./support/at-rest.ts";
import { overwrite, SMALL_LIMITS, SOON, untilIdle } from "./support/merging.ts";
import { filler, rejection } from "./support/values.ts";

type OpenStore = Awaited<ReturnType<typeof openStore>>;

async function openStore() {
  const disk = new SimulatedDisk({ platform: "windows" });
  const fileSystem = disk.boot();
  const db = await open("/store", { fileSystem, segmentBytesMax: 512 });
  const files = async (kind: string): Promise<number> =>
    (await fileSystem.list("/store")).filter((name) => name.endsWith(kind)).length;
  return { disk, db, files };
}

/** Where an open file cannot be removed, whoever removes one closes it first. */
describe("on a file system that does not remove open files", () => {
  test("merges leave none of their inputs behind", async () => {
    const { db, files } = await openStore();
    for (let turn = 1; turn <= 40; turn += 1) {
      await db.put("key", filler(430));
      if (turn % 4 === 0) await db.compact();
    }
    expect(await files(".segment")).toBe(db.stats().segments.length);
    expect(db.stats().failures.count).toBe(0);
    await db.close();
  });

  test.each([
    ["another merge", async ({ db }: OpenStore) => db.put("key", filler(430)).then(() => db.compact())],
    ["a call of compact() that finds nothing to merge", ({ db }: OpenStore) => db.compact()],
  ])("what an iterator still reads stays, and goes with %s", async (_name, next) => {
    const opened = await openStore();
    const { db, files } = opened;
    await db.put("key", filler(430));
    await db.put("other", filler(430));
    const iterator = db.entries();
    await db.put("key", filler(430));
    await db.compact();
    expect(await files(".segment")).toBeGreaterThan(db.stats().segments.length);
    for await (const [, value] of iterator) expect(value).toEqual(filler(430));
    await next(opened);
    expect(await files(".segment")).toBe(db.stats().segments.length);
    expect(db.stats().failures.count).toBe(0);
    await db.close();
  });

  test("what an iterator still reads goes when the background merges next", async () => {
    const disk = new SimulatedDisk({ platform: "windows" });
    const fileSystem = disk.boot();
    const options = { fileSystem, segmentBytesMax: 2048, compaction: SOON, values: bytes };
    const db = await openWithin(SMALL_LIMITS, "/store", options);
    const litter = async (): Promise<number> =>
      (await fileSystem.list("/store")).filter((name) => name.endsWith(".segment")).length - db.stats().segments.length;
    await overwrite(db, 1);
    const iterator = db.entries();
    await overwrite(db, 8);
    await untilIdle(db);
    expect(await litter()).toBeGreaterThan(0);
    await iterator.return();
    const { merges } = db.stats();
    await overwrite(db, 8);
    await untilIdle(db);
    expect(db.stats().merges).toBeGreaterThan(merges);
    expect(await litter()).toBe(0);
    expect(db.stats().failures.count).toBe(0);
    await db.close();
  });

  test("what is still read when the store is closed goes then", async () => {
    const { db, files } = await openStore();
    await db.put("key", filler(430));
    const snapshot = db.snapshot();
    await db.put("key", filler(430));
    await db.compact();
    const listed = db.stats().segments.length;
    expect(await files(".segment")).toBeGreaterThan(listed);
    expect(await snapshot.get("key")).toEqual(filler(430));
    await db.close();
    expect(await files(".segment")).toBe(listed);
    expect(db.stats().failures.count).toBe(0);
  });

  test("what another process still reads stays, is told when the store is closed, and goes at a later opening", async () => {
    const { disk, db, files } = await openStore();
    await db.put("key", filler(430));
    await db.put("key", filler(430));
    await db.sync();
    const elsewhere = disk.boot();
    const name = (await elsewhere.list("/store")).find((one) => one.endsWith(".segment"))!;
    const held = await elsewhere.openRead(`/store/${name}`);
    await db.compact();
    expect(db.stats().failures.count).toBe(0);
    await db.close();
    expect(db.stats().failures).toMatchObject({ count: 1, last: { code: "FS_BUSY" } });
    expect(await elsewhere.list("/store")).toContain(name);
    await held.close();
    const again = await open("/store", { fileSystem: disk.boot(), segmentBytesMax: 512 });
    expect(await files(".segment")).toBe(again.stats().segments.length);
    await again.close();
  });

  test("a checkpoint that finds no room leaves no file", async () => {
    const { disk, db, files } = await openStore();
    await db.put("key", filler(430));
    disk.inject({ at: { operation: "sync", path: ".checkpoint" }, kind: "ENOSPC" });
    expect(await rejection(db.checkpoint())).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    expect(await files(".checkpoint")).toBe(0);
    expect(db.stats().failures.count).toBe(0);
    await db.close();
  });

  test("a hint that finds no room leaves no file", async () => {
    const { disk, db, files } = await openStore();
    disk.inject({ at: { operation: "append", path: ".hint" }, kind: "ENOSPC", sticky: true });
    for (let turn = 0; turn < 3; turn += 1) await db.put(`key ${turn}`, filler(430));
    await db.sync();
    await db.close();
    expect(db.stats().failures.count).toBeGreaterThan(0);
    expect(await files(".hint")).toBe(0);
  });

  test("a hint that took the place of one that was still read when the store was opened stays", async () => {
    const { disk, db } = await openStore();
    await db.put("key", filler(430));
    disk.kill();
    const elsewhere = disk.boot();
    const segment = (await elsewhere.list("/store")).find((name) => name.endsWith(".segment"))!;
    const path = `/store/${segment.replace(".segment", ".hint")}`;
    // Of an older manifest, in which the segment was sealed already.
    const old = await elsewhere.create(path);
    old.append(filler(40), 0, 40);
    const fileSystem = disk.boot();
    const again = await open("/store", { fileSystem, segmentBytesMax: 512 });
    await old.close();
    await again.put("other", filler(430));
    await atRest(again);
    const { bytes: hintBytes } = (await fileSystem.stat(path))!;
    expect(hintBytes).not.toBe(40);
    await again.close();
    expect(await fileSystem.stat(path)).toEqual({ kind: "file", bytes: hintBytes });
    expect(again.stats().failures.count).toBe(0);
  });
});
