import { open, utf8 } from "@hashlog/engine";
import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { settled } from "../world/quiet.ts";
import { VirtualClock } from "../world/virtual-clock.ts";

/** Opens the store in that directory of the disk, as somebody would who restores a backup, and reads all of it. */
export async function openBackup(image: DiskImage, directory: string): Promise<ReadonlyMap<string, string>> {
  const fileSystem = new SimulatedDisk({ image, keepsTrace: false }).boot();
  const clock = new VirtualClock();
  const opening = open(directory, { fileSystem, clock, values: utf8, compaction: false, createIfMissing: false });
  const db = await settled(opening, "opening a backup");
  const state = new Map<string, string>();
  for await (const [key, value] of db.entries()) state.set(key, value);
  await settled(db.close(), "closing a backup");
  return state;
}
