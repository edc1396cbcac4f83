import { bytes, json, utf8, type ImportOptions, type Store } from "@hashlog/engine";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { many, pieces, THREE, watchedSource } from "./support/import-sources.ts";
import { exported, exportOf, HEADER, line } from "./support/moving.ts";
import { entriesOf, filler, isSettled, rejection } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

const INVALID = "HASHLOG_INVALID_ARGUMENT";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("what was exported is imported, byte for byte, and durable", async () => {
    const world = await newWorld();
    let db: TextStore = await world.open({ sync: "never" });
    await db.put("", "");
    await db.put("__proto__", "1");
    await db.put("expires", filler(200), { ttlMs: 1000 });
    await db.put("nul \0 \u2028 \ufeff", Uint8Array.of(0xff, 0, 0xed, 0xa0, 0x80));
    const content = await exported(db, { reverse: false });
    const entries = await entriesOf(db);
    await db.clear();
    const report = await db.importFrom(pieces(content, 7));
    expect(report).toEqual({ entries: 4, skipped: 0, expired: 0, bytes: content.length, durationMs: 0 });
    expect(db.stats()).toMatchObject({ keys: 4, floor: db.stats().sequence });
    db = await world.reopen(db);
    expect(await entriesOf(db)).toEqual(entries);
    expect((await db.getEntry("expires"))!.expiresAtMs).toBe(world.clock.now() + 1000);
    expect(await exported(db, { reverse: false })).toEqual(content);
    expect(db.has("__proto__")).toBe(true);
  });
});

describe("what is there already", () => {
  const given = exportOf([
    line("a", "new"),
    line("b", "new"),
    line("b", "newer"),
    line("c", "new"),
    line("c", "newer"),
  ]);

  test("is written over, and of a key that comes twice the last one counts", async () => {
    const db = await (await memoryWorld()).open();
    await db.put("a", "old");
    expect(await db.importFrom([given])).toMatchObject({ entries: 5, skipped: 0 });
    expect(await entriesOf(db)).toEqual([
      ["a", "new"],
      ["b", "newer"],
      ["c", "newer"],
    ]);
  });

  test("stays, if that is asked for, and of a key that comes twice the first one counts", async () => {
    const db = await (await memoryWorld()).open();
    await db.put("a", "old");
    await db.put("c", "old");
    expect(await db.importFrom([given], { ifExists: "skip" })).toMatchObject({ entries: 1, skipped: 4 });
    expect(await entriesOf(db)).toEqual([
      ["a", "old"],
      ["b", "new"],
      ["c", "old"],
    ]);
    expect(await db.importFrom([given], { ifExists: "skip" })).toMatchObject({ entries: 0, skipped: 5 });
  });

  test("ends the import, if that is asked for, with all before it and nothing after it", async () => {
    const db = await (await memoryWorld()).open({ sync: "never" });
    await db.put("c", "old");
    expect(
      await rejection(db.importFrom([exportOf(many(9).toSpliced(5, 0, line("c", "1")))], { ifExists: "fail" })),
    ).toMatchObject({
      code: INVALID,
      line: 7,
      entriesDone: 5,
      message: 'importing failed after 5 entries: line 7: its key is in the store already, and ifExists is "fail"',
    });
    expect(db.stats()).toMatchObject({ keys: 6, floor: db.stats().sequence });
    expect(
      await rejection(db.importFrom([exportOf([line("x", "1"), line("x", "2")])], { ifExists: "fail" })),
    ).toMatchObject({
      line: 3,
      entriesDone: 1,
    });
    expect(await db.importFrom([exportOf(many(5, "other"))], { ifExists: "fail" })).toMatchObject({ entries: 5 });
  });

  test("ends it also where a line behind it is wrong", async () => {
    const db = await (await memoryWorld()).open();
    await db.put("a", "old");
    const source = [[HEADER, line("b", "1"), line("a", "1"), line("c", "1"), "x"].join("\n")];
    expect(await rejection(db.importFrom(source, { ifExists: "fail" }))).toMatchObject({ line: 3, entriesDone: 1 });
    expect(await entriesOf(db)).toEqual([
      ["a", "old"],
      ["b", "1"],
    ]);
  });

  test("is told by the order of the log, writes that wait included", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "old");
    const sync = world.watched.hold("sync", /\.segment$/);
    const first = db.put("x", "1");
    await sync.reached;
    const deleted = db.delete("a");
    const put = db.put("b", "mine");
    const imported = db.importFrom([exportOf([line("a", "new"), line("b", "new")])], { ifExists: "skip" });
    expect(await isSettled(imported)).toBe(false);
    sync.release();
    await Promise.all([first, deleted, put]);
    expect(await imported).toMatchObject({ entries: 1, skipped: 1 });
    expect(await entriesOf(db)).toEqual([
      ["a", "new"],
      ["b", "mine"],
      ["x", "1"],
    ]);
  });

  test("does not end it if it is deleted before its turn comes", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "old");
    const sync = world.watched.hold("sync", /\.segment$/);
    const imported = db.importFrom([exportOf([line("x", "1"), line("a", "new")])], { ifExists: "fail" });
    await sync.reached;
    const deleted = db.delete("a");
    sync.release();
    expect(await deleted).toBe(true);
    expect(await imported).toMatchObject({ entries: 2 });
    expect(await entriesOf(db)).toEqual([
      ["a", "new"],
      ["x", "1"],
    ]);
  });

  test("counts as absent where it has expired", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "old", { ttlMs: 1 });
    world.clock.advance(1);
    expect(await db.importFrom([exportOf([line("a", "new")])], { ifExists: "fail" })).toMatchObject({ entries: 1 });
  });
});

test("entries that have expired by now are left out, and counted", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const now = world.clock.now();
  const entry = (key: string, expiresAtMs: number): string => JSON.stringify({ key, value: "1", expiresAtMs });
  const report = await db.importFrom([exportOf([entry("a", now), entry("b", now + 1), entry("c", 1)])]);
  expect(report).toMatchObject({ entries: 1, expired: 2 });
  expect(db.stats().keys).toBe(1);
  expect((await db.getEntry("b"))!.expiresAtMs).toBe(now + 1);
});

describe("codecs", () => {
  const withCodecs = (keys: string, values: string): string =>
    exportOf([line("a", "1")], `{"format":"hashlog-entries","version":1,"keys":"${keys}","values":"${values}"}`);

  test("other ones than the store's are refused, unless that is not to matter", async () => {
    const db = await (await memoryWorld()).open({ values: json<number>() });
    expect(await db.importFrom([withCodecs("utf8", "json")])).toMatchObject({ entries: 1 });
    expect(await rejection(db.importFrom([withCodecs("utf8", "bytes")]))).toMatchObject({
      code: INVALID,
      line: 1,
      expected: "json",
      actual: "bytes",
      message: expect.stringContaining(
        'the values were encoded by "bytes", and those of this store are by "json"',
      ) as string,
    });
    expect(await rejection(db.importFrom([withCodecs("number", "json")]))).toMatchObject({
      expected: "utf8",
      actual: "number",
    });
    expect(await db.importFrom([withCodecs("number", "bytes")], { ignoreCodecs: true })).toMatchObject({ entries: 1 });
    expect(await db.importFrom([exportOf([line("a", "2")])])).toMatchObject({ entries: 1 });
    expect(db.getSync("a")).toBe(2);
  });

  test("with names that are no text agree with themselves", async () => {
    const world = await memoryWorld();
    const db = await world.open({ values: { ...bytes, name: 'a"\ud800' } });
    await db.put("a", "1");
    expect(await db.importFrom([await exported(db)])).toMatchObject({ entries: 1 });
  });

  test("do not run: bytes that the store's could not decode are imported", async () => {
    const world = await memoryWorld();
    const db = await world.open({ values: utf8 });
    await db.importFrom([exportOf(['{"keyBase64":"/w==","valueBase64":"/w=="}'])]);
    await db.close();
    const again = await world.open({ keys: bytes });
    expect(again.getSync(Uint8Array.of(0xff))).toEqual(Uint8Array.of(0xff));
  });
});

test("options that are none, or wrong, are refused before anything is read", async () => {
  const db = await (await memoryWorld()).open();
  const source = watchedSource([THREE]);
  const wrong: unknown[] = [
    null,
    [],
    "x",
    { overwrite: true },
    { ifExists: "replace" },
    { ifExists: true },
    { ignoreCodecs: 1 },
    { lineBytesMax: 1023 },
    { lineBytesMax: 2 ** 32 },
    { lineBytesMax: 1e6 + 0.5 },
    { signal: {} },
    { onProgress: true },
  ];
  for (const options of wrong) {
    expect(await rejection(db.importFrom(source, options as ImportOptions))).toMatchObject({ code: INVALID });
  }
  expect(db.stats().keys).toBe(0);
});

test("a store that is only read imports nothing", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  const reader = await world.openReader();
  const refused = reader.importFrom();
  expect(await rejection(refused)).toMatchObject({ code: "HASHLOG_READ_ONLY" });
});

test("by a file, a store moves to another machine", async () => {
  const world = await nodeWorld();
  const db = await world.open();
  for (let index = 0; index < 3000; index += 1)
    await db.put(`key ${index}`, filler(index % 300, index), { sync: false });
  const path = `${world.directory}.ndjson`;
  const { bytes: length } = await db.exportTo(createWriteStream(path, { highWaterMark: 1000 }), { end: true });
  expect((await stat(path)).size).toBe(length);
  const entries = await entriesOf(db);
  await db.clear();
  const report = await db.importFrom(createReadStream(path, { highWaterMark: 777 }));
  expect(report).toMatchObject({ entries: 3000, bytes: length });
  expect(await entriesOf(db)).toEqual(entries);
});
