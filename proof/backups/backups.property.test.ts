import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { powerCuts, schedules, writeSteps } from "../world/write-steps.ts";
import { runBackups, type BackupCase, type BackupStep } from "./run-backups.ts";

const step: fc.Arbitrary<BackupStep> = fc.oneof(...writeSteps(4, 4), {
  weight: 3,
  arbitrary: fc.tuple(fc.constant("backup" as const), fc.nat({ max: 1 })),
});

const cases: fc.Arbitrary<BackupCase> = fc.record({
  sync: fc.constantFrom("always", "never"),
  segments: fc.nat({ max: 2 }),
  steps: fc.array(step, { minLength: 3, maxLength: 25 }),
  schedule: schedules,
  crashes: powerCuts(8),
});

/**
 * A store that is written to, merged, and backed up into two directories again and again, at every interleaving that a
 * schedule of the file system's calls can bring about, and a power cut at any moment.
 */
test(
  "a backup holds a prefix of the log, whenever it was made, and whenever the power went",
  async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        await runBackups(given);
        done += 1;
      }),
      { numRuns: runs(300) },
    );
    expect(done).toBeGreaterThan(0);
  },
  TEST_TIMEOUT_MS,
);
