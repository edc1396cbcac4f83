import { describe, expect, test } from "vitest";
import { codeOf, errnoOf, fsErrorOf } from "../src/node-errors.ts";
import { platformError } from "./failing-fs.ts";

describe("the code of a platform error", () => {
  test.each([
    ["ENOENT", "FS_NOT_FOUND"],
    ["EEXIST", "FS_EXISTS"],
    ["ENOTDIR", "FS_NOT_A_DIRECTORY"],
    ["EACCES", "FS_NOT_PERMITTED"],
    ["EPERM", "FS_NOT_PERMITTED"],
    ["EROFS", "FS_NOT_PERMITTED"],
    ["ENOSPC", "FS_NO_SPACE"],
    ["EDQUOT", "FS_NO_SPACE"],
    ["EMFILE", "FS_TOO_MANY_OPEN"],
    ["ENFILE", "FS_TOO_MANY_OPEN"],
    ["EBUSY", "FS_BUSY"],
    ["ETXTBSY", "FS_BUSY"],
    ["ENOSYS", "FS_NOT_SUPPORTED"],
    ["ENOTSUP", "FS_NOT_SUPPORTED"],
    ["EOPNOTSUPP", "FS_NOT_SUPPORTED"],
    ["EXDEV", "FS_NOT_SUPPORTED"],
    ["ERR_ACCESS_DENIED", "FS_NOT_PERMITTED"],
    ["ERR_OUT_OF_RANGE", "FS_INVALID_ARGUMENT"],
    ["ERR_INVALID_ARG_VALUE", "FS_INVALID_ARGUMENT"],
    ["EIO", "FS_IO"],
    ["EFBIG", "FS_IO"],
    ["toString", "FS_IO"],
  ])("%s is %s", (errno, code) => {
    expect(codeOf(platformError(errno))).toBe(code);
  });

  test.each([[undefined], [null], ["ENOENT"], [new Error("no errno")], [{ code: 7 }]])(
    "%o, which has no errno, is FS_IO",
    (error) => {
      expect(errnoOf(error)).toBeUndefined();
      expect(codeOf(error)).toBe("FS_IO");
    },
  );
});

test("what Deno refuses by itself, as the program lacks a permission, is FS_NOT_PERMITTED and says which", () => {
  const cause = Object.assign(
    new Error('Requires net access to "unix:/data/lock", run again with the --allow-net flag'),
    {
      name: "NotCapable",
    },
  );
  const error = fsErrorOf(cause, "lock", "/data");
  expect(error).toMatchObject({ code: "FS_NOT_PERMITTED", operation: "lock", path: "/data", cause });
  expect(error.message).toContain("--allow-net");
});

test("a wrapped error names the operation, the path and the reason, and keeps the platform's error as its cause", () => {
  const cause = platformError("EIO");
  const error = fsErrorOf(cause, "append", "/data/a");
  expect(error).toMatchObject({ code: "FS_IO", operation: "append", path: "/data/a", outcome: undefined, cause });
  expect(error.message).toContain("/data/a");
  expect(error.message).toContain("EIO: as the test wanted it");
});

test("what was thrown and is no error is told as it is", () => {
  expect(fsErrorOf("a string", "append", "/data/a").message).toContain("a string");
});
