import { expect, test } from "vitest";
import { rate, rounds } from "./words.ts";

test.each([
  [0, "0"],
  [0.5, "0.500"],
  [12.34, "12.3"],
  [999.4, "999"],
  [999.6, "1.00k"],
  [2514, "2.51k"],
  [3214, "3.21k"],
  [54_321, "54.3k"],
  [999_499, "999k"],
  [999_600, "1.00M"],
  [3_656_000, "3.66M"],
  [1.2345e9, "1235M"],
])("%d a second is printed as %s", (perSecond, printed) => {
  expect(rate(perSecond)).toBe(printed);
});

test("one round is no plural", () => {
  expect([1, 2].map(rounds)).toEqual(["1 round", "2 rounds"]);
});
