import { hashKeydir, IndexError } from "@hashlog/index";
import { expect, test } from "vitest";
import { entriesOf, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test.each([true, false])(
  "a reader without memory for a write shows all of it once there is memory again (held back: %o)",
  async (sync) => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("a", "1");
    let refused = 0;
    const reader = await world.openReader({
      index: (options) => {
        const keydir = hashKeydir(options);
        const put = keydir.put.bind(keydir);
        keydir.put = (...given) => {
          if (refused-- > 0) throw new IndexError("INDEX_FULL", "there is no memory");
          return put(...given);
        };
        return keydir;
      },
    });
    const batch = ["b", "c"].map((key) => ({ type: "put", key, value: "2" }) as const);
    const held = world.watched.hold("sync", /\.segment$/);
    const write = db.batch(batch, { sync });
    if (sync) {
      await held.reached;
      await reader.refresh();
    }
    held.release();
    await write;
    await db.put("d", "3");
    refused = 1;
    await rejection(reader.refresh());
    expect(await entriesOf(reader)).toEqual([["a", "1"]]);
    refused = 0;
    await reader.refresh();
    expect(await entriesOf(reader)).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["c", "2"],
      ["d", "3"],
    ]);
  },
);
