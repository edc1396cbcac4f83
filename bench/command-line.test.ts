import { afterEach, describe, expect, test, vi } from "vitest";
import { fromCommandLine, wholeNumber } from "./command-line.ts";

const USAGE = "npm run something -- [options]";

/** What is printed, and the code that the program ends with, where it ends. */
function called(...args: readonly string[]): { told: string[]; complained: string[]; code: number | undefined } {
  const found = { told: [] as string[], complained: [] as string[], code: undefined as number | undefined };
  vi.spyOn(process, "argv", "get").mockReturnValue(["node", "program", ...args]);
  vi.spyOn(console, "log").mockImplementation((line: string) => void found.told.push(line));
  vi.spyOn(console, "error").mockImplementation((line: string) => void found.complained.push(line));
  vi.spyOn(process, "exit").mockImplementation((code) => {
    found.code = Number(code);
    throw new Error("ended");
  });
  const parse = (given: readonly string[]): void => void wholeNumber("keys", given[1]!, 10);
  try {
    fromCommandLine(USAGE, parse);
  } catch {
    // It has ended.
  }
  return found;
}

afterEach(() => vi.restoreAllMocks());

describe("a program", () => {
  test.each(["--help", "-h"])("tells how it is called, and that nothing went wrong, by %s", (help) => {
    expect(called("--keys", "1", help)).toEqual({ told: [USAGE], complained: [], code: 0 });
  });

  test("tells what is wrong, how it is called, and that it went wrong", () => {
    expect(called("--keys", "9")).toEqual({
      told: [],
      complained: [`--keys 9 is not an integer from 10\n${USAGE}`],
      code: 1,
    });
  });

  test("goes on where nothing is wrong", () => {
    expect(called("--keys", "10")).toEqual({ told: [], complained: [], code: undefined });
  });
});

test.each(["", " ", "many", "1.5", "0", "1001", "1e99"])("%j is not taken for an integer from 1 to 1000", (given) => {
  expect(() => wholeNumber("rounds", given, 1, 1000)).toThrow(`--rounds ${given} is not an integer from 1 to 1000`);
});
