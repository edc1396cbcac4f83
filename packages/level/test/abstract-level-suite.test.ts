/** The suite of tests that abstract-level publishes for every implementation of it, unmodified. */
import { createRequire } from "node:module";
import { HashlogLevel, type LevelOptions } from "@hashlog/level";
import { afterAll, describe, expect, test } from "vitest";
import { tapeOnVitest, type Tally } from "./support/tape-on-vitest.ts";
import { newLocation } from "../../../test/support/temporary.ts";

type Suite = (options: { test: unknown; factory: (options?: LevelOptions<string, string>) => HashlogLevel }) => void;

const require = createRequire(import.meta.url);
const suite = require("abstract-level/test") as Suite;
const { version } = require("abstract-level/package.json") as { version: string };

const tally: Tally = { tests: 0, assertions: 0, skipped: 0 };

describe("the suite of abstract-level", () => {
  suite({ test: tapeOnVitest(tally), factory: (options) => new HashlogLevel(newLocation(), options) });

  // Below it, so that a suite which has become shorter, or is not run to its end, does not go unnoticed.
  test("was run as a whole", () => {
    expect(tally).toEqual({ tests: 1_509, assertions: 5_168, skipped: 0 });
  });

  afterAll(() => {
    const { tests, assertions, skipped } = tally;
    console.log(
      `abstract-level ${version}, its own suite: ${assertions} assertions in ${tests} tests, ${skipped} skipped`,
    );
  });
});
