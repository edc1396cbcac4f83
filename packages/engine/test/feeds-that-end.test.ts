import { describe, expect, test } from "vitest";
import { putMany, SMALL, smallStore } from "./support/changing.ts";
import { take } from "./support/feeds.ts";
import { collectGarbage } from "./support/memory.ts";
import { all, isSettled, rejection } from "./support/values.ts";
import { memoryWorld, readingAsynchronously } from "./support/worlds.ts";

describe("a feed ends", () => {
  test("when it is left, with what waits", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 3);
    const feed = db.changes({ since: 3 });
    const waiting = feed.next();
    expect(await isSettled(waiting)).toBe(false);
    expect(await feed.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    for await (const change of db.changes({ since: 1 })) if (change.version === 2) break;
    expect(db.stats().feeds.count).toBe(0);
  });

  test("when it is left in the midst of the state, which is given up with it", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 300, 10);
    const feed = db.changes({ since: 0 });
    await take(feed, 3);
    expect(db.stats()).toMatchObject({ iterators: 1, feeds: { count: 1, oldestSequence: 300 } });
    await feed.return();
    expect(db.stats()).toMatchObject({ iterators: 0, feeds: { count: 0 } });
  });

  test.each([0, 1])(
    "when it is left while it reads, and gives nothing of what it has read, from %i on",
    async (since) => {
      const world = await memoryWorld();
      const db = await world.open<string, string>({ ...SMALL, fileSystem: readingAsynchronously(world.fileSystem) });
      world.leaveUnchecked();
      await putMany(db, 0, 10);
      const reading = world.watched.hold("read", /\.segment$/);
      const feed = db.changes({ since });
      const next = feed.next();
      await reading.reached;
      await feed.return();
      reading.release();
      expect(await next).toEqual({ done: true, value: undefined });
      expect(db.stats()).toMatchObject({ iterators: 0, feeds: { count: 0 } });
    },
  );

  test("without an error when the store is closed, and delivers nothing more", async () => {
    const world = await memoryWorld();
    const db = await smallStore(world);
    await putMany(db, 0, 10);
    const [waiting, ahead, state] = [db.changes(), db.changes({ since: 1 }), db.changes({ since: 0 })];
    await take(ahead, 1);
    await take(state, 1);
    const next = waiting.next();
    const closed = db.close();
    const end = { done: true, value: undefined };
    expect(await Promise.all([next, ahead.next(), state.next()])).toEqual([end, end, end]);
    await closed;
    expect(await ahead.next()).toEqual(end);
    expect(await all(waiting)).toEqual([]);
    expect(db.stats().feeds.count).toBe(0);
    expect(() => db.changes()).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
  });

  test.each([0, 1])("without an error when the store is closed while it reads, from %i on", async (since) => {
    const world = await memoryWorld();
    const db = await world.open<string, string>({ ...SMALL, fileSystem: readingAsynchronously(world.fileSystem) });
    world.leaveUnchecked();
    await putMany(db, 0, 10);
    const reading = world.watched.hold("read", /\.segment$/);
    const next = db.changes({ since }).next();
    await reading.reached;
    const closed = db.close();
    expect(await isSettled(closed)).toBe(false);
    reading.release();
    await closed;
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test("with HASHLOG_ABORTED when its signal is aborted, once, and gives up what it keeps at that moment", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 10);
    for (const since of [undefined, 0, 1]) {
      const controller = new AbortController();
      const feed = db.changes({ since, signal: controller.signal });
      if (since !== undefined) await take(feed, 1);
      const next = since === undefined ? feed.next() : undefined;
      controller.abort(new Error("enough"));
      expect(db.stats()).toMatchObject({ iterators: 0, feeds: { count: 0 } });
      const error = await rejection(next ?? feed.next());
      expect(error).toMatchObject({ code: "HASHLOG_ABORTED", cause: { message: "enough" } });
      expect(await feed.next()).toEqual({ done: true, value: undefined });
    }
    const aborted = db.changes({ since: 0, signal: AbortSignal.abort() });
    expect(db.stats()).toMatchObject({ iterators: 0, feeds: { count: 0 } });
    expect(await rejection(aborted.next())).toMatchObject({ code: "HASHLOG_ABORTED" });
  });

  test("when nobody holds it any more", async () => {
    const db = await smallStore(await memoryWorld());
    await putMany(db, 0, 10);
    // In a function of its own, so that nothing but the list that it gives back holds the feeds.
    const begin = async (): Promise<unknown[]> => {
      const feeds = [1, 0].map((since) => db.changes({ since, signal: new AbortController().signal }));
      for (const feed of feeds) await take(feed, 1);
      return feeds;
    };
    const held = await begin();
    await db.compact();
    expect(db.stats().feeds.bytesKept).toBeGreaterThan(0);
    held.length = 0;
    for (let turn = 0; turn < 10 && db.stats().feeds.count > 0; turn += 1) await collectGarbage();
    expect(db.stats()).toMatchObject({ iterators: 0, feeds: { count: 0, bytesKept: 0 } });
  });

  test("but not while somebody waits for it", async () => {
    const db = await smallStore(await memoryWorld());
    const first = (async () => {
      for await (const change of db.changes()) return change;
      return undefined;
    })();
    for (let turn = 0; turn < 3; turn += 1) await collectGarbage();
    await db.put("a", "1");
    expect(await first).toMatchObject({ key: "a" });
  });
});
