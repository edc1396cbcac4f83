import { open } from "@hashlog/engine";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";

test("stats are there after closing, also of a store whose recovery found no room", async () => {
  const disk = new SimulatedDisk();
  const killed = await open("/store", { fileSystem: disk.boot(), sync: "never" });
  await killed.put("key", "value");
  disk.kill();
  disk.inject({ at: { operation: "replace" }, kind: "ENOSPC", sticky: true });
  disk.inject({ at: { operation: "create" }, kind: "ENOSPC", sticky: true });
  const db = await open("/store", { fileSystem: disk.boot(), sync: "never" });
  const before = db.stats();
  expect(before).toMatchObject({ writes: "no-space", keys: 1, segments: [{ records: 1 }] });
  await db.close();
  expect(db.stats()).toMatchObject({ keys: 1, fileBytes: before.fileBytes });
});
