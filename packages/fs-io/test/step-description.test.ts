import { expect, test } from "vitest";
import { describeStep, SimulatedDisk, type DiskTraits, type Fault } from "../src/testing/index.ts";
import { bytes, write } from "./simulated-support.ts";

/** What a disk is told to do that has every kind of step. */
async function stepsOf(traits: DiskTraits, ...faults: readonly Fault[]): Promise<readonly string[]> {
  const disk = new SimulatedDisk({ ...traits, faults });
  const fs = disk.boot();
  await fs.makeDirectory("/d");
  const file = await write(fs, "/d/a", bytes(5000));
  await file.sync().catch(() => undefined);
  await file.close();
  await fs.syncDirectory("/d");
  await fs.link("/d/a", "/d/b");
  await fs.replace("/m", bytes(9));
  await fs.remove("/d/b");
  disk.powerCut();
  return disk.recording.operations.map(describeStep);
}

const BEFORE_THE_SYNC = [
  "make the directory /d",
  "create /d/a",
  "append 4096 bytes to /d/a at 0",
  "append 904 bytes to /d/a at 4096",
];

test("each step is told with what it does to which file, and where", async () => {
  expect(await stepsOf({})).toEqual([
    ...BEFORE_THE_SYNC,
    "sync /d/a",
    "sync /d",
    "link /d/b to a file that has a name already",
    "create /m.new",
    "append 9 bytes to /m.new at 0",
    "sync /m.new",
    "rename /m.new to /m",
    "sync /",
    "remove /d/b",
    "the power is cut",
  ]);
});

test.each([
  ["EIO", undefined, "sync /d/a fails; what it covers is in the cache alone from now on"],
  ["ENOSPC", "late", "sync /d/a fails with ENOSPC, which only the file's next sync tells"],
  ["EIO", "reverted", "sync /d/a fails; the file holds what was durable of it, and nothing else"],
] as const)("a sync that fails of %s (%s) is told with what becomes of what it covers", async (kind, failed, words) => {
  const how = failed === undefined ? {} : { failedSync: failed };
  const told = await stepsOf({}, { at: { operation: "sync" }, kind, ...how });
  expect(told.slice(0, 5)).toEqual([...BEFORE_THE_SYNC, words]);
});

test.each<[DiskTraits, string]>([
  [{ lyingSyncs: true }, "sync /d/a, which covers nothing"],
  [{ safeFileFlush: true }, "sync /d/a, and its names"],
  [{ platform: "windows" }, "sync /d/a, and every name"],
])("a sync on a disk of %j is told with what it covers", async (traits, words) => {
  expect(await stepsOf(traits)).toContain(words);
});
