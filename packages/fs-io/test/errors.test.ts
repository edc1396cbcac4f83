import { expect, test } from "vitest";
import { FsError } from "../src/errors.ts";

test("an FsError is known by its brand, also when another copy of the package made it", () => {
  const error = new FsError("FS_IO", "it failed", { operation: "sync", path: "/a" });
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("FsError");
  expect(FsError.is(error)).toBe(true);
  expect(FsError.is({ [Symbol.for("@hashlog/fs-io/FsError")]: true })).toBe(true);
});

test("nothing else is an FsError", () => {
  for (const value of [undefined, null, "FS_IO", 1, new Error("FS_IO"), { code: "FS_IO" }]) {
    expect(FsError.is(value)).toBe(false);
  }
});

test("an FsError without a cause has none, and one with a cause keeps it", () => {
  const cause = new Error("below");
  expect("cause" in new FsError("FS_IO", "it failed", { operation: "sync", path: "/a" })).toBe(false);
  expect(new FsError("FS_IO", "it failed", { operation: "sync", path: "/a", cause }).cause).toBe(cause);
});
