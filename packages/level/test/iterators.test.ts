import { memoryFileSystem } from "@hashlog/fs-io";
import { HashlogLevel } from "@hashlog/level";
import { describe, expect, test } from "vitest";

const KEYS = ["a", "b", "c", "d", "e"];

async function filled(): Promise<HashlogLevel> {
  const db = new HashlogLevel("/db", { store: { fileSystem: memoryFileSystem() } });
  await db.batch(KEYS.map((key) => ({ type: "put", key, value: key.toUpperCase() })));
  return db;
}

describe("seeking", () => {
  // The suite of abstract-level lists these, and does not run them.
  const seeks: readonly [object, string, string | undefined][] = [
    [{ gt: "b" }, "a", undefined],
    [{ gt: "b" }, "b", undefined],
    [{ gt: "b" }, "c", "c"],
    [{ gte: "b" }, "a", undefined],
    [{ gte: "b" }, "b", "b"],
    [{ gte: "b", gt: "d" }, "b", "b"],
    [{ lt: "d" }, "c", "c"],
    [{ lt: "d" }, "d", undefined],
    [{ lte: "d" }, "d", "d"],
    [{ lte: "d" }, "e", undefined],
    [{ lte: "d", lt: "b" }, "c", "c"],
    [{ lt: "d", reverse: true }, "d", undefined],
    [{ lte: "d", reverse: true }, "d", "d"],
    [{ gt: "b", reverse: true }, "b", undefined],
    [{ gte: "b", reverse: true }, "a", undefined],
    [{ reverse: true }, "bb", "b"],
    [{}, "bb", "c"],
  ];

  test.each(seeks)("in %j to %s leads to %s", async (range, target, expected) => {
    const db = await filled();
    const iterator = db.keys(range);
    iterator.seek(target);
    expect(await iterator.next()).toBe(expected);
    await iterator.close();
    await db.close();
  });

  test("goes back after the end, and after a target outside, over the same moment", async () => {
    const db = await filled();
    const iterator = db.iterator({ gte: "b", limit: 7 });
    await db.put("bb", "later");
    await db.del("c");
    expect(await iterator.nextv(10)).toEqual(["b", "c", "d", "e"].map((key) => [key, key.toUpperCase()]));
    expect(await iterator.next()).toBeUndefined();
    iterator.seek("a");
    expect(await iterator.next()).toBeUndefined();
    iterator.seek("c");
    // Three of seven are left.
    expect(await iterator.all()).toEqual([
      ["c", "C"],
      ["d", "D"],
      ["e", "E"],
    ]);
    await db.close();
  });
});

describe("iterating", () => {
  test("gives back what it holds when it is closed, and leaves an explicit snapshot to its owner", async () => {
    const db = await filled();
    const snapshot = db.snapshot();
    expect(db.store.stats().snapshots).toBe(1);
    const iterators = [db.iterator(), db.keys({ snapshot }), db.values()];
    for (const iterator of iterators) await iterator.next();
    expect(db.store.stats().snapshots).toBe(3);
    for (const iterator of iterators) await iterator.close();
    expect(db.store.stats().snapshots).toBe(1);
    await snapshot.close();
    expect(db.store.stats().snapshots).toBe(0);
    await db.close();
  });

  test("shows bytes as text as far as they are text, and keeps a byte order mark", async () => {
    const db = await filled();
    await db.put("\ufeffx", "\ufeffy");
    await db.put("z", new Uint8Array([0x7a, 0xff]), { valueEncoding: "view" });
    const all = await db.iterator({ gt: "e" }).all();
    expect(all).toEqual([
      ["z", "z\ufffd"],
      ["\ufeffx", "\ufeffy"],
    ]);
    await db.close();
  });

  test("without values, or without keys, leaves them undefined", async () => {
    const db = await filled();
    expect(await db.iterator({ lt: "b", values: false }).all()).toEqual([["a", undefined]]);
    expect(await db.iterator({ lt: "b", keys: false }).all()).toEqual([[undefined, "A"]]);
    await db.close();
  });

  test("in sublevels goes to their end, in order, and no further", async () => {
    const db = await filled();
    const [one, two] = [db.sublevel("one"), db.sublevel("two")];
    await Promise.all([two.put("x", "2"), one.put("y", "1"), one.put("x", "1")]);
    expect(await one.keys().all()).toEqual(["x", "y"]);
    expect(await two.keys({ reverse: true }).all()).toEqual(["x"]);
    await one.clear();
    expect(await db.keys().all()).toEqual(["!two!x", ...KEYS]);
    await db.close();
  });
});

describe("clearing", () => {
  test("as of a snapshot deletes what was there then, in several commits if it is much", async () => {
    const db = new HashlogLevel("/db", { store: { fileSystem: memoryFileSystem() } });
    await db.batch(Array.from({ length: 2_500 }, (_, at) => ({ type: "put", key: `old ${at}`, value: "" })));
    const snapshot = db.snapshot();
    await db.put("new", "");
    await db.clear({ snapshot, limit: 2_400 });
    expect(await db.keys({ lt: "old" }).all()).toEqual(["new"]);
    expect(await db.keys({ gt: "old" }).all()).toHaveLength(100);
    await db.clear({ snapshot });
    expect(await db.keys().all()).toEqual(["new"]);
    await db.close();
  });

  test("heeds range, direction and limit", async () => {
    const db = await filled();
    await db.clear({ gt: "a", reverse: true, limit: 2 });
    expect(await db.keys().all()).toEqual(["a", "b", "c"]);
    await db.clear({ limit: 1 });
    expect(await db.keys().all()).toEqual(["b", "c"]);
    await db.close();
  });
});
