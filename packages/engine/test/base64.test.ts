import * as fc from "fast-check";
import { expect, test } from "vitest";
import { base64Bytes, decodeBase64, encodeBase64 } from "../src/base64.ts";
import { filler, utf8Bytes } from "./support/values.ts";

function encoded(bytes: Uint8Array): string {
  const target = new Uint8Array(base64Bytes(bytes.length) + 2).fill(0x2a);
  const end = encodeBase64(bytes, 0, bytes.length, target, 1);
  expect([target[0], target[end]]).toEqual([0x2a, 0x2a]);
  expect(end).toBe(1 + base64Bytes(bytes.length));
  return Buffer.from(target.subarray(1, end)).toString("latin1");
}

function decoded(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(`**${text}**`, "latin1");
  return decodeBase64(bytes, 2, bytes.length - 2);
}

test("every sequence of bytes becomes what Node makes of it, and comes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(encoded(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(decoded(encoded(bytes))).toEqual(bytes);
    }),
  );
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(encoded(every)).toBe(Buffer.from(every).toString("base64"));
});

test("pieces of whole groups are, one behind the other, what all of it is", () => {
  const bytes = filler(100);
  const target = new Uint8Array(base64Bytes(100));
  let at = 0;
  for (let from = 0; from < 100; from += 33) at = encodeBase64(bytes, from, Math.min(100, from + 33), target, at);
  expect(Buffer.from(target).toString("latin1")).toBe(Buffer.from(bytes).toString("base64"));
});

test.each([
  ["a length that is none", "AAA"],
  ["no padding", "AA"],
  ["padding alone", "===="],
  ["too much padding", "A==="],
  ["padding in the middle", "AA==AAAA"],
  ["a character behind the padding", "AA=A"],
  ["the characters of URLs", "_-__"],
  ["a space", "AA A"],
  ["a line feed", "AAAA\nAAA"],
  ["what is not ASCII", "AA\u00ffA"],
  ["bits behind the only byte", "AB=="],
  ["bits behind the second byte", "AAB="],
])("what has %s is none", (_what, text) => {
  expect(decoded(text)).toBeUndefined();
});

test("only what was made by encoding is decoded", () => {
  const characters = fc.constantFrom("A", "B", "+", "/", "=", "z", "9", "*");
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
      const bytes = decoded(text);
      if (bytes === undefined) expect(Buffer.from(text, "base64").toString("base64")).not.toBe(text);
      else expect(Buffer.from(bytes).toString("base64")).toBe(text);
    }),
    { numRuns: 1000 },
  );
  expect(decoded("")).toEqual(utf8Bytes(""));
});
