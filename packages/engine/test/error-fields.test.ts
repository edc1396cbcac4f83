import { inspect } from "node:util";
import { expect, test } from "vitest";
import { setFields } from "../src/error-fields.ts";

/** As JavaScriptCore makes errors: with a place in the source that is there and is not listed. */
function errorOfBun(): Error & { line?: number } {
  const error = new Error("it is damaged");
  return Object.defineProperty(error, "line", { value: 17, writable: true, enumerable: false, configurable: true });
}

test("an error that is about no line has none, also where every error is made with the line of its source", () => {
  const error = errorOfBun();
  setFields(error, { code: "HASHLOG_LOCKED", line: undefined });
  expect("line" in error).toBe(false);
  expect(error).toMatchObject({ code: "HASHLOG_LOCKED" });
});

test("the line of an import is the one that is told and printed, also where every error is made with one", () => {
  const error = errorOfBun();
  setFields(error, { line: 3 });
  expect(Object.entries(error)).toEqual([["line", 3]]);
  expect(inspect(error)).toContain("line: 3");
});
