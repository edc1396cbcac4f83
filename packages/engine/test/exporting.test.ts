import {
  bytes,
  HashlogError,
  json,
  type Codec,
  type ExportDestination,
  type ExportOptions,
  type Store,
} from "@hashlog/engine";
import { Writable } from "node:stream";
import type { UnderlyingSink } from "node:stream/web";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CHUNK_BYTES } from "../src/line-writer.ts";
import { Collector, exported, exportedLines, trailer } from "./support/moving.ts";
import { writeFile } from "./support/roads.ts";
import { readFile } from "./support/recount.ts";
import { filler, isSettled, rejection, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, type World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

const IN_ORDER = { reverse: false } as const;
const FIRST = '{"format":"hashlog-entries","version":1,"keys":"utf8","values":"bytes"}';

async function filled(world: World, count: number, valueBytes: number): Promise<TextStore> {
  const db = await world.open();
  const indices = Array.from({ length: count }, (_, index) => index);
  await db.batch(indices.map((index) => ({ type: "put", key: `key ${index}`, value: filler(valueBytes, index) })));
  return db;
}

/** A web stream that keeps what it is given. */
function collectingStream(chunks: Uint8Array[], sink: UnderlyingSink<Uint8Array> = {}): WritableStream<Uint8Array> {
  return new WritableStream({ write: (chunk) => void chunks.push(chunk), ...sink });
}

/** One that is destroyed instead of taking a chunk. */
function vanishing(error?: Error): Collector {
  const collector: Collector = new Collector(() => setImmediate(() => collector.destroy(error)));
  return collector;
}

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

describe("a destination that is slow", () => {
  test("holds the export back: no more waits in it than it asked for, and a chunk", async () => {
    const db = await filled(await memoryWorld(), 2000, 1000);
    let most = 0;
    const highWaterMark = 100_000;
    const collector = new Collector((done) => setImmediate(done), { highWaterMark });
    const write = collector.write.bind(collector) as (chunk: unknown, done: () => void) => boolean;
    const watched = (chunk: unknown, done: () => void): boolean => {
      const hasRoom = write(chunk, done);
      most = Math.max(most, collector.writableLength);
      return hasRoom;
    };
    Object.assign(collector, { write: watched });
    const { bytes: length } = await db.exportTo(collector);
    expect(length).toBeGreaterThan(2_000_000);
    expect(most).toBeGreaterThan(CHUNK_BYTES);
    expect(most).toBeLessThanOrEqual(highWaterMark + CHUNK_BYTES);
  });

  test("of the web as well", async () => {
    const db = await filled(await memoryWorld(), 2000, 1000);
    let given = 0;
    let taken = 0;
    let most = 0;
    const stream = new WritableStream<Uint8Array>(
      {
        write: async (chunk) => {
          most = Math.max(most, given - taken);
          await turn();
          taken += chunk.length;
        },
      },
      new CountQueuingStrategy({ highWaterMark: 2 }),
    );
    const { bytes: length } = await db.exportTo(stream, { onProgress: ({ bytesDone }) => (given = bytesDone) });
    expect(taken).toBe(length);
    expect(most).toBeLessThanOrEqual(3 * CHUNK_BYTES);
  });

  test.each(["of Node's", "of the web"])(
    "and has stopped altogether, lets nothing be read ahead: one %s",
    async (whose) => {
      const world = await memoryWorld();
      const db = await filled(world, 2000, 1000);
      const controller = new AbortController();
      const destination: ExportDestination =
        whose === "of the web"
          ? new WritableStream({ write: () => new Promise(() => undefined) })
          : new Collector(() => undefined, { highWaterMark: 1 });
      const before = world.watched.count("readSync");
      const exporting = db.exportTo(destination, { signal: controller.signal });
      expect(await isSettled(exporting)).toBe(false);
      // A chunk holds some sixty values, and so many are read at once.
      expect(world.watched.count("readSync") - before).toBeLessThan(400);
      controller.abort(new Error("enough"));
      expect(await rejection(exporting)).toMatchObject({ code: "HASHLOG_ABORTED", cause: new Error("enough") });
      expect(db.stats().iterators).toBe(0);
    },
  );
});

describe("the end of the destination", () => {
  test("is not reached unless that is asked for, and everything is taken all the same", async () => {
    const db = await filled(await memoryWorld(), 100, 100);
    const collector = new Collector((done) => setImmediate(done));
    const { bytes: length } = await db.exportTo(collector);
    expect(collector.bytes.length).toBe(length);
    expect([collector.writableEnded, collector.writableLength]).toEqual([false, 0]);
    await new Promise<void>((resolve) => collector.write("more", () => resolve()));
    expect(["error", "close"].map((event) => collector.listenerCount(event))).toEqual([0, 0]);
    const chunks: Uint8Array[] = [];
    let closed = false;
    const stream = collectingStream(chunks, { close: () => void (closed = true) });
    await db.exportTo(stream);
    expect([closed, stream.locked]).toEqual([false, false]);
    await stream.close();
    expect(closed).toBe(true);
  });

  test("has come when the promise resolves, if that is asked for", async () => {
    const db = await filled(await memoryWorld(), 100, 100);
    const collector = new Collector((done) => setImmediate(done));
    await db.exportTo(collector, { end: true });
    expect(collector.writableFinished).toBe(true);
    let closed = false;
    await db.exportTo(collectingStream([], { close: () => turn().then(() => void (closed = true)) }), { end: true });
    expect(closed).toBe(true);
  });

  test("is that of one which is not whole where the export fails, if the end is asked for", async () => {
    const world = await memoryWorld();
    const db = await filled(world, 100, 100);
    for (const end of [true, false]) {
      // Nobody but the export listens to its errors.
      const collector = new Collector(() => undefined);
      const gate: (() => void)[] = [];
      const aborted: unknown[] = [];
      const stream = collectingStream([], {
        write: () => new Promise((resolve) => gate.push(resolve)),
        abort: (reason) => void aborted.push(reason),
      });
      for (const destination of [collector, stream]) {
        const controller = new AbortController();
        const exporting = db.exportTo(destination, { end, signal: controller.signal });
        await isSettled(exporting);
        controller.abort();
        expect(await rejection(exporting)).toMatchObject({ code: "HASHLOG_ABORTED" });
      }
      for (const letGo of gate) letGo();
      await turn();
      expect([collector.destroyed, HashlogError.is(collector.errored)]).toEqual([end, end]);
      expect([stream.locked, aborted.map((reason) => HashlogError.is(reason))]).toEqual([false, end ? [true] : []]);
    }
  });
});

describe("a destination that fails", () => {
  const broken = new Error("broken");
  const gone = new Collector().destroy();
  const CLOSED = "it was closed before everything was written";

  test.each<[how: string, destination: () => ExportDestination, cause: unknown]>([
    ["says so of a chunk", () => new Collector((done) => done(broken)), broken],
    ["says so later", () => new Collector((done) => setImmediate(done, broken), { highWaterMark: 1 }), broken],
    [
      "says so at once",
      () =>
        Object.assign(new Collector(), {
          write: () => {
            throw broken;
          },
        }),
      broken,
    ],
    [
      "says so of a chunk before it returns",
      () => ({
        write: (_chunk, done) => (done(broken), true),
        end: () => undefined,
        on: () => undefined,
        off: () => undefined,
      }),
      broken,
    ],
    ["says so without answering", () => vanishing(broken), broken],
    ["was destroyed", () => gone, { code: "ERR_STREAM_DESTROYED" }],
    ["is destroyed", () => new Collector().destroy(), { message: CLOSED }],
    [
      "has ended already",
      () => new Collector().on("error", () => undefined).end(),
      { code: "ERR_STREAM_WRITE_AFTER_END" },
    ],
    ["is closed without a word", () => vanishing(), { message: CLOSED }],
    [
      "cannot end",
      () => new Writable({ write: (_chunk, _encoding, done) => done(), final: (done) => done(broken) }),
      broken,
    ],
    ["of the web says so of a chunk", () => collectingStream([], { write: () => Promise.reject(broken) }), broken],
    [
      "of the web says so later",
      () => collectingStream([], { write: () => turn().then(() => Promise.reject(broken)) }),
      broken,
    ],
    [
      "of the web has failed already",
      () => collectingStream([], { start: (controller) => controller.error(broken) }),
      broken,
    ],
    ["of the web cannot end", () => collectingStream([], { close: () => Promise.reject(broken) }), broken],
  ])("%s: the export rejects with what it said", async (_how, make, cause) => {
    const db = await filled(await memoryWorld(), 2000, 100);
    const destination = make();
    const failure = await rejection(db.exportTo(destination, { end: true }));
    expect(failure).toMatchObject({
      code: "HASHLOG_IO",
      message: expect.stringContaining("the destination") as string,
    });
    const { cause: found } = failure as HashlogError;
    if (cause instanceof Error) expect(found).toBe(cause);
    else expect(found).toMatchObject(cause as object);
    // Whatever it says besides comes in the next turns.
    await turn();
    await turn();
    expect(db.stats().iterators).toBe(0);
  });

  test("of the only chunk, before it returns: the export rejects", async () => {
    const db = await filled(await memoryWorld(), 5, 10);
    const write = (_chunk: Uint8Array, done: (error?: Error) => void): boolean => (done(broken), true);
    const nothing = (): void => undefined;
    const exporting = db.exportTo({ write, end: nothing, on: nothing, off: nothing });
    expect(await rejection(exporting)).toMatchObject({ code: "HASHLOG_IO", cause: broken });
  });

  test("between two chunks: the next one is not written", async () => {
    const db = await filled(await memoryWorld(), 2000, 100);
    const collector = new Collector();
    const onProgress = (): void => void collector.destroy(broken);
    expect(await rejection(db.exportTo(collector, { onProgress }))).toMatchObject({
      code: "HASHLOG_IO",
      cause: broken,
    });
    expect(collector.chunks).toHaveLength(1);
  });

  test("with what is not even made into a string is told as well", async () => {
    const db = await filled(await memoryWorld(), 10, 10);
    const cause = Object.create(null) as Error;
    const destination = new WritableStream({ write: () => Promise.reject(cause) });
    expect(await rejection(db.exportTo(destination))).toMatchObject({ code: "HASHLOG_IO", cause });
  });

  test("without saying why is told as well", async () => {
    const db = await filled(await memoryWorld(), 10, 10);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    await readable.cancel();
    expect(await rejection(db.exportTo(writable))).toMatchObject({
      code: "HASHLOG_IO",
      message: "exporting failed: the destination takes no more: it does not say why",
    });
  });

  test("with what is no error is told as well", async () => {
    const db = await filled(await memoryWorld(), 10, 10);
    const failing = collectingStream([], { write: () => rejecting("out of order") });
    expect(await rejection(db.exportTo(failing))).toMatchObject({
      cause: "out of order",
      message: expect.stringContaining("out of order") as string,
    });
  });
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

test("a destination that is to be ended is destroyed also where the export does not even begin", async () => {
  const world = await memoryWorld();
  const db = await filled(world, 5, 10);
  const fails: [options: ExportOptions<string>, code: string][] = [
    [{ signal: AbortSignal.abort() }, "HASHLOG_ABORTED"],
    [{ gt: "\ud800" }, "HASHLOG_INVALID_ARGUMENT"],
    [{}, "HASHLOG_CLOSED"],
  ];
  for (const [options, code] of fails) {
    if (code === "HASHLOG_CLOSED") await db.close();
    for (const end of [true, false]) {
      const collector = new Collector();
      expect(await rejection(db.exportTo(collector, { ...options, end }))).toMatchObject({ code });
      await turn();
      expect([code, collector.destroyed, collector.chunks.length]).toEqual([code, end, 0]);
      expect([collector.listenerCount("close"), db.stats().iterators]).toEqual([0, 0]);
    }
  }
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

test("what is no destination, one that somebody else writes to, and what is no option, are refused", async () => {
  const db = await filled(await memoryWorld(), 5, 10);
  const locked = collectingStream([]);
  locked.getWriter();
  const refused = { code: "HASHLOG_INVALID_ARGUMENT" };
  expect(await rejection(db.exportTo(locked))).toMatchObject({ ...refused, cause: expect.any(TypeError) as unknown });
  for (const destination of [undefined, null, "/tmp/file", 1, {}, { write: () => true }, () => true]) {
    expect(await rejection(db.exportTo(destination as never))).toMatchObject({
      ...refused,
      message: expect.stringContaining("the destination of exportTo") as string,
    });
  }
  for (const options of [
    null,
    [],
    "x",
    { close: true },
    { end: 1 },
    { signal: {} },
    { onProgress: 1 },
    { limit: -1 },
  ]) {
    expect(await rejection(db.exportTo(new Collector(), options as never))).toMatchObject(refused);
  }
  expect(await rejection(db.exportTo(new Collector(), { gte: 1 as never }))).toMatchObject(refused);
  expect(db.stats().iterators).toBe(0);
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

/** Rejects with what is no error, as other people's streams do. */
function rejecting(reason: unknown): Promise<never> {
  return Promise.reject(reason);
}
