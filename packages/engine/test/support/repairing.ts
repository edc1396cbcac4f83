import { open, repair, verify, type RepairReport } from "@hashlog/engine";
import { expect } from "vitest";
import { checkInvariants } from "./check-invariants.ts";
import type { StorePlace } from "./recount.ts";
import { sixRecords } from "./six-records.ts";
import type { TextStore } from "./text-store.ts";
import { filler, text } from "./values.ts";
import type { World } from "./worlds.ts";

/** What is damaged and repaired: a store of six records, and what is left of it. */

export const RECORD_BYTES = 18 + 5 + 150;

/** A closed store of six records, two a segment, that is to be damaged. */
export async function closedStore(world: World, more?: (db: TextStore) => Promise<unknown>): Promise<void> {
  await sixRecords(world, more);
  world.leaveUnchecked();
}

/** A record's frame, and the fence behind it. */
export const FRAME_BYTES = 32 + RECORD_BYTES + 32;

/** The value of the second record of a segment of `closedStore`, the first one's, and the header of the first frame. */
export const SECOND_VALUE = 32 + FRAME_BYTES + 32 + 40;
export const FIRST_VALUE = 32 + 32 + 40;
export const FRAME_HEADER = 32 + 10;

/** Repairs the store, and gives the report. */
export async function repaired(place: StorePlace): Promise<RepairReport> {
  return repair(place.directory, { fileSystem: place.fileSystem });
}

/** Opens the store, checks it, and gives all of it. */
export async function contentOf({ fileSystem, directory }: StorePlace): Promise<Map<string, string>> {
  const db = await open(directory, { fileSystem, compaction: false });
  await checkInvariants(db as never, { fileSystem });
  const content = new Map<string, string>();
  for await (const [key, value] of db.entries()) content.set(key, Buffer.from(value).toString("latin1"));
  await db.close();
  expect((await verify(directory, { fileSystem })).findings).toEqual([]);
  return content;
}

/** What `contentOf` gives of such a store without some of its records. */
export function allBut(...missing: number[]): Map<string, string> {
  const all = [0, 1, 2, 3, 4, 5].filter((index) => !missing.includes(index));
  return new Map(all.map((index) => [`key ${index}`, Buffer.from(filler(150, index)).toString("latin1")]));
}

/** The keys that are lost, where they are known. */
export function namesOf({ lost }: RepairReport): (string | undefined)[] {
  return lost.map(({ key }) => text(key));
}
