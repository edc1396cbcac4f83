import { open } from "@hashlog/engine";
import { hashKeydir, type KeydirFactory } from "@hashlog/index";
import { expect, test } from "vitest";
import { FakeClock } from "./support/fake-clock.ts";
import type { StorePlace } from "./support/recount.ts";
import { copyStore } from "./support/roads.ts";
import type { TextStore } from "./support/text-store.ts";
import { entriesOf, filler, rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const TTL = 1000;
const SEGMENT = /\.segment$/;

/** A store with keys that have expired, beside one that has not. */
async function withExpired(world: World, count: number): Promise<TextStore> {
  const db = await world.open();
  await db.put("stays", filler(100));
  for (let index = 0; index < count; index += 1) await db.put(`key ${index}`, "short-lived", { ttlMs: TTL });
  world.clock.advance(TTL);
  return db;
}

/** Which keys of a copy somebody finds whose clock stands so many milliseconds earlier. */
async function keysBefore({ fileSystem, directory }: StorePlace, backMs: number): Promise<string[]> {
  const clock = new FakeClock();
  clock.advance(TTL - backMs);
  const db = await open(directory, { fileSystem, clock, compaction: false });
  const keys = (await entriesOf(db)).map(([key]) => key);
  await db.close();
  return keys.sort();
}

test.each<[string, (db: TextStore) => Promise<unknown>, string[]]>([
  ["a delete", (db) => db.delete("key 0"), ["stays"]],
  ["a batch", (db) => db.batch([{ type: "delete", key: "key 0" }]), ["stays"]],
  ["clearing", (db) => db.clear(), []],
])("%s lasts, though what it deletes has expired and a merge is about to let it go", async (_title, remove, left) => {
  const world = await memoryWorld();
  const db = await withExpired(world, 1);
  let written: Promise<void> | undefined;
  let gate: ReturnType<typeof world.watched.hold> | undefined;
  const merge = db.compact({
    onProgress: ({ phase }) => {
      // Where the log has a segment to write into, no write waits for the edit of the manifest.
      if (phase === "copy") written ??= db.put("stays", "2");
      if (phase === "retire") gate ??= world.watched.hold("replace");
    },
  });
  while (gate === undefined) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([written, gate.reached]);
  const before = await copyStore(world);
  expect(await keysBefore(before, TTL)).toEqual(["key 0", "stays"]);
  await remove(db);
  const cut = await copyStore(world);
  gate.release();
  expect(await merge).toMatchObject({ leftOut: [] });
  expect(db.stats().keys).toBe(left.length);
  await world.check(db);
  await db.close();
  for (const backMs of [0, TTL]) expect(await keysBefore(cut, backMs)).toEqual(left);
});

test("a key that has expired is there until its record is out of the store, and not longer", async () => {
  const world = await memoryWorld();
  const db = await withExpired(world, 1);
  let keys: number | undefined;
  await db.compact({
    onProgress: ({ phase }) => {
      if (phase === "retire") keys ??= db.stats().keys;
    },
  });
  expect(keys).toBe(2);
  expect(db.stats().keys).toBe(1);
});

test("a merge that cannot read the keys of what has expired, when its inputs are retired, drops them all the same", async () => {
  const world = await memoryWorld();
  const db = await withExpired(world, 2000);
  let failing: { end(): void } | undefined;
  const failed = db.compact({
    onProgress: ({ phase }) => {
      if (phase === "retire") failing ??= world.watched.fail("read", SEGMENT);
    },
  });
  expect(await rejection(failed)).toMatchObject({ code: "HASHLOG_IO" });
  failing!.end();
  expect(db.stats()).toMatchObject({ keys: 1, expiredBytes: 0, deadBytes: 0 });
  const names = await world.fileSystem.list(world.directory);
  expect(names.filter((name) => SEGMENT.test(name))).toHaveLength(db.stats().segments.length);
  await db.put("key 0", "again");
  await db.compact();
  expect((await entriesOf(db)).map(([key]) => key)).toEqual(["key 0", "stays"]);
  await world.check(db);
  await db.close();
  const again = await world.open();
  expect(again.stats().keys).toBe(2);
});

/** An index that has no memory for taking keys out, while there is none; `views` are those that are open. */
function indexShortOfMemory(): { readonly index: KeydirFactory; isShort: boolean; readonly views: number } {
  const state = {
    isShort: false,
    views: 0,
    index: (...args: Parameters<KeydirFactory>): ReturnType<KeydirFactory> => {
      const keydir = hashKeydir(...args);
      const deleteIfAt = keydir.deleteIfAt.bind(keydir);
      const openView = keydir.openView.bind(keydir);
      keydir.deleteIfAt = (...args) => {
        if (state.isShort) throw new RangeError("Array buffer allocation failed");
        return deleteIfAt(...args);
      };
      keydir.openView = () => {
        const view = openView();
        const close = view.close.bind(view);
        state.views += 1;
        view.close = () => {
          state.views -= 1;
          close();
        };
        return view;
      };
      return keydir;
    },
  };
  return state;
}

test("a merge that has no memory for dropping what has expired leaves it to the next, and no view behind", async () => {
  const world = await memoryWorld();
  const memory = indexShortOfMemory();
  const db = await world.open({ index: memory.index });
  await db.put("stays", filler(100));
  for (let index = 0; index < 10; index += 1) await db.put(`key ${index}`, "short-lived", { ttlMs: TTL });
  world.clock.advance(TTL);
  memory.isShort = true;
  expect(await rejection(db.compact())).toMatchObject({ code: "HASHLOG_IO" });
  expect(memory.views).toBe(0);
  expect(db.stats()).toMatchObject({ keys: 11, failures: { count: 1 } });
  memory.isShort = false;
  await db.compact();
  expect(db.stats()).toMatchObject({ keys: 1, deadBytes: 0, failures: { count: 1 } });
  const names = await world.fileSystem.list(world.directory);
  expect(names.filter((name) => SEGMENT.test(name))).toHaveLength(1);
  expect((await entriesOf(await world.reopen(db))).map(([key]) => key)).toEqual(["stays"]);
});
