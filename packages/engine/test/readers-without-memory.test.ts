import type { ReadOnlyStore, Store } from "@hashlog/engine";
import { hashKeydir, IndexError } from "@hashlog/index";
import { expect, test } from "vitest";
import { entriesOf, rejection } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const BATCH = ["b", "c"].map((key) => ({ type: "put", key, value: "2" }) as const);

interface Both {
  readonly world: World;
  readonly db: Store<string, Uint8Array, Uint8Array | string>;
  readonly reader: ReadOnlyStore<string, Uint8Array>;
  /** From now on there is no memory in the reader for more than so many puts. */
  readonly room: (puts: number) => void;
}

async function openBoth(): Promise<Both> {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  await db.put("a", "1");
  let left = Infinity;
  const reader = await world.openReader({
    index: (options) => {
      const keydir = hashKeydir(options);
      const put = keydir.put.bind(keydir);
      keydir.put = (...given) => {
        if (left === 0) throw new IndexError("INDEX_FULL", "there is no memory");
        left -= 1;
        return put(...given);
      };
      return keydir;
    },
  });
  return { world, db, reader, room: (puts) => (left = puts) };
}

test.each([true, false])(
  "a reader without memory for a write shows all of it once there is memory again (held back: %o)",
  async (sync) => {
    const { world, db, reader, room } = await openBoth();
    const held = world.watched.hold("sync", /\.segment$/);
    const write = db.batch(BATCH, { sync });
    if (sync) {
      await held.reached;
      await reader.refresh();
    }
    held.release();
    await write;
    await db.put("d", "3");
    room(0);
    await rejection(reader.refresh());
    expect(await entriesOf(reader)).toEqual([["a", "1"]]);
    room(Infinity);
    await reader.refresh();
    expect(await entriesOf(reader)).toEqual(await entriesOf(db));
  },
);

test("a reader with memory for a part of a batch shows nothing of it", async () => {
  const { db, reader, room } = await openBoth();
  await db.batch(BATCH);
  room(1);
  await rejection(reader.refresh());
  expect(await entriesOf(reader)).toEqual([["a", "1"]]);
});
