import {
  bytes,
  json,
  utf8,
  type ImportOptions,
  type ImportProgress,
  type ImportSource,
  type Store,
} from "@hashlog/engine";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { exported, exportOf, HEADER, line, trailer } from "./support/moving.ts";
import { entriesOf, filler, isSettled, rejection, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

const THREE = exportOf([line("a", "1"), line("b", "2"), line("c", "3")]);
const INVALID = "HASHLOG_INVALID_ARGUMENT";

/** Bytes cut into pieces of that many. */
function pieces(content: string | Uint8Array, length: number): Uint8Array[] {
  const whole = typeof content === "string" ? utf8Bytes(content) : content;
  return Array.from({ length: Math.ceil(whole.length / length) }, (_, index) =>
    whole.subarray(index * length, (index + 1) * length),
  );
}

/** A source that notes whether it was left before its end. */
function watchedSource(given: readonly unknown[]): ImportSource & { left: number } {
  const iterator = given[Symbol.iterator]();
  const source = {
    left: 0,
    [Symbol.asyncIterator]: () => ({
      next: async () => iterator.next() as IteratorResult<string>,
      return: async () => {
        source.left += 1;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
}

function many(count: number, prefix: string = "key"): string[] {
  return Array.from({ length: count }, (_, index) => line(`${prefix} ${index}`, `${index}`));
}

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

describe("a source", () => {
  test.each<[what: string, source: () => ImportSource]>([
    ["an array of one string", () => [THREE]],
    ["bytes, one at a time", () => pieces(THREE, 1)],
    ["characters, one at a time", () => THREE.split("")],
    ["Node's buffers", () => Readable.from([Buffer.from(THREE)], { objectMode: false, highWaterMark: 5 })],
    ["a stream of Node's that gives strings", () => Readable.from(pieces(THREE, 10)).setEncoding("utf8")],
    ["a stream of the web", () => new Blob([THREE]).stream() as ReadableStream<Uint8Array>],
    [
      "a generator",
      function* cut() {
        yield* pieces(THREE, 9);
      },
    ],
    [
      "an asynchronous one",
      async function* cut() {
        yield* pieces(THREE, 9);
      },
    ],
    ["with a byte order mark", () => pieces(`\ufeff${THREE}`, 2)],
    ["with carriage returns", () => pieces(THREE.replaceAll("\n", "\r\n"), 3)],
    ["with blank lines, also first and last", () => [`\n \t\r\n${THREE.replaceAll("\n", "\n\n\r\n")}\n  `]],
    ["without a line feed at the end", () => [THREE.trimEnd()]],
    ["that gives nothing now and then", () => ["", THREE.slice(0, 50), new Uint8Array(0), THREE.slice(50), ""]],
  ])("may be %s", async (_what, make) => {
    const db = await (await memoryWorld()).open();
    const source = make();
    expect(await db.importFrom(typeof source === "function" ? (source as () => ImportSource)() : source)).toMatchObject(
      {
        entries: 3,
      },
    );
    expect(await entriesOf(db)).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
    ]);
  });

  test("may be cut within a character, as bytes and as a string", async () => {
    const content = exportOf([line("Grüße 😀", "€ 𝄞")]);
    for (const source of [pieces(content, 1), content.split("")]) {
      const db = await (await memoryWorld()).open();
      await db.importFrom(source);
      expect(await entriesOf(db)).toEqual([["Grüße 😀", "€ 𝄞"]]);
    }
  });

  test("is not left when it has come to its end, and is when it is wrong", async () => {
    const db = await (await memoryWorld()).open();
    const whole = watchedSource([THREE]);
    await db.importFrom(whole);
    expect(whole.left).toBe(0);
    const wrong = watchedSource([HEADER, "\n", "x\n", THREE]);
    await rejection(db.importFrom(wrong));
    expect(wrong.left).toBe(1);
    const stream = Readable.from([`${HEADER}\nx\n`, THREE]);
    await rejection(db.importFrom(stream));
    await new Promise((resolve) => stream.on("close", resolve));
    expect(stream.destroyed).toBe(true);
  });

  test.each<[how: string, leave: unknown]>([
    ["fails", () => Promise.reject(new Error("of return"))],
    [
      "throws",
      () => {
        throw new Error("of return");
      },
    ],
    ["never answers", () => new Promise(() => undefined)],
    ["is not there", undefined],
  ])("may be one that cannot be left: return %s", async (_how, leave) => {
    const db = await (await memoryWorld()).open();
    const next = async (): Promise<unknown> => ({ done: false, value: "x\n" });
    const source = { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
    expect(await rejection(db.importFrom(source as never))).toMatchObject({ code: INVALID, line: 1 });
  });

  test.each<[how: string, next: () => unknown]>([
    ["rejects", () => Promise.reject(new Error("broken"))],
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
  ])("that fails ends the import with what it said, and what it gave before is there: it %s", async (_how, fail) => {
    const db = await (await memoryWorld()).open({ sync: "never" });
    let given = 0;
    const next = (): unknown => (given++ === 0 ? { done: false, value: THREE.slice(0, -4) } : fail());
    const source = { [Symbol.iterator]: () => ({ next }) };
    expect(await rejection(db.importFrom(source as never))).toMatchObject({
      code: "HASHLOG_IO",
      cause: new Error("broken"),
      entriesDone: 3,
      message: "importing failed after 3 entries: the source gives no more: broken",
    });
    expect(db.stats()).toMatchObject({ keys: 3, floor: 3 });
  });

  test("that fails with what is no error is told as well", async () => {
    const db = await (await memoryWorld()).open();
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => rejecting("out of order") }),
    };
    expect(await rejection(db.importFrom(source))).toMatchObject({ code: "HASHLOG_IO", cause: "out of order" });
  });

  test.each<[what: string, next: () => unknown]>([
    ["throws what is no string either", () => Promise.reject(Object.create(null) as Error)],
    ["gives nothing at all", () => undefined],
  ])("that %s is told as one that fails, with what it gave before", async (_what, fail) => {
    const db = await (await memoryWorld()).open();
    let given = 0;
    const next = (): unknown => (given++ === 0 ? { done: false, value: THREE.slice(0, -4) } : fail());
    const source = { [Symbol.iterator]: () => ({ next }) };
    expect(await rejection(db.importFrom(source as never))).toMatchObject({ code: "HASHLOG_IO", entriesDone: 3 });
  });

  test("that somebody else reads is refused", async () => {
    const db = await (await memoryWorld()).open();
    const source = new ReadableStream<Uint8Array>();
    source.getReader();
    expect(await rejection(db.importFrom(source as never))).toMatchObject({
      code: INVALID,
      message: expect.stringContaining("the source of importFrom cannot be read: ") as string,
      cause: expect.any(TypeError) as TypeError,
    });
  });

  test.each<[what: string, given: readonly unknown[], reason: string]>([
    ["a number", [1], "the source gave a number, not bytes or a string"],
    ["an array", [[1]], "the source gave an object (Array), not bytes or a string"],
    ["nothing", [null], "the source gave null, not bytes or a string"],
    ["a first half and then bytes", ["\ud83d", utf8Bytes("x")], "there is a surrogate without its partner"],
    ["two first halves", ["\ud83d", "\ud83d"], "there is a surrogate without its partner"],
    ["a second half", ["x\ude00"], "there is a surrogate without its partner"],
    ["a first half at its end", ["\ud83d"], "there is a surrogate without its partner"],
  ])("that gives %s is refused", async (_what, given, reason) => {
    const db = await (await memoryWorld()).open();
    const source = watchedSource([`${HEADER}\n`, ...given]);
    expect(await rejection(db.importFrom(source))).toMatchObject({
      code: INVALID,
      line: 2,
      entriesDone: 0,
      message: `importing failed after 0 entries: line 2: ${reason}`,
    });
    expect(source.left).toBe(1);
  });

  test("that is none is refused, a path too", async () => {
    const db = await (await memoryWorld()).open();
    for (const source of [undefined, null, "/tmp/file", 1, {}, utf8Bytes(THREE), new Map(), () => [THREE]]) {
      if (source instanceof Map) continue;
      expect(await rejection(db.importFrom(source as never))).toMatchObject({
        code: INVALID,
        message: expect.stringContaining("the source of importFrom") as string,
      });
    }
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

describe("it is written in commits of bounded size", () => {
  test.each(["overwrite", "skip", "fail"] as const)("a thousand entries each: %s", async (ifExists) => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1", { sync: true });
    const { yields } = world.clock;
    const progress: number[] = [];
    const appends = world.watched.count("append");
    const syncs = world.watched.count("sync", /\.segment$/);
    await db.importFrom([exportOf(many(2500))], {
      ifExists,
      onProgress: ({ entriesDone }) => progress.push(entriesDone),
    });
    // Three frames, and the fence behind the one sync at the end.
    expect(world.watched.count("append") - appends).toBe(4);
    expect(world.watched.count("sync", /\.segment$/) - syncs).toBe(1);
    expect(progress).toEqual([1000, 2000, 2500]);
    expect(world.clock.yields - yields).toBeGreaterThanOrEqual(3);
    expect(db.stats().keys).toBe(2501);
  });

  test("or about a megabyte, and a larger entry one of its own", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1", { sync: true });
    const value = "x".repeat(400_000);
    const lines = Array.from({ length: 7 }, (_, index) => line(`${index}`, index === 4 ? value.repeat(5) : value));
    const appends = world.watched.count("append");
    await db.importFrom(pieces(exportOf(lines), 64 * 1024));
    // Two, two, the large one, two; and the fence.
    expect(world.watched.count("append") - appends).toBe(5);
    expect((await db.get("4"))!.length).toBe(2_000_000);
  });

  test("and others have their turn also where nothing is to be written, and where it is ended it ends", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const expired = '{"key":"a","value":"1","expiresAtMs":1}';
    const source = [exportOf(Array.from({ length: 20_000 }, () => expired)), "\n".repeat(20_000)];
    const { yields } = world.clock;
    const progress: ImportProgress[] = [];
    const report = await db.importFrom(source, { onProgress: (one) => progress.push(one) });
    expect(report).toMatchObject({ entries: 0, expired: 20_000 });
    // Of two thousand short lines each.
    expect(world.clock.yields - yields).toBeGreaterThan(15);
    expect(progress.length).toBeGreaterThan(15);
    const controller = new AbortController();
    let told = 0;
    const onProgress = (): void => {
      told += 1;
      if (told === 3) controller.abort();
    };
    const ended = db.importFrom(source, { onProgress, signal: controller.signal });
    expect(await rejection(ended)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(told).toBe(3);
  });

  test("with the store's policy: each is durable before the next one is written", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "always" });
    await db.put("first", "1");
    const syncs = world.watched.count("sync", /\.segment$/);
    await db.importFrom([exportOf(many(2500))]);
    expect(world.watched.count("sync", /\.segment$/) - syncs).toBe(3);
  });

  test("and progress says how much was read", async () => {
    const db = await (await memoryWorld()).open();
    const content = exportOf(many(2500));
    const seen: unknown[] = [];
    await db.importFrom(pieces(content, 10_000), { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ entriesDone: 2500, bytesDone: utf8Bytes(content).length });
    const thrown = new Error("of the callback");
    const throwing = (): never => {
      throw thrown;
    };
    expect(await rejection(db.importFrom([content], { onProgress: throwing }))).toBe(thrown);
  });
});

describe("what is wrong is told by its line, and what comes before it is there", () => {
  const two = [HEADER, line("a", "1"), line("b", "2")];

  test.each<[what: string, content: string, at: number, done: number, reason: string]>([
    ["no JSON", [...two, "x", trailer(2)].join("\n"), 4, 2, "it is no JSON object"],
    [
      "an unknown field",
      [...two, '{"key":"c","value":"","ttlMs":1}', trailer(3)].join("\n"),
      4,
      2,
      'there is no field "ttlMs"',
    ],
    ["in the first line", `x\n${THREE}`, 1, 0, "it is no JSON object"],
    [
      "entries without a first line",
      `${line("a", "1")}\n`,
      1,
      0,
      'it is not the first line of an export, {"format":"hashlog-entries","version":1}',
    ],
    [
      "a last line without a first",
      `${trailer(0)}\n`,
      1,
      0,
      'it is not the first line of an export, {"format":"hashlog-entries","version":1}',
    ],
    ["another format", '{"format":"x","version":1}\n', 1, 0, 'its format is "x", not "hashlog-entries"'],
    ["two exports, one behind the other", `${THREE}\n${THREE}`, 7, 3, "there is something behind the last one"],
    ["entries behind the last line", `${THREE}${line("d", "4")}`, 6, 3, "there is something behind the last one"],
    ["a first line once more", [...two, HEADER, trailer(2)].join("\n"), 4, 2, "it is a first one once more"],
    ["too few entries", [...two, trailer(3)].join("\n"), 4, 2, "it says that there are 3 entries, and there were 2"],
    ["too many entries", [...two, trailer(1)].join("\n"), 4, 2, "it says that there are 1 entries, and there were 2"],
    ["nothing at all", "", 1, 0, "there is none: the source was cut off"],
    ["blank lines alone", "\n\n", 3, 0, "there is none: the source was cut off"],
    [
      "cut off behind a line",
      `${two.join("\n")}\n`,
      4,
      2,
      "the last one, with the number of entries, is missing: the source was cut off",
    ],
    [
      "cut off before its end",
      two.join("\n"),
      4,
      2,
      "the last one, with the number of entries, is missing: the source was cut off",
    ],
    [
      "cut off within a line",
      two.join("\n").slice(0, -3),
      3,
      1,
      '"value" does not end, and it is the last one: the source may have been cut off',
    ],
    [
      "a key that is too long",
      [...two, line("k".repeat(65_536), ""), trailer(3)].join("\n"),
      4,
      2,
      "a key of 65536 bytes is longer than 65535",
    ],
  ])("%s", async (_what, content, at, done, reason) => {
    const db = await (await memoryWorld()).open({ sync: "never" });
    const failure = await rejection(db.importFrom(pieces(content, 100)));
    expect(failure).toMatchObject({
      code: INVALID,
      line: at,
      entriesDone: done,
      message: `importing failed after ${done} entries: line ${at}: ${reason}`,
    });
    expect(db.stats()).toMatchObject({ keys: done, floor: db.stats().sequence, sequence: done });
  });

  test("a newer version of the format is told as that", async () => {
    const db = await (await memoryWorld()).open();
    expect(await rejection(db.importFrom(['{"format":"hashlog-entries","version":2}\n']))).toMatchObject({
      code: "HASHLOG_VERSION",
      expected: 1,
      actual: 2,
      entriesDone: 0,
    });
  });

  test("a line that is too long, as soon as that is so", async () => {
    const db = await (await memoryWorld()).open();
    const fits = line("fits", "x".repeat(1024 - line("fits", "").length));
    expect(await db.importFrom([exportOf([fits])], { lineBytesMax: 1024 })).toMatchObject({ entries: 1 });
    const reason = "line 3: it is longer than 1024 bytes (lineBytesMax)";
    for (const end of ["", "\n"]) {
      const source = [`${HEADER}\n${line("a", "1")}\n${fits} ${end}`];
      expect(await rejection(db.importFrom(source, { lineBytesMax: 1024 }))).toMatchObject({
        code: INVALID,
        line: 3,
        entriesDone: 1,
        message: `importing failed after 1 entries: ${reason}`,
      });
    }
    let taken = 0;
    const endless = function* endless(): Iterable<Uint8Array> {
      for (; taken < 100; taken += 1) yield new Uint8Array(1000).fill(0x20);
    };
    expect(await rejection(db.importFrom(endless(), { lineBytesMax: 5000 }))).toMatchObject({ line: 1 });
    expect(taken).toBe(5);
  });
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

describe("an import that ends early", () => {
  test("by its signal, while the source keeps it waiting", async () => {
    const db = await (await memoryWorld()).open();
    const controller = new AbortController();
    let given = 0;
    const next = (): Promise<unknown> =>
      given++ === 0
        ? Promise.resolve({ done: false, value: exportOf(many(1500)).slice(0, -20) })
        : new Promise(() => undefined);
    const source = { [Symbol.asyncIterator]: () => ({ next, return: next }) };
    const imported = db.importFrom(source as never, { signal: controller.signal });
    expect(await isSettled(imported)).toBe(false);
    controller.abort("enough");
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_ABORTED", cause: "enough", entriesDone: 1000 });
    expect(db.stats().keys).toBe(1000);
  });

  test("by its signal, and a stream of Node's that keeps it waiting is destroyed", async () => {
    const db = await (await memoryWorld()).open();
    const controller = new AbortController();
    const source = new Readable({ read: () => undefined });
    source.push(`${HEADER}\n`);
    const imported = db.importFrom(source, { signal: controller.signal });
    expect(await isSettled(imported)).toBe(false);
    controller.abort();
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(source.destroyed).toBe(true);
  });

  test("by its signal, between two commits, and before it begins", async () => {
    const db = await (await memoryWorld()).open();
    const controller = new AbortController();
    const imported = db.importFrom([exportOf(many(5000))], {
      signal: controller.signal,
      onProgress: ({ entriesDone }) => entriesDone === 2000 && controller.abort(),
    });
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_ABORTED", entriesDone: 2000 });
    expect(db.stats().keys).toBe(2000);
    const source = watchedSource([THREE]);
    expect(await rejection(db.importFrom(source, { signal: AbortSignal.abort() }))).toMatchObject({
      code: "HASHLOG_ABORTED",
    });
    expect(db.has("a")).toBe(false);
  });

  test("before it begins, and its source is left all the same", async () => {
    const db = await (await memoryWorld()).open();
    for (const [options, code] of [
      [{ signal: AbortSignal.abort() }, "HASHLOG_ABORTED"],
      [{}, "HASHLOG_CLOSED"],
    ] as const) {
      if (code === "HASHLOG_CLOSED") await db.close();
      const [watched, stream] = [watchedSource([THREE]), Readable.from([THREE])];
      for (const source of [watched, stream]) {
        expect(await rejection(db.importFrom(source, options))).toMatchObject({ code });
      }
      expect([watched.left, stream.destroyed]).toEqual([1, true]);
    }
  });

  test("as the store is closed", async () => {
    const db = await (await memoryWorld()).open();
    let closed: Promise<void> | undefined;
    const imported = db.importFrom([exportOf(many(5000))], {
      onProgress: ({ entriesDone }) => {
        if (entriesDone === 2000) closed = db.close();
      },
    });
    expect(await rejection(imported)).toMatchObject({ code: "HASHLOG_CLOSED", entriesDone: 2000 });
    await closed;
    expect(await rejection(db.importFrom([THREE]))).toMatchObject({ code: "HASHLOG_CLOSED" });
  });

  test.each(["overwrite", "skip", "fail"] as const)("as the volume is full: %s", async (ifExists) => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key 1500", "old");
    const fault: { end?: () => void } = {};
    const imported = db.importFrom([exportOf(many(5000))], {
      ifExists: ifExists === "fail" ? "overwrite" : ifExists,
      onProgress: () => {
        Object.assign(fault, world.watched.fail("append", /\.segment$/, "FS_NO_SPACE"));
      },
    });
    const failure = await rejection(imported);
    expect(failure).toMatchObject({ code: "HASHLOG_NO_SPACE", entriesDone: 1000 });
    fault.end!();
    world.watched.letGo();
    expect(db.stats().keys).toBe(1001);
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

/** Rejects with what is no error, as other people's streams do. */
function rejecting(reason: unknown): Promise<never> {
  return Promise.reject(reason);
}
