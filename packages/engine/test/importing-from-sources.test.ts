import type { ImportSource } from "@hashlog/engine";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { pieces, THREE, watchedSource } from "./support/import-sources.ts";
import { exportOf, HEADER, line } from "./support/moving.ts";
import { entriesOf, rejecting, rejection, utf8Bytes } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

const INVALID = "HASHLOG_INVALID_ARGUMENT";

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
