import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "../src/line-splitter.ts";
import { text, utf8Bytes } from "./support/values.ts";

/** The lines of the chunks, and which line is too long, if one is. */
function linesOf(chunks: readonly (string | Uint8Array)[], bytesMax: number = 1000): unknown[] {
  const splitter = new LineSplitter(bytesMax);
  const lines: unknown[] = [];
  const take = (): void => {
    expect(splitter.number).toBe(lines.length + 1);
    lines.push(text(splitter.bytes.subarray(splitter.start, splitter.end)));
  };
  for (const chunk of chunks) {
    splitter.push(typeof chunk === "string" ? utf8Bytes(chunk) : chunk);
    while (splitter.next()) take();
  }
  if (splitter.last()) take();
  return splitter.isTooLong ? [...lines, { tooLong: splitter.number + 1 }] : lines;
}

test("lines end with a line feed, alone or behind a carriage return, and the last one need not", () => {
  expect(linesOf(["a\nb\r\n\nc"])).toEqual(["a", "b", "", "c"]);
  expect(linesOf(["a\nb\n"])).toEqual(["a", "b"]);
  expect(linesOf(["a\r"])).toEqual(["a"]);
  expect(linesOf([])).toEqual([]);
  expect(linesOf([""])).toEqual([]);
  expect(linesOf(["\n"])).toEqual([""]);
  expect(linesOf(["a\rb\n"])).toEqual(["a\rb"]);
});

test("a byte order mark before the first line is left out, and nowhere else", () => {
  expect(linesOf(["\ufeffa\n\ufeffb\n"])).toEqual(["a", "\ufeffb"].map((line) => text(utf8Bytes(line))));
  expect(linesOf([Uint8Array.of(0xef), Uint8Array.of(0xbb), Uint8Array.of(0xbf, 0x61)])).toEqual(["a"]);
  expect(linesOf(["\ufeff"])).toEqual([""]);
});

test("where chunks end makes no difference", () => {
  const piece = fc.constantFrom("a", "é", "😀", "\n", "\r\n", "\r", "\ufeff", "bcd", "");
  const cuts = fc.array(fc.nat({ max: 5 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), cuts, fc.integer({ min: 1, max: 12 }), (pieces, lengths, most) => {
      const whole = utf8Bytes(pieces.join(""));
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const length of lengths) {
        chunks.push(whole.subarray(at, at + length));
        at += length;
      }
      chunks.push(whole.subarray(at));
      expect(linesOf(chunks, most)).toEqual(linesOf([whole], most));
    }),
    { numRuns: 1000 },
  );
});

test("a line of as many bytes as there may be is found, and of one more it is not", () => {
  for (const end of ["", "\n", "\r\n"]) {
    for (const cut of [0, 3, 10]) {
      const inTwo = (line: string): string[] => [line.slice(0, cut), line.slice(cut)];
      expect(linesOf(inTwo(`\ufeff${"x".repeat(10)}${end}`), 10)).toEqual(["x".repeat(10)]);
      expect(linesOf(inTwo(`${"x".repeat(11)}${end}`), 10)).toEqual([{ tooLong: 1 }]);
      expect(linesOf(inTwo(`a\n${"x".repeat(11)}${end}b\n`), 10)).toEqual(["a", { tooLong: 2 }]);
    }
  }
});

test("of a line without end no more is kept than it may have", () => {
  const splitter = new LineSplitter(100_000);
  for (let chunk = 0; chunk < 10; chunk += 1) {
    splitter.push(new Uint8Array(30_000).fill(0x61));
    expect(splitter.next()).toBe(false);
  }
  expect(splitter.isTooLong).toBe(true);
  expect(splitter.last()).toBe(false);
});
