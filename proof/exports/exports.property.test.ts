import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { powerCuts, schedules, writeSteps } from "../world/write-steps.ts";
import { runExports, type ExportCase, type ExportStep } from "./run-exports.ts";

const step: fc.Arbitrary<ExportStep> = fc.oneof(...writeSteps(6, 3), {
  weight: 3,
  arbitrary: fc.tuple(fc.constant("export" as const)),
});

const cases: fc.Arbitrary<ExportCase> = fc.record({
  sync: fc.constantFrom("always", "never"),
  segments: fc.nat({ max: 2 }),
  limits: fc.constantFrom("usual", "small"),
  steps: fc.array(step, { minLength: 3, maxLength: 25 }),
  schedule: schedules,
  ifExists: fc.constantFrom("overwrite", "skip", "fail"),
  pieceBytes: fc.integer({ min: 1, max: 200 }),
  crashes: powerCuts(5),
});

/**
 * A store that is written to, merged and exported again and again, at every interleaving that a schedule of the file system's calls
 * can bring about; and what was exported last is imported, with a power cut at any moment.
 */
test(
  "an export holds the store as of its call, and an import that is cut off the first so many of its entries",
  async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        await runExports(given);
        done += 1;
      }),
      { numRuns: runs(200) },
    );
    expect(done).toBeGreaterThan(0);
  },
  TEST_TIMEOUT_MS,
);
