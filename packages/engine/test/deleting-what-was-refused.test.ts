import { open } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import type { StorePlace } from "./support/recount.ts";
import { copyStore } from "./support/roads.ts";
import type { TextStore } from "./support/text-store.ts";
import { entriesOf, rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;
const DISABLED = { code: "HASHLOG_WRITES_DISABLED" };
const NO_SPACE = { code: "HASHLOG_NO_SPACE" };

/** A store that has refused "key", as its sync failed. The record is in the log's file. */
async function refused(world: World, code: "FS_IO" | "FS_NO_SPACE"): Promise<TextStore> {
  const db = await world.open();
  await db.put("first", "1");
  await db.delete("first");
  const fails = world.watched.fail("sync", SEGMENT, code);
  expect(await rejection(db.put("key", "refused"))).toMatchObject(code === "FS_IO" ? DISABLED : NO_SPACE);
  fails.end();
  expect(await keysAfterAKill(world)).toEqual(["key"]);
  return db;
}

async function keysAfterAKill(world: StorePlace): Promise<string[]> {
  const { fileSystem, directory } = await copyStore(world);
  const db = await open(directory, { fileSystem, compaction: false });
  const keys = (await entriesOf(db)).map(([key]) => key);
  await db.close();
  return keys;
}

const WAYS: readonly (readonly [string, (db: TextStore) => Promise<unknown>])[] = [
  ["a delete", (db) => db.delete("key")],
  ["a delete that asks for a sync", (db) => db.delete("key", { sync: true })],
  ["a delete of another key", (db) => db.delete("other")],
  ["clearing", (db) => db.clear()],
];

describe.each(WAYS)("%s, where a put was refused that may be there after a crash,", (_title, remove) => {
  test("is refused as well where nothing is written any more", async () => {
    const world = await memoryWorld();
    const db = await refused(world, "FS_IO");
    expect(await rejection(remove(db))).toMatchObject(DISABLED);
  });

  test("lasts where the log goes on", async () => {
    const world = await memoryWorld();
    const db = await refused(world, "FS_NO_SPACE");
    await remove(db);
    expect(await keysAfterAKill(world)).toEqual([]);
    await world.check(db);
  });
});
