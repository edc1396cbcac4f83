import { expect, test } from "vitest";
import { FormatError, segmentFileName } from "../src/index.ts";

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

test("An error tells code, argument and value in fields, and what is allowed in its message", () => {
  const error = thrownBy(() => segmentFileName(0));
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "FormatError", code: "FORMAT_INVALID_ARGUMENT", argument: "id", value: 0 });
  expect(String(error)).toBe("FormatError: id must be an integer from 1 to 4294967295");
});

test("An error is recognised across copies of the package, and nothing else is", () => {
  const foreign = { [Symbol.for("@hashlog/format/FormatError")]: true };
  expect(FormatError.is(new FormatError("FORMAT_INVALID_ARGUMENT", "", { argument: "x" }))).toBe(true);
  expect(FormatError.is(foreign)).toBe(true);
  for (const other of [undefined, null, "FormatError", 1, {}, new Error("no")]) {
    expect(FormatError.is(other)).toBe(false);
  }
});
