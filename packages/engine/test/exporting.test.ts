import { bytes, json, type Codec } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { CHUNK_BYTES } from "../src/line-writer.ts";
import { collectingStream, filled } from "./support/export-destinations.ts";
import { Collector, exported, exportedLines, trailer } from "./support/moving.ts";
import { readFile } from "./support/recount.ts";
import { writeFile } from "./support/roads.ts";
import { filler, isSettled, rejection, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

const IN_ORDER = { reverse: false } as const;

const FIRST = '{"format":"hashlog-entries","version":1,"keys":"utf8","values":"bytes"}';

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("every entry is a line: text as text, other bytes as base64, and when it expires", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("", "");
    await db.put("__proto__", 'a "quoted" \\ line\nand\ttab');
    await db.put("expires", "1", { expiresAtMs: 1_800_000_000_000 });
    await db.put("Grüße 😀", Uint8Array.of(0xff, 0xfe));
    expect(await exportedLines(db, IN_ORDER)).toEqual([
      FIRST,
      '{"key":"","value":""}',
      String.raw`{"key":"Grüße 😀","valueBase64":"//4="}`,
      String.raw`{"key":"__proto__","value":"a \"quoted\" \\ line\nand\ttab"}`,
      '{"key":"expires","value":"1","expiresAtMs":1800000000000}',
      trailer(4),
    ]);
  });

  test("what was written, deleted, merged or has expired since the call is not in it", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 1024 });
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(100, index));
    await db.put("expires", "1", { ttlMs: 10 });
    const expected = await exportedLines(db, IN_ORDER);
    const gates: (() => void)[] = [];
    const collector = new Collector((done) => gates.push(done), { highWaterMark: 1 });
    const exporting = db.exportTo(collector, IN_ORDER);
    const later = db.put("key 1", "later");
    await later;
    await db.put("new", "1");
    await db.delete("key 2");
    await db.compact();
    world.clock.advance(20);
    for (; !(await isSettled(exporting)); gates.shift()?.());
    expect(collector.bytes.toString()).toBe(`${expected.join("\n")}\n`);
    expect(await exporting).toMatchObject({ entries: 21, bytes: collector.bytes.length });
    expect(db.stats().iterators).toBe(0);
  });
});

test("a write that waits still at the call is not in it, however soon it is acknowledged", async () => {
  const db = await (await memoryWorld()).open({ sync: "never" });
  await db.put("a", "old");
  const put = db.put("a", "new");
  const lines = exportedLines(db);
  await put;
  expect((await lines)[1]).toBe('{"key":"a","value":"old"}');
  expect((await exportedLines(db))[1]).toBe('{"key":"a","value":"new"}');
});

test("a stream of the web gets the same bytes as one of Node's", async () => {
  const db = await filled(await memoryWorld(), 500, 300);
  const chunks: Uint8Array[] = [];
  const report = await db.exportTo(collectingStream(chunks), IN_ORDER);
  expect(Buffer.concat(chunks)).toEqual(await exported(db, IN_ORDER));
  expect(report).toEqual({ entries: 500, bytes: Buffer.concat(chunks).length, durationMs: 0 });
});

test("the options of a range say what is exported, and without any the order is nobody's", async () => {
  const world = await memoryWorld();
  const db = await filled(world, 30, 10);
  const keys = (lines: string[]): string[] => lines.slice(1, -1).map((one) => (JSON.parse(one) as { key: string }).key);
  expect(keys(await exportedLines(db, { prefix: "key 2", limit: 3, reverse: true }))).toEqual([
    "key 29",
    "key 28",
    "key 27",
  ]);
  expect(keys(await exportedLines(db, { gte: "key 8", lt: "key 9" }))).toEqual(["key 8"]);
  expect(keys(await exportedLines(db)).toSorted()).toEqual(keys(await exportedLines(db, IN_ORDER)));
  expect(await exportedLines(db, { limit: 0 })).toEqual([FIRST, trailer(0)]);
});

test("options that are inherited, or given by accessors, count", async () => {
  const db = await filled(await memoryWorld(), 30, 10);
  const collector = new Collector();
  const options = Object.create({ prefix: "key 1", end: true }) as object;
  Object.defineProperty(options, "limit", { get: () => 2 });
  expect(await db.exportTo(collector, options)).toMatchObject({ entries: 2 });
  expect(collector.writableFinished).toBe(true);
});

test("what has expired is not exported", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1", { ttlMs: 10 });
  await db.put("b", "1", { ttlMs: 11 });
  world.clock.advance(10);
  expect(await exportedLines(db)).toEqual([
    FIRST,
    `{"key":"b","value":"1","expiresAtMs":${world.clock.now() + 1}}`,
    trailer(1),
  ]);
});

test("a large value is written in chunks as a small one is, be it text or not", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const text = "0123456789é€😀\n".repeat(100_000);
  await db.put("text", text);
  await db.put("zeros", new Uint8Array(100_000));
  await db.put("binary", filler(1_000_001, 3));
  await db.put("k".repeat(65_535), "1");
  const collector = new Collector();
  await db.exportTo(collector, IN_ORDER);
  expect(Math.max(...collector.chunks.map(({ length }) => length))).toBeLessThanOrEqual(CHUNK_BYTES);
  const whole = collector.chunks.slice(0, -1).map(({ length }) => length);
  expect(Math.min(...whole)).toBeGreaterThan(CHUNK_BYTES / 2);
  const [, binary, long, asText, zeros] = collector.bytes
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((one) => JSON.parse(one) as Record<string, string>);
  expect(asText).toEqual({ key: "text", value: text });
  expect(zeros).toEqual({ key: "zeros", value: "\0".repeat(100_000) });
  expect(Buffer.from(binary!["valueBase64"]!, "base64").equals(filler(1_000_001, 3))).toBe(true);
  expect(long).toEqual({ key: "k".repeat(65_535), value: "1" });
});

test("the codecs are named, but for those that have no name", async () => {
  const world = await memoryWorld();
  const named = await world.open({ values: json<number>() });
  expect((await exportedLines(named))[0]).toBe(
    '{"format":"hashlog-entries","version":1,"keys":"utf8","values":"json"}',
  );
  await named.close();
  const odd = { ...bytes, name: 'a"\ud800' };
  const nameless: Codec<Uint8Array> = { ...bytes, name: undefined as never };
  const other = await world.open({ keys: nameless, values: odd });
  expect((await exportedLines(other))[0]).toBe('{"format":"hashlog-entries","version":1,"values":"a\\"\ufffd"}');
  await other.close();
  // A reader takes names of up to 1,024 bytes.
  const [least, most] = ["x".repeat(1025), "x".repeat(1024)].map((name) => ({ ...bytes, name }));
  const long = await world.open({ keys: least!, values: most! });
  const content = await exported(long);
  expect(content.toString().split("\n")[0]).toBe(
    `{"format":"hashlog-entries","version":1,"values":"${"x".repeat(1024)}"}`,
  );
  expect(await long.importFrom([content])).toMatchObject({ entries: 0 });
  await long.close();
  const neither = await world.open({ keys: nameless, values: nameless });
  expect((await exportedLines(neither))[0]).toBe('{"format":"hashlog-entries","version":1}');
});

test("progress is told with each chunk, of how many entries there are if that is known", async () => {
  const db = await filled(await memoryWorld(), 1000, 300);
  const seen: { entriesDone: number; entriesTotal: number | undefined; bytesDone: number }[] = [];
  const { bytes: length } = await db.exportTo(new Collector(), { onProgress: (progress) => seen.push(progress) });
  expect(seen.length).toBeGreaterThan(3);
  expect(seen.map(({ bytesDone }) => bytesDone)).toEqual(
    seen.map(({ bytesDone }) => bytesDone).toSorted((a, b) => a - b),
  );
  expect(seen.at(-1)).toEqual({ entriesDone: 1000, entriesTotal: 1000, bytesDone: length });
  expect(seen.every(({ entriesDone }) => entriesDone <= 1000)).toBe(true);
  for (const range of [{ gte: "key 5" }, { lt: "key 5" }, { limit: 5 }]) {
    await db.exportTo(new Collector(), { ...range, onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)!.entriesTotal).toBeUndefined();
  }
  await db.exportTo(new Collector(), { reverse: true, onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)!.entriesTotal).toBe(1000);
});

test("snapshots, and readers in other processes, export what they show", async () => {
  const world = await memoryWorld();
  const db = await filled(world, 20, 20);
  const expected = await exported(db, IN_ORDER);
  const snapshot = db.snapshot();
  const reader = await world.openReader();
  await db.put("new", "1");
  expect(await exported(snapshot, IN_ORDER)).toEqual(expected);
  expect(await exported(reader, IN_ORDER)).toEqual(expected);
  await reader.refresh();
  expect(await exported(reader, IN_ORDER)).toEqual(await exported(db, IN_ORDER));
  snapshot.close();
  expect(await rejection(snapshot.exportTo(new Collector()))).toMatchObject({ code: "HASHLOG_CLOSED" });
});

test("closing the store ends an export", async () => {
  const world = await memoryWorld();
  const db = await filled(world, 2000, 100);
  const gates: (() => void)[] = [];
  const exporting = db.exportTo(new Collector((done) => gates.push(done), { highWaterMark: 1 }));
  await isSettled(exporting);
  await db.close();
  gates.shift()!();
  expect(await rejection(exporting)).toMatchObject({ code: "HASHLOG_CLOSED" });
  expect(await rejection(db.exportTo(new Collector()))).toMatchObject({ code: "HASHLOG_CLOSED" });
});

test("a value that is damaged ends it, and nothing says that it is whole", async () => {
  const world = await memoryWorld();
  const db = await filled(world, 5, 1000);
  await db.compact();
  await db.close();
  world.leaveUnchecked();
  const name = (await world.fileSystem.list(world.directory)).find((one) => one.endsWith(".segment"))!;
  const content = await readFile(world.fileSystem, world.path(name));
  content[content.length - 500] = content[content.length - 500]! ^ 1;
  await writeFile(world.fileSystem, world.path(name), content);
  const again = await world.open();
  const collector = new Collector();
  expect(await rejection(again.exportTo(collector))).toMatchObject({ code: "HASHLOG_CORRUPT" });
  expect(collector.bytes.toString()).not.toContain('"entries"');
});

test("an export is cancelled by its signal before it begins", async () => {
  const db = await filled(await memoryWorld(), 5, 10);
  const collector = new Collector();
  expect(await rejection(db.exportTo(collector, { signal: AbortSignal.abort("no") }))).toMatchObject({
    code: "HASHLOG_ABORTED",
    cause: "no",
  });
  expect(collector.chunks).toEqual([]);
});

test.each([2000, 5])("an export is cancelled by its signal when a chunk was taken: of %i entries", async (count) => {
  const db = await filled(await memoryWorld(), count, 100);
  const controller = new AbortController();
  const collector = new Collector();
  const { signal } = controller;
  const exporting = db.exportTo(collector, { signal, onProgress: () => controller.abort() });
  expect(await rejection(exporting)).toMatchObject({ code: "HASHLOG_ABORTED" });
  expect(collector.chunks).toHaveLength(1);
});

test("what a callback of progress throws ends it", async () => {
  const db = await filled(await memoryWorld(), 5, 10);
  const thrown = new Error("of the callback");
  const exporting = db.exportTo(new Collector(), {
    onProgress: () => {
      throw thrown;
    },
  });
  expect(await rejection(exporting)).toBe(thrown);
  expect(db.stats().iterators).toBe(0);
});

test("keys that the store's own codec could not decode are exported", async () => {
  const world = await memoryWorld();
  const binary = await world.open({ keys: bytes });
  await binary.put(Uint8Array.of(0xed, 0xa0, 0x80), "a surrogate");
  await binary.put(utf8Bytes("\ufeffmark"), "1");
  await binary.close();
  const db = await world.open();
  expect((await exportedLines(db, { reverse: true })).slice(1, -1)).toEqual([
    '{"key":"\\ufeffmark","value":"1"}',
    '{"keyBase64":"7aCA","value":"a surrogate"}',
  ]);
  await db.close();
});
