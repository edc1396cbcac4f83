import { parseFileName } from "@hashlog/format";
import { expect, test } from "vitest";
import { settle } from "./support/values.ts";
import { nodeWorld } from "./support/worlds.ts";

const KEYS = 100_000;

test.each(["checkpoint", "hints"])(
  "a reader that loads its index again, by %s, gives the event loop away, however many keys there are",
  async (road) => {
    const world = await nodeWorld();
    world.leaveUnchecked();
    const db = await world.open({ sync: "never" });
    const puts = Array.from({ length: KEYS }, (_, index) => ({ type: "put", key: `key ${index}`, value: "" }) as const);
    for (let at = 0; at < KEYS; at += 1000) await db.batch(puts.slice(at, at + 1000));
    await db.compact();
    const reader = await world.openReader();
    await db.put("key 0", "1");
    await db.compact();
    // Large segments get their hints when the log has been quiet for a while.
    world.clock.advance(1000);
    await settle(db);
    const names = await world.fileSystem.list(world.directory);
    const checkpoints = names.filter((name) => parseFileName(name)?.kind === "checkpoint");
    if (road === "hints") for (const name of checkpoints) await world.fileSystem.remove(world.path(name));
    let turns = 0;
    let turning = true;
    const turn = (): void => {
      turns += 1;
      if (turning) setImmediate(turn);
    };
    turn();
    await reader.refresh();
    turning = false;
    expect(reader.stats()).toMatchObject({ keys: KEYS, road });
    // Whoever reads meanwhile has a turn at least every ten thousand keys: some milliseconds.
    expect(turns).toBeGreaterThanOrEqual(KEYS / 10_000);
  },
);
