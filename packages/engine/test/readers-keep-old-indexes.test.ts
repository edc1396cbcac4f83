import { hashKeydir, type Keydir } from "@hashlog/index";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { memoryWorld } from "./support/worlds.ts";

test("a reader gives up an index that was loaded again, without being asked for its stats", async () => {
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
  for (let round = 0; round < 10; round += 1) {
    for (const key of ["a", "b", "c"]) await db.put(key, `${key} ${round}`);
    await db.compact();
    await reader.refresh();
  }
  for (let turn = 0; turn < 10; turn += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(keydirs.length).toBeGreaterThan(10);
  expect(keydirs.filter((keydir) => keydir.deref() !== undefined).length).toBeLessThan(4);
});
