import { expect, test } from "vitest";
import { hashText } from "./hash-text.ts";

test("texts that differ in one character have hashes that differ", () => {
  const texts = ["", "a", "b", "ab", "ba", "aa", ...Array.from({ length: 2000 }, (_, index) => `kill ${index}`)];
  expect(new Set(texts.map(hashText)).size).toBe(texts.length);
});
