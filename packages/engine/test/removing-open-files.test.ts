import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { open } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { filler, rejection } from "./support/values.ts";

/** Where an open file cannot be removed, whoever removes one closes it first. */
describe("on a file system that does not remove open files", () => {
  async function openStore() {
    const disk = new SimulatedDisk({ platform: "windows" });
    const fileSystem = disk.boot();
    const db = await open("/store", { fileSystem, segmentBytesMax: 512 });
    const files = async (kind: string): Promise<number> =>
      (await fileSystem.list("/store")).filter((name) => name.endsWith(kind)).length;
    return { disk, db, files };
  }

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

  test("what an iterator still reads stays, is told, and goes at the next opening", async () => {
    const { disk, db, files } = await openStore();
    await db.put("key", filler(430));
    await db.put("other", filler(430));
    const iterator = db.entries();
    await db.put("key", filler(430));
    await db.compact();
    expect(db.stats().failures).toMatchObject({ count: expect.any(Number) as number, last: { code: "FS_BUSY" } });
    expect(await files(".segment")).toBeGreaterThan(db.stats().segments.length);
    for await (const [, value] of iterator) expect(value).toEqual(filler(430));
    await db.close();
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
});
