import { HashlogError, type ExportDestination, type ExportOptions } from "@hashlog/engine";
import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CHUNK_BYTES } from "../src/line-writer.ts";
import { collectingStream, filled } from "./support/export-destinations.ts";
import { Collector } from "./support/moving.ts";
import { isSettled, rejecting, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** One that is destroyed instead of taking a chunk. */
function vanishing(error?: Error): Collector {
  const collector: Collector = new Collector(() => setImmediate(() => collector.destroy(error)));
  return collector;
}

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
