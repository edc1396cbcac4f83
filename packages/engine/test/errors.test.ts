import { inspect } from "node:util";
import { HashlogError } from "@hashlog/engine";
import { expect, test } from "vitest";

test("a field that means nothing for an error is not there, so that it is not printed either", () => {
  const error = new HashlogError("HASHLOG_LOCKED", "it is open", { path: "/a", holder: undefined });
  expect(Object.keys(error).sort()).toEqual(["code", "name", "path"]);
  expect(inspect(error)).not.toContain("undefined");
  expect([error.holder, error.line, error.cause]).toEqual([undefined, undefined, undefined]);
  expect("cause" in error).toBe(false);
});

test("all that is known of an error is there, 0 included", () => {
  const details = {
    ...{ path: "/a", segmentId: 0, offset: 0, expected: 1, actual: null, holder: "me", line: 3, entriesDone: 0 },
    cause: new Error("why"),
  };
  expect(new HashlogError("HASHLOG_CORRUPT", "it is damaged", details)).toMatchObject(details);
});
