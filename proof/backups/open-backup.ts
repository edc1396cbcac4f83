import { open, utf8 } from "@hashlog/engine";
import type { KeydirFactory } from "@hashlog/index";
import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { settled } from "../world/quiet.ts";
import { VirtualClock } from "../world/virtual-clock.ts";

/**
 * Opens the store in that directory of the disk, as somebody would who restores a backup, and reads all of it. `index`: one
 * that opens more quickly than the real one.
 */
export async function openBackup(
  image: DiskImage,
  directory: string,
  { nowMs, index }: { readonly nowMs?: number; readonly index?: KeydirFactory } = {},
): Promise<ReadonlyMap<string, string>> {
  const fileSystem = new SimulatedDisk({ image, keepsTrace: false }).boot();
  const how = { fileSystem, clock: new VirtualClock(nowMs), index, compaction: false as const };
  const opening = open(directory, { ...how, values: utf8, createIfMissing: false });
  const db = await settled(opening, "opening a backup");
  const state = new Map<string, string>();
  for await (const [key, value] of db.entries()) state.set(key, value);
  await settled(db.close(), "closing a backup");
  return state;
}
