import { syncWayTo, type FileSystem } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";

const DIRECTORY = "/a/b/c";

/** A disk on which a process has made directories, and died before it synced one of them. */
async function diskWithDirectories(): Promise<{ disk: SimulatedDisk; fileSystem: FileSystem }> {
  const disk = new SimulatedDisk();
  const dead = disk.boot();
  for (const directory of ["/a", "/a/b", DIRECTORY]) await dead.makeDirectory(directory);
  disk.kill();
  return { disk, fileSystem: disk.boot() };
}

async function isThereAfterPowerCut(disk: SimulatedDisk): Promise<boolean> {
  disk.powerCut([], "drop-all");
  return (await disk.boot().stat(DIRECTORY)) !== undefined;
}

test("a directory that a process made and did not live to sync is lost, unless somebody syncs the way to it", async () => {
  const { disk, fileSystem } = await diskWithDirectories();
  await syncWayTo(fileSystem, DIRECTORY);
  expect(await isThereAfterPowerCut(disk)).toBe(true);
  expect(await isThereAfterPowerCut((await diskWithDirectories()).disk)).toBe(false);
});

test("a directory above that this user may not sync is passed over, and the others are synced", async () => {
  const { disk, fileSystem } = await diskWithDirectories();
  await fileSystem.syncDirectory("/");
  disk.inject({ at: { operation: "syncDirectory" }, kind: "EPERM" });
  await syncWayTo(fileSystem, DIRECTORY);
  expect(disk.firedFaults).toBe(1);
  expect(await isThereAfterPowerCut(disk)).toBe(true);
});

test("a sync that fails is told", async () => {
  const { disk, fileSystem } = await diskWithDirectories();
  disk.inject({ at: { operation: "syncDirectory", path: "/a/b" }, kind: "EIO" });
  await expect(syncWayTo(fileSystem, DIRECTORY)).rejects.toMatchObject({ code: "FS_IO", path: "/a/b" });
});
