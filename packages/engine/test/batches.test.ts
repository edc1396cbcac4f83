import { json, type BatchOperation } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { entriesOf, filler, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

type Operation = BatchOperation<string, Uint8Array | string>;

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a batch does all of its operations", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("gone", "1");
    await db.batch([
      { type: "put", key: "a", value: "1" },
      { type: "delete", key: "gone" },
      { type: "put", key: "b", value: "2" },
      { type: "delete", key: "was never there" },
    ]);
    const expected = [
      ["a", "1"],
      ["b", "2"],
    ];
    expect(await entriesOf(db)).toEqual(expected);
    db = await world.reopen(db);
    expect(await entriesOf(db)).toEqual(expected);
  });

  test("in a batch the last write of a key wins", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.batch([
      { type: "put", key: "put last", value: "1" },
      { type: "delete", key: "put last" },
      { type: "put", key: "put last", value: "2" },
      { type: "put", key: "deleted last", value: "1" },
      { type: "put", key: "deleted last", value: "2" },
      { type: "delete", key: "deleted last" },
    ]);
    expect(await entriesOf(db)).toEqual([["put last", "2"]]);
    db = await world.reopen(db);
    expect(await entriesOf(db)).toEqual([["put last", "2"]]);
  });

  test("a batch becomes visible all at once", async () => {
    const world = await newWorld();
    const db = await world.open();
    const round = (turn: number): Operation[] =>
      Array.from({ length: 50 }, (_, key) => ({ type: "put", key: `key ${key}`, value: `${turn}` }));
    await db.batch(round(0));
    const seen: (string | undefined)[] = [];
    for (let turn = 1; turn <= 20; turn += 1) {
      const batch = db.batch(round(turn));
      do {
        const found = new Set(Array.from({ length: 50 }, (_, key) => text(db.getSync(`key ${key}`))));
        expect(found.size).toBe(1);
        seen.push(...found);
        await new Promise((resolve) => setImmediate(resolve));
      } while (db.stats().pendingWrites > 0);
      await batch;
    }
    expect(seen).toEqual(expect.arrayContaining(["0", "19"]));
  });

  test("an empty batch that asks for a sync resolves when all before it is durable", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await db.put("a", "1");
    expect(db.stats().floor).toBe(0);
    await db.batch([], { sync: true });
    expect(db.stats().floor).toBe(1);
  });

  test("an empty batch is fine and writes nothing", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    const before = db.stats();
    await db.batch([]);
    await db.batch([], { sync: true });
    expect(db.stats()).toEqual(before);
  });

  test("a batch longer than a segment may be gets a segment of its own, and takes part in everything else", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 1024 });
    await db.put("before", filler(100));
    await db.batch(
      Array.from({ length: 30 }, (_, key) => ({ type: "put", key: `key ${key}`, value: filler(200, key) })),
    );
    await db.put("after", filler(100));
    const segments = db.stats().segments;
    expect(segments.map(({ records }) => records)).toEqual([1, 30, 1]);
    expect(segments[1]!.fileBytes).toBeGreaterThan(6000);
    db = await world.reopen(db);
    await db.compact();
    expect(db.getSync("key 29")).toEqual(filler(200, 29));
    expect(db.stats().keys).toBe(32);
  });

  test("a batch of many operations is one commit: one frame, one sync", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("first", "1");
    const [appends, syncs] = [world.watched.count("append"), world.watched.count("sync")];
    await db.batch(Array.from({ length: 2000 }, (_, key) => ({ type: "put", key: `key ${key}`, value: `${key}` })));
    // Besides the frame the fence that says that it is durable.
    expect(world.watched.count("append") - appends).toBe(2);
    expect(world.watched.count("sync") - syncs).toBe(1);
    expect(text(db.getSync("key 1999"))).toBe("1999");
  });

  test("each operation of a batch may have an expiry of its own", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.batch([
      { type: "put", key: "for ever", value: "1" },
      { type: "put", key: "soon", value: "2", ttlMs: 10 },
      { type: "put", key: "later", value: "3", expiresAtMs: world.clock.now() + 20 },
    ]);
    expect(["for ever", "soon", "later"].map((key) => db.has(key))).toEqual([true, true, true]);
    world.clock.advance(10);
    expect(["for ever", "soon", "later"].map((key) => db.has(key))).toEqual([true, false, true]);
    world.clock.advance(10);
    expect(["for ever", "soon", "later"].map((key) => db.has(key))).toEqual([true, false, false]);
  });
});

test("an array with a hole is refused as a whole, and half a batch is never written", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const operations: Operation[] = [{ type: "put", key: "a", value: "1" }];
  operations[2] = { type: "put", key: "c", value: "3" };
  await expect(db.batch(operations)).rejects.toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  await db.put("next", "1");
  expect(await entriesOf(db)).toEqual([["next", "1"]]);
});

test.each([
  ["a value that its codec refuses", { type: "put", key: "c", value: 7 }, /^operations\[2\]: expected a Uint8Array/],
  ["a key that its codec refuses", { type: "delete", key: 7 }, /^operations\[2\]: expected a string, got a number/],
  ["a key that is too long", { type: "delete", key: "k".repeat(65_536) }, /^operations\[2\]: .*65,?535/],
  ["an option that is none", { type: "put", key: "c", value: "3", ttl: 1 }, /^operations\[2\]: .*ttl/],
  ["a type that is none", { type: "get", key: "c" }, /^operations\[2\]: .*"put" or "delete"/],
] as const)("of many operations the one that is wrong is told: %s", async (_what, wrong, message) => {
  const world = await memoryWorld();
  const db = await world.open();
  const operations = [{ type: "put", key: "a", value: "1" }, { type: "delete", key: "b" }, wrong] as Operation[];
  await expect(db.batch(operations)).rejects.toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
    message: expect.stringMatching(message) as string,
  });
  expect(db.stats().keys).toBe(0);
});

test("the reason for which a value of a batch has no form is kept", async () => {
  const world = await memoryWorld();
  const db = await world.open({ values: json<unknown>() });
  await expect(db.batch([{ type: "put", key: "a", value: 1n }])).rejects.toMatchObject({
    message: expect.stringMatching(/^operations\[0\]: a bigint has no JSON form/) as string,
    cause: expect.any(TypeError) as TypeError,
  });
});
