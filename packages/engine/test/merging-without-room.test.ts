import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { open } from "@hashlog/engine";
import { expect, test } from "vitest";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test("a merge that finds no room to be published leaves none of its files behind", async () => {
  const disk = new SimulatedDisk();
  const fileSystem = disk.boot();
  const db = await open("/store", { fileSystem, segmentBytesMax: 2048 });
  const segmentFiles = async (): Promise<number> =>
    (await fileSystem.list("/store")).filter((name) => name.endsWith(".segment")).length;
  for (let turn = 0; turn < 40; turn += 1) await db.put(`key ${turn % 8}`, filler(300));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const full = { at: { operation: "replace.write" }, kind: "ENOSPC", sticky: true } as const;
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === "sync") disk.inject(full);
    };
    expect(await rejection(db.compact({ onProgress }))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    disk.clearFaults();
    expect(await segmentFiles()).toBe(db.stats().segments.length);
  }
  await db.compact();
  expect(await segmentFiles()).toBe(db.stats().segments.length);
  expect(db.stats()).toMatchObject({ keys: 8, deadBytes: 0 });
  await db.close();
});

test("a merge that cannot find out how much room there is fails in the store's own words", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  for (let turn = 0; turn < 4; turn += 1) await db.put("key", filler(300));
  const { segments } = db.stats();
  const failing = world.watched.fail("freeBytes", /./);
  expect(await rejection(db.compact())).toMatchObject({ name: "HashlogError", code: "HASHLOG_IO" });
  failing.end();
  expect(await db.compact()).toMatchObject({ inputs: segments.map(({ segmentId }) => ({ segmentId })) });
});
