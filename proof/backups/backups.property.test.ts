import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { powerCuts, schedules, writeSteps } from "../world/write-steps.ts";
import { runBackups, type BackupCase, type BackupStep } from "./run-backups.ts";

const step: fc.Arbitrary<BackupStep> = fc.oneof(
  ...writeSteps(4, 4),
  { weight: 3, arbitrary: fc.tuple(fc.constant("await" as const)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("backup" as const), fc.nat({ max: 1 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("kill" as const), fc.nat({ max: 30 })) },
);

const cases: fc.Arbitrary<BackupCase> = fc.record({
  sync: fc.constantFrom("always", "never"),
  segments: fc.nat({ max: 2 }),
  steps: fc.array(step, { minLength: 3, maxLength: 25, size: "max" }),
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
    let later = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        later += await runBackups(given);
        done += 1;
      }),
      { numRuns: runs(300) },
    );
    expect(done).toBeGreaterThan(0);
    // What is replayed may be one case alone.
    if (done > 100) expect(later).toBeGreaterThan(done / 4);
  },
  TEST_TIMEOUT_MS,
);

/**
 * The active segment was ended just after a sealing had looked for the last time for what had ended, and stayed out. The
 * moment is a microtask long.
 */
test("a backup holds what was acknowledged when it was asked for, also where a segment is being sealed already", async () => {
  for (let turns = 0; turns < 30; turns += 1) {
    const steps: readonly BackupStep[] = [
      ["backup", 0],
      ["await"],
      ["put", 3, 300],
      ["put", 3, 247],
      ["await"],
      ["put", 2, 20],
      ["await"],
      ["backup", 0],
      ["turns", turns],
      ["put", 3, 165],
      ["put", 2, 16],
      ["backup", 1],
    ];
    expect(await runBackups({ sync: "never", segments: 1, steps, schedule: [], crashes: [[500, 1]] })).toBe(1);
  }
});

const AN_EARLIER_BACKUP: readonly BackupStep[] = [
  ...([["put", 0, 300], ["put", 1, 300], ["backup", 0], ["await"]] as const),
  ...([["put", 0, 300], ["put", 1, 300], ["compact"], ["await"]] as const),
];

/**
 * A process that is killed leaves names that a power cut still takes: of a directory that it made, of a manifest that it
 * replaced. Whoever goes on there sees them.
 */
test.each<[string, readonly BackupStep[]]>([
  ["a first backup", []],
  ["a later backup", AN_EARLIER_BACKUP],
])(
  "where a process is killed at any step of %s, the next one is made, or leaves the earlier one, whenever the power goes",
  async (_, before) => {
    const crashes = Array.from({ length: 82 }, (_, index): [number, number] => [(index % 41) * 25, index]);
    for (let killed = 0; killed < 30; killed += 1) {
      const steps: readonly BackupStep[] = [
        ...before,
        ...([["put", 2, 150], ["await"], ["backup", 0], ["kill", killed]] as const),
        ...([["backup", 0], ["await"]] as const),
      ];
      await runBackups({ sync: "always", segments: 0, steps, schedule: [], crashes });
    }
  },
);
