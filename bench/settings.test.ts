import { expect, test } from "vitest";
import { numbersFrom } from "./settings.ts";

const WANTED = {
  keys: { usual: 1_000_000, least: 1000, what: "entries of the store" },
  rounds: { usual: 3, least: 1, what: "how often each is measured" },
};

test("settings are the usual ones, unless said", () => {
  expect(numbersFrom([], WANTED)).toEqual({ keys: 1_000_000, rounds: 3 });
  expect(numbersFrom(["--keys", "1000"], WANTED)).toEqual({ keys: 1000, rounds: 3 });
});

test.each([
  [["--keys", "10"], "--keys 10 is not an integer from 1000"],
  [["--keys", ""], "--keys  is not an integer from 1000"],
  [["--rounds", "many"], "--rounds many is not an integer from 1"],
  [["--minutes", "3"], "--minutes"],
])("settings are refused by name: %j", (args, complaint) => {
  expect(() => numbersFrom(args, WANTED)).toThrow(complaint);
});
