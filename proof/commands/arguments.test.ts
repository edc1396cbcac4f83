import { afterEach, describe, expect, test, vi } from "vitest";
import { answering, parsed, positive, UsageError, whole } from "./arguments.ts";

describe("an option that takes a number", () => {
  test("is that number, or undefined where it was not given", () => {
    expect([positive("seconds", "0.5"), whole("jobs", "3")]).toEqual([0.5, 3]);
    expect([positive("seconds", undefined), whole("jobs", undefined)]).toEqual([undefined, undefined]);
  });

  // Half a worker is none, and none find nothing.
  test.each(["", "0", "-1", "0.5", "two", "Infinity", "NaN"])("is refused as the number of something: %j", (text) => {
    expect(() => whole("jobs", text)).toThrow(UsageError);
    expect(() => whole("jobs", text)).toThrow(/^--jobs needs a (whole )?number.*, not "/u);
  });
});

describe("a command that was given wrong arguments", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("says what is wrong and what is right, and ends with 2", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const main = (): number => {
      parsed(() => {
        throw new TypeError("Unknown option '--frobnicate'");
      });
      return 0;
    };
    expect(await answering("usage: this", main)).toBe(2);
    expect(said.mock.calls).toEqual([["Unknown option '--frobnicate'\n\nusage: this"]]);
  });

  test("is told from one that fails, and from one that does not", async () => {
    const failure = new Error("out of order");
    await expect(answering("", () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await answering("", () => 1)).toBe(1);
  });
});
