import { hashKeydir, type Keydir, type KeydirFactory } from "@hashlog/index";
import { expect, test } from "vitest";
import { collectGarbage } from "./support/memory.ts";
import { memoryWorld } from "./support/worlds.ts";

/** Makes keydirs, and remembers them without keeping them. */
function remembering(): { readonly index: KeydirFactory; readonly keydirs: readonly WeakRef<Keydir>[] } {
  const keydirs: WeakRef<Keydir>[] = [];
  const index: KeydirFactory = (options) => {
    const keydir = hashKeydir(options);
    keydirs.push(new WeakRef(keydir));
    return keydir;
  };
  return { index, keydirs };
}

function alive(keydirs: readonly WeakRef<Keydir>[]): number {
  return keydirs.filter((keydir) => keydir.deref() !== undefined).length;
}

test("a reader gives up an index that was loaded again, without being asked for its stats", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  const { index, keydirs } = remembering();
  const reader = await world.openReader({ index });
  for (let round = 0; round < 10; round += 1) {
    for (const key of ["a", "b", "c"]) await db.put(key, `${key} ${round}`);
    await db.compact();
    await reader.refresh();
  }
  await collectGarbage();
  expect(keydirs.length).toBeGreaterThan(10);
  expect(alive(keydirs)).toBeLessThan(4);
});

test("a reader gives up an old index when the last snapshot of it is closed, though nothing is loaded again", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  const { index, keydirs } = remembering();
  const reader = await world.openReader({ index });
  // In a function of its own, whose variables are gone when it has returned.
  const mergeBeneathSnapshots = async (): Promise<void> => {
    for (let round = 0; round < 10; round += 1) {
      for (const key of ["a", "b", "c"]) await db.put(key, `${key} ${round}`);
      await db.compact();
      const snapshot = reader.snapshot();
      await reader.refresh();
      snapshot.close();
    }
  };
  await mergeBeneathSnapshots();
  // What the writer does from now on needs no index anew.
  const loaded = keydirs.length;
  for (let turn = 0; turn < 10; turn += 1) {
    await db.put("d", `${turn}`);
    await reader.refresh();
  }
  await collectGarbage();
  expect(keydirs.length).toBe(loaded);
  expect(alive(keydirs.slice(0, -1))).toBe(0);
});
