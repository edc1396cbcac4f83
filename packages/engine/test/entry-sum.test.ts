import { expect, test } from "vitest";
import { EntrySum } from "../src/verify/entry-sum.ts";
import { utf8Bytes } from "./support/values.ts";

type Entry = readonly [key: string, a: number, b: number, c: number, d: number];

function sumOf(...entries: readonly Entry[]): EntrySum {
  const sum = new EntrySum();
  for (const [key, ...numbers] of entries) {
    const bytes = utf8Bytes(`..${key}.`);
    sum.add(bytes, 2, bytes.length - 1, ...numbers);
  }
  return sum;
}

const FIRST: Entry = ["key", 1, 2, 3, 4];
const SECOND: Entry = ["other", 5, 6, 7, 8];

test("a sum is the same in whatever order the entries come", () => {
  expect(sumOf(FIRST, SECOND).equals(sumOf(SECOND, FIRST))).toBe(true);
  expect(sumOf(FIRST, SECOND).count).toBe(2);
  expect(sumOf().equals(sumOf())).toBe(true);
});

test.each<[string, readonly Entry[]]>([
  ["of one entry less", [FIRST]],
  ["of one twice", [FIRST, FIRST]],
  ["of another key", [FIRST, ["othes", 5, 6, 7, 8]]],
  ["of a key that is longer", [FIRST, ["other\0", 5, 6, 7, 8]]],
  ["of another first number", [FIRST, ["other", 4, 6, 7, 8]]],
  ["of another second number", [FIRST, ["other", 5, 5, 7, 8]]],
  ["of another third number", [FIRST, ["other", 5, 6, 8, 8]]],
  ["of another fourth number", [FIRST, ["other", 5, 6, 7, 9]]],
  ["of two numbers that have changed places", [FIRST, ["other", 6, 5, 7, 8]]],
  [
    "of two keys that have changed places",
    [
      ["other", 1, 2, 3, 4],
      ["key", 5, 6, 7, 8],
    ],
  ],
])("it differs from one %s", (_of, entries) => {
  expect(sumOf(FIRST, SECOND).equals(sumOf(...entries))).toBe(false);
});

test.each([0, 1, 2, 3])("of number %i every bit counts, up to 2^53", (index) => {
  const numbers = [0, 0, 0, 0];
  const sums = new Set<boolean>();
  for (let bit = 0; bit < 53; bit += 1) {
    const changed = numbers.with(index, 2 ** bit);
    sums.add(sumOf(["key", 0, 0, 0, 0]).equals(sumOf(["key", changed[0]!, changed[1]!, changed[2]!, changed[3]!])));
  }
  expect(sums).toEqual(new Set([false]));
});
