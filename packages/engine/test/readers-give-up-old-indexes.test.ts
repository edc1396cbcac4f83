import { hashKeydir, type Keydir } from "@hashlog/index";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { memoryWorld } from "./support/worlds.ts";

test("a reader gives up an old index when the last snapshot of it is closed, though nothing is loaded again", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  const keydirs: WeakRef<Keydir>[] = [];
  const reader = await world.openReader({
    index: (options) => {
      const keydir = hashKeydir(options);
      keydirs.push(new WeakRef(keydir));
      return keydir;
    },
  });
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
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const alive = keydirs.slice(0, -1).filter((keydir) => keydir.deref() !== undefined);
  expect(keydirs.length).toBe(loaded);
  expect(alive.length).toBe(0);
});
