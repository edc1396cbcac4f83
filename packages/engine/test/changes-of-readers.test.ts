import { open, utf8, type OpenOptions, type Store } from "@hashlog/engine";
import { segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { until } from "./support/event-loop.ts";
import { short, take, takeShort } from "./support/feeds.ts";
import { Processes } from "./support/readers.ts";
import { readFile } from "./support/recount.ts";
import { writeFile } from "./support/roads.ts";
import { isSettled, rejection } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

type TextStore = Store<string, string>;

const SMALL: OpenOptions<string, string> = { segmentBytesMax: 512, values: utf8 };
const TEXT = { values: utf8 };

async function putMany(db: TextStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) await db.put(`key ${index % 10}`, `${index}`.padEnd(100, "."));
}

function versions(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe.each(FILE_SYSTEMS)("on $name, a feed of a store that is only read", ({ newWorld }) => {
  test("delivers what is shown, and after each refresh what is new", async () => {
    const world = await newWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 10);
    const reader = await world.openReader<string, string>(TEXT);
    const [live, behind, whole] = [reader.changes(), reader.changes({ since: 4 }), reader.changes({ since: 0 })];
    expect((await take(behind, 6)).map(({ version }) => version)).toEqual(versions(5, 10));
    const state = await take(whole, 10);
    expect(state.map(({ resume }) => resume)).toEqual([...versions(0, 8).map(() => 0), 10]);
    await putMany(db, 10, 20);
    const next = live.next();
    expect(await isSettled(next)).toBe(false);
    await reader.refresh();
    expect((await next).value).toMatchObject({ version: 11 });
    for (const [feed, from] of [
      [live, 12],
      [behind, 11],
      [whole, 11],
    ] as const) {
      expect((await take(feed, 21 - from)).map(({ version }) => version)).toEqual(versions(from, 20));
      expect(await isSettled(feed.next())).toBe(false);
      await feed.return();
    }
    expect(reader.stats().feeds).toEqual({ count: 0, oldestSequence: undefined, bytesKept: 0 });
  });

  test("keeps what it has seen, whatever the writer merges, also when the index is loaded again", async () => {
    const world = await newWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 20);
    const reader = await world.openReader<string, string>(TEXT);
    const feed = reader.changes({ since: 2 });
    await take(feed, 1);
    for (let round = 0; round < 3; round += 1) {
      await putMany(db, 20 + round * 10, 30 + round * 10);
      await reader.refresh();
      await db.compact();
      await reader.refresh();
    }
    expect(reader.stats().feeds).toMatchObject({ count: 1, oldestSequence: 3 });
    expect(reader.stats().feeds.bytesKept).toBeGreaterThan(45 * 100);
    expect((await take(feed, 47)).map(({ version }) => version)).toEqual(versions(4, 50));
    expect(reader.stats().feeds).toEqual({ count: 1, oldestSequence: 50, bytesKept: 0 });
    await putMany(db, 50, 51);
    await reader.refresh();
    expect((await take(feed, 1))[0]).toMatchObject({ version: 51 });
    await feed.return();
  });

  test("rejects with HASHLOG_COMPACTED behind what it has seen, if the writer has merged what came then", async () => {
    const world = await newWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 20);
    const reader = await world.openReader<string, string>(TEXT);
    const [behind, live] = [reader.changes({ since: 15 }), reader.changes()];
    const waiting = live.next();
    await putMany(db, 20, 30);
    await db.compact();
    await putMany(db, 30, 35);
    await reader.refresh();
    expect(await rejection(waiting)).toMatchObject({ code: "HASHLOG_COMPACTED", expected: 30, actual: 20 });
    expect((await take(behind, 5)).map(({ version }) => version)).toEqual(versions(16, 20));
    expect(await rejection(behind.next())).toMatchObject({ code: "HASHLOG_COMPACTED", expected: 30, actual: 20 });
    expect(reader.stats().feeds).toEqual({ count: 0, oldestSequence: undefined, bytesKept: 0 });
    await using again = reader.changes({ since: 30 });
    expect((await take(again, 5)).map(({ version }) => version)).toEqual(versions(31, 35));
    await using whole = reader.changes({ since: 0 });
    expect((await take(whole, 10)).at(-1)!.resume).toBe(35);
  });

  test("ends without an error when the store is closed", async () => {
    const world = await newWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 10);
    const reader = await world.openReader<string, string>(TEXT);
    const [live, behind] = [reader.changes(), reader.changes({ since: 4 })];
    await take(behind, 1);
    const waiting = live.next();
    await reader.close();
    const end = { done: true, value: undefined };
    expect([await waiting, await behind.next()]).toEqual([end, end]);
    expect(() => reader.changes()).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
  });
});

describe("a feed of a store that is only read", () => {
  test("comes by itself where the store follows", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>(SMALL);
    const reader = await world.openReader<string, string>({ ...TEXT, follow: true });
    const feed = reader.changes();
    const next = feed.next();
    await db.put("a", "1");
    let isThere = false;
    void next.then(() => (isThere = true));
    for (let turn = 0; turn < 20 && !isThere; turn += 1) {
      world.clock.advance(200);
      await until(() => world.clock.timers > 0);
    }
    expect(short((await next).value!)).toBe("a=1 @1");
    await feed.return();
  });

  test("goes on behind a writer that was killed, and the next one", async () => {
    const processes = new Processes();
    const options = { values: utf8, segmentBytesMax: 512, sync: "never", compaction: false } as const;
    const writer = await processes.openWriter(options as never);
    for (let index = 0; index < 5; index += 1) await writer.put("a", `${index}`);
    const reader = await processes.openReader({ values: utf8 } as never);
    const feed = reader.changes({ since: 2 }) as never as ReturnType<TextStore["changes"]>;
    expect(await takeShort(feed, 1)).toEqual(["a=2 @3"]);
    processes.killWriter();
    await reader.refresh();
    const fileSystem = processes.disk.boot();
    const next = await open<string, string>("/store", { ...options, fileSystem });
    await next.put("b", "1");
    await reader.refresh();
    const { sequence } = next.stats();
    expect(sequence).toBeGreaterThan(1000);
    expect(await takeShort(feed, 3)).toEqual(["a=3 @4", "a=4 @5", `b=1 @${sequence}`]);
    await feed.return();
    await next.close();
  });

  test("keeps what the next writer has copied out of a segment that stays, and merged before the reader looked again", async () => {
    const processes = new Processes();
    const options = { values: utf8, sync: "never", compaction: false } as const;
    const writer = await processes.openWriter(options as never);
    await writer.put("a", "1", { sync: true });
    await writer.put("a", "2");
    await writer.put("a", "3");
    const reader = await processes.openReader({ values: utf8 } as never);
    await using feed = reader.changes({ since: 0 }) as never as ReturnType<TextStore["changes"]>;
    await using behind = reader.changes({ since: 1, wait: false }) as never as ReturnType<TextStore["changes"]>;
    await using first = reader.changes({ since: 2, wait: false }) as never as ReturnType<TextStore["changes"]>;
    expect(await takeShort(feed, 1)).toEqual(["a=3 @3"]);
    processes.killWriter();
    const next = await open<string, string>("/store", { ...options, fileSystem: processes.disk.boot() });
    // What was synced stays in its segment, and what was not is in another one.
    const [kept, copy] = next.stats().segments;
    expect([kept, copy]).toMatchObject([{ records: 1 }, { records: 2 }]);
    await next.put("b", "1", { sync: true });
    await next.compact({ segments: [copy!.segmentId] });
    await reader.refresh();
    const { sequence } = next.stats();
    const last = `b=1 @${sequence}`;
    expect(await takeShort(behind, 3)).toEqual(["a=2 @2", "a=3 @3", last]);
    expect(await takeShort(first, 2)).toEqual(["a=3 @3", last]);
    expect(await takeShort(feed, 1)).toEqual([last]);
    expect(reader.stats().feeds.bytesKept).toBe(0);
    await next.close();
  });

  test("may begin ahead of what is shown: a `since` of the writer's will do", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 10);
    const reader = await world.openReader<string, string>(TEXT);
    await putMany(db, 10, 15);
    await using feed = reader.changes({ since: 13 });
    const next = feed.next();
    expect(await isSettled(next)).toBe(false);
    await reader.refresh();
    expect((await next).value).toMatchObject({ version: 14 });
    expect(() => reader.changes({ since: 2 ** 40 })).toThrow(
      expect.objectContaining({ code: "HASHLOG_INVALID_ARGUMENT", expected: 15 }),
    );
  });

  test("that begins ahead of what is shown is lost only with what comes behind that", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 10);
    const reader = await world.openReader<string, string>(TEXT);
    await putMany(db, 10, 20);
    await db.compact();
    await using ahead = reader.changes({ since: 20 });
    await using lost = reader.changes({ since: 19 });
    await putMany(db, 20, 21);
    await reader.refresh();
    expect((await take(ahead, 1))[0]).toMatchObject({ version: 21 });
    expect(await rejection(lost.next())).toMatchObject({ code: "HASHLOG_COMPACTED", expected: 20, actual: 19 });
  });

  test("tells damage with its place", async () => {
    const world = await memoryWorld();
    const db = await world.open<string, string>(SMALL);
    await putMany(db, 0, 10);
    const [first] = db.stats().segments;
    await db.close();
    world.leaveUnchecked();
    const path = world.path(segmentFileName(first!.segmentId));
    const content = await readFile(world.fileSystem, path);
    // In the header of its first frame.
    content[32 + 10]! ^= 1;
    await writeFile(world.fileSystem, path, content);
    const reader = await world.openReader<string, string>(TEXT);
    const error = await rejection(reader.changes({ since: 1 }).next());
    expect(error).toMatchObject({ code: "HASHLOG_CORRUPT", segmentId: first!.segmentId, offset: 32, expected: 1 });
  });
});
