import { expect, test } from "vitest";
import { filler, rejection, text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test("a condition still knows of a write that waits when a later one of the same key was refused", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  await db.put("begin", "1");
  const sync = world.watched.hold("sync", /\.segment$/);
  const first = db.put("a", "first");
  await sync.reached;
  // No segment can be begun: what does not fit into the active one is refused, and the log goes on.
  const full = world.watched.fail("create", /\.segment$/, "FS_NO_SPACE");
  const refused = [
    db.put("a", filler(1000)),
    // Looks at what waits, the two writes of "a" included.
    db.put("b", "1", { ifAbsent: true }),
    // Does not fit into that group, which therefore does not wait for the sync.
    db.put("large", filler(1024 * 1024)),
  ];
  for (const write of refused) expect(await rejection(write)).toMatchObject({ code: "HASHLOG_NO_SPACE" });
  full.end();
  const second = db.put("a", "second", { ifAbsent: true });
  sync.release();
  await first;
  expect(await second).toBe(false);
  expect(text(await db.get("a"))).toBe("first");
});
