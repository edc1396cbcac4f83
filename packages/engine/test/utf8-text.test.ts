import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOfCharacters, ESCAPED_BYTES_MAX, escapeUtf8, isUtf8, unescapeUtf8 } from "../src/utf8-text.ts";
import { utf8Bytes } from "./support/values.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether the platform decodes it. */
function decodes(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function escaped(text: string): string {
  const source = utf8Bytes(text);
  const target = new Uint8Array(source.length * ESCAPED_BYTES_MAX);
  return decoder.decode(target.subarray(0, escapeUtf8(source, 0, source.length, target, 0)));
}

/** `undefined` where it is refused. */
function unescaped(text: string): string | undefined {
  const source = utf8Bytes(text);
  const target = new Uint8Array(source.length);
  const end = unescapeUtf8(source, 0, source.length, target, 0);
  return end < 0 ? undefined : decoder.decode(target.subarray(0, end));
}

const parsed = (text: string): unknown => JSON.parse(`"${text}"`);

/** Bytes at which the rules of UTF-8 change. */
const EDGES = [
  0x00, 0x1f, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xa8, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe2, 0xec, 0xed,
  0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

describe("what is UTF-8", () => {
  test("every three bytes of those at which the rules change are judged as the platform judges them", () => {
    const wrong: number[][] = [];
    for (const first of EDGES) {
      for (const second of EDGES) {
        for (const third of EDGES) {
          const bytes = Uint8Array.of(first, second, third);
          if (isUtf8(bytes, 0, 3) !== decodes(bytes)) wrong.push([first, second, third]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("so are bytes by chance", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EDGES), { maxLength: 8 }), (list) => {
        const bytes = Uint8Array.from(list);
        expect(isUtf8(bytes, 0, bytes.length)).toBe(decodes(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test("text is, and each of its beginnings that ends within a character is not", () => {
    const bytes = utf8Bytes("aé€😀");
    expect(isUtf8(bytes, 0, bytes.length)).toBe(true);
    const whole = [0, 1, 3, 6, 10];
    for (let end = 0; end <= bytes.length; end += 1) expect(isUtf8(bytes, 0, end)).toBe(whole.includes(end));
    for (let end = 0; end <= bytes.length; end += 1) {
      expect(endOfCharacters(bytes, end)).toBe(whole.findLast((at) => at <= end));
    }
  });
});

describe("the inside of a JSON string", () => {
  test("every character comes back, and JSON takes it for the same", () => {
    const wrong: number[] = [];
    for (let code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 61) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const text = `a${String.fromCodePoint(code)}b`;
      const inside = escaped(text);
      if (parsed(inside) !== text || unescaped(inside) !== text) wrong.push(code);
    }
    expect(wrong).toEqual([]);
  });

  test("nothing in it ends a line for anybody", () => {
    const text = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join("") + "\ufeff\ufefe";
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(escaped(text)).not.toMatch(/[\u0000-\u001f\u0085\u2028\u2029\ufeff]/);
    expect(escaped("\u0085\u2028\u2029\ufeff\ufefe\u0084\u202a")).toBe(
      "\\u0085\\u2028\\u2029\\ufeff\ufefe\u0084\u202a",
    );
  });

  test("what others have escaped in other ways is understood", () => {
    expect(unescaped(String.raw`\/\"\\\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\uDE00`)).toBe('/"\\\b\f\n\r\tAé€😀');
  });

  test("text by chance is understood as JSON understands it", () => {
    const pieces = fc.constantFrom(
      "\\u",
      "\\",
      "d83d",
      "de00",
      "0041",
      "n",
      "x",
      "\\ud83d",
      "\\ude00",
      "é",
      "\\u00",
      "g",
    );
    fc.assert(
      fc.property(fc.string({ unit: pieces, maxLength: 6 }), (text) => {
        let expected: string | undefined;
        try {
          expected = parsed(text) as string;
        } catch {
          expected = undefined;
        }
        expect(unescaped(text)).toBe(expected?.isWellFormed() === true ? expected : undefined);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ["an escape that there is not", "\\x"],
    ["a backslash at the end", "a\\"],
    ["too few digits", "\\u004"],
    ["what is no digit", "\\u00g1"],
    ["a first half alone", "\\ud83d"],
    ["a first half before something else", "\\ud83dx"],
    ["two first halves", "\\ud83d\\ud83d"],
    ["a second half alone", "\\ude00"],
  ])("%s is refused", (_what, text) => {
    expect(unescaped(text)).toBeUndefined();
  });

  test("what lies behind the end is not looked at", () => {
    const source = utf8Bytes("\\ud83d\\ude00 \\n \\u0041");
    const target = new Uint8Array(source.length);
    expect(unescapeUtf8(source, 0, 6, target, 0)).toBe(-1);
    expect(unescapeUtf8(source, 13, 14, target, 0)).toBe(-1);
    expect(unescapeUtf8(source, 16, 20, target, 0)).toBe(-1);
    expect(unescapeUtf8(source, 0, 12, target, 0)).toBe(4);
  });
});
