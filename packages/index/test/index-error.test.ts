import { describe, expect, test } from "vitest";
import { IndexError } from "@hashlog/index";
import { allocateWords, ifThereIsMemory } from "../src/allocate.ts";

describe("an IndexError", () => {
  test("has a code, a message and a cause, and is an Error", () => {
    const cause = new Error("why");
    const error = new IndexError("INDEX_FULL", "no room", { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.cause]).toEqual([
      "IndexError",
      "INDEX_FULL",
      "no room",
      cause,
    ]);
  });

  test("is told by its brand, also across copies of the package", () => {
    expect(IndexError.is(new IndexError("INDEX_CLOSED", "closed"))).toBe(true);
    expect(IndexError.is({ [Symbol.for("@hashlog/index/IndexError")]: true })).toBe(true);
    for (const other of [new Error("INDEX_CLOSED"), { code: "INDEX_CLOSED" }, undefined, null, "INDEX_CLOSED", 7]) {
      expect(IndexError.is(other)).toBe(false);
    }
  });

  test("says INDEX_FULL, with the reason, when the machine has no memory", () => {
    const message = `no memory for ${2 ** 52} more bytes of the keydir`;
    const refusal = expect.objectContaining({ code: "INDEX_FULL", message, cause: expect.any(RangeError) });
    expect(() => allocateWords(2 ** 50)).toThrow(refusal);
  });

  test("is the only failure that counts as having no memory", () => {
    expect(ifThereIsMemory(() => 7)).toBe(7);
    expect(ifThereIsMemory(() => allocateWords(2 ** 50))).toBe(undefined);
    const faults = [
      new TypeError("a fault in the code"),
      new IndexError("INDEX_CLOSED", "closed"),
      Object.assign(new Error("of another kind"), { code: "INDEX_FULL" }),
    ];
    for (const fault of faults) {
      const failing = (): never => {
        throw fault;
      };
      expect(() => ifThereIsMemory(failing)).toThrow(fault);
    }
  });
});
