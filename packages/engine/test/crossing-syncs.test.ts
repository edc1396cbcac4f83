import { describe, expect, test } from "vitest";
import { entriesOf, filler, isSettled, rejection, text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** What is asked of a store while a sync, or the making of a segment, is under way. */
describe("while a write waits for its sync", () => {
  test("a checkpoint begins its replay at that write, and waits until it is durable", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    const sync = world.watched.hold("sync", /\.segment$/);
    const written = db.put("b", "2");
    await sync.reached;
    const checkpoint = db.checkpoint();
    expect(await isSettled(checkpoint)).toBe(false);
    sync.release();
    await Promise.all([written, checkpoint]);
    expect(db.stats().checkpoints).toBe(1);
    const again = await world.reopen(db);
    expect(again.stats().open.road).toBe("checkpoint");
    expect(text(await again.get("b"))).toBe("2");
  });
});

describe("while a segment is begun", () => {
  test("a sync that fails refuses what waits for the segment, and closing waits for the segment", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const db = await world.open({ sync: "never", segmentBytesMax: 512 });
    await db.put("a", "1");
    const sync = world.watched.hold("sync", /\.segment$/);
    world.watched.fail("sync", /0001\.segment$/);
    const syncing = rejection(db.sync());
    await sync.reached;
    const edit = world.watched.hold("replace");
    const written = rejection(db.put("b", filler(500)));
    sync.release();
    expect(await syncing).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect(await written).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    const closing = db.close();
    expect(await isSettled(closing)).toBe(false);
    edit.release();
    await closing;
    world.watched.letGo();
    const again = await world.open();
    expect(await entriesOf(again)).toEqual([["a", "1"]]);
  });

  test("a sync under way that meets what an append has failed of refuses nobody once more", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never", segmentBytesMax: 512 });
    await db.put("a", filler(300));
    // Full, it is sealed when the next is begun, and its sync goes on to what lies in that one.
    const sync = world.watched.hold("sync", /0001\.segment$/);
    const next = db.put("b", filler(300));
    await sync.reached;
    await next;
    const full = world.watched.fail("append", /\.segment$/, "FS_NO_SPACE");
    expect(await rejection(db.put("c", "3"))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    full.end();
    const written = db.put("d", "4");
    expect(await isSettled(written)).toBe(false);
    sync.release();
    await written;
    expect((await entriesOf(await world.reopen(db))).map(([key]) => key)).toEqual(["a", "b", "d"]);
  });
});
