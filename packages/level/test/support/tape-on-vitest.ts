/**
 * Runs tests that are written for tape, each on a harness of tape's own, as tests of vitest: what is asserted, planned,
 * skipped or left open is judged by tape, and told test by test.
 */
import { createRequire } from "node:module";
import { expect, test } from "vitest";

/** A line of what a harness reports: the beginning of a test, an assertion, or its end. */
interface Row {
  readonly type: "test" | "assert" | "end";
  readonly ok?: boolean;
  readonly name?: string;
  readonly operator?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly error?: Error;
  readonly skip?: unknown;
  readonly todo?: unknown;
}

type Harness = ((...args: unknown[]) => void) & {
  createStream(options: { objectMode: true }): NodeJS.ReadableStream;
};

const { createHarness } = createRequire(import.meta.url)("tape") as { readonly createHarness: () => Harness };

/** How many there were so far. */
export interface Tally {
  tests: number;
  assertions: number;
  /** Assertions, and tests, that the suite itself has skipped. */
  skipped: number;
}

/** A function to be handed to a suite as tape's `test`. */
export function tapeOnVitest(tally: Tally): (name: string, ...rest: unknown[]) => void {
  return (name, ...rest) => {
    // oxlint-disable-next-line vitest/valid-title -- it is the suite's
    test(name, async () => {
      const rows = await run(name, rest);
      const assertions = rows.filter(({ type }) => type === "assert");
      tally.tests += 1;
      tally.assertions += assertions.length;
      tally.skipped += rows.filter(({ skip, todo }) => Boolean(skip) || Boolean(todo)).length;
      const failed = assertions.filter(({ ok }) => ok !== true);
      expect(failed.map((row) => ({ ...row, error: row.error?.stack }))).toEqual([]);
    });
  };
}

/** Resolves when the test, and what it has planned, is done. */
function run(name: string, rest: readonly unknown[]): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const harness = createHarness();
    const rows: Row[] = [];
    const stream = harness.createStream({ objectMode: true });
    stream.on("data", (row: Row) => rows.push(row));
    stream.on("error", reject);
    stream.on("end", () => resolve(rows));
    harness(name, ...rest);
  });
}
