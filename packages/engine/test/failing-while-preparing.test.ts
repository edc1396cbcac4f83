import { expect, test } from "vitest";
import { turns } from "./support/event-loop.ts";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test("a log that fails while room is made for a delete goes on with the sequences that are due, and can be opened again", async () => {
  const world = await memoryWorld();
  world.leaveUnchecked();
  let db = await world.open({ segmentBytesMax: 1024, sync: { intervalMs: 1000 } });
  for (let key = 0; key < 4; key += 1) await db.put(`key ${key}`, filler(200, key));
  await db.put("fills the segment", filler(100));
  // The delete needs another segment, for which there is no room but that of the reserve.
  const full = world.watched.fail("create", /\.segment/, "FS_NO_SPACE");
  const reserve = world.watched.hold("remove", /\.reserve/);
  const deletes = Array.from({ length: 40 }, (_, key) => ({ type: "delete", key: `key ${key}`.padEnd(30) }) as const);
  const refused = rejection(db.batch(deletes));
  await reserve.reached;
  // Beside that a sync fails, and all that waits is refused.
  const failing = world.watched.fail("sync", /\.segment/, "FS_NO_SPACE");
  world.clock.advance(1000);
  await turns();
  failing.end();
  full.end();
  reserve.release();
  expect(await refused).toMatchObject({ code: "HASHLOG_NO_SPACE" });
  await turns();
  await db.put("after", "1");
  await db.close();
  db = await world.open();
  expect(db.has("after")).toBe(true);
});
