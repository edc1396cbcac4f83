import { SeededRandom } from "@hashlog/fs-io/testing";
import * as fc from "fast-check";
import { test } from "vitest";
import { crashCase, type CrashCase } from "./case.ts";
import { Judge, type Thoroughness } from "./recovery.ts";
import { runCase } from "./run-case.ts";
import { runs, TEST_TIMEOUT_MS } from "./runs.ts";

/**
 * One run of a case yields crashes at many of its steps; each of them leaves a disk that the judge opens. The property
 * is that of a durable prefix: the first k writes and nothing else, k no smaller than what the disk knew to be durable
 * at that step, and no larger than what had been handed to it.
 */
async function crashOften(given: CrashCase, crashes: number, how: Thoroughness): Promise<void> {
  const { disk, history } = await runCase(given);
  const random = new SeededRandom(given.seed);
  const judge = new Judge(given, random);
  const steps = interestingSteps(disk);
  for (let crash = 0; crash < crashes; crash += 1) {
    const ordinal = steps[random.below(steps.length)]!;
    await judge.crash(disk, ordinal, history.obligation(ordinal), how);
  }
}

// Of the reserve file's many pages a few are enough.
function interestingSteps(disk: Awaited<ReturnType<typeof runCase>>["disk"]): number[] {
  const { operations } = disk.recording;
  const isDull = (ordinal: number): boolean => {
    const operation = operations[ordinal - 1];
    return operation?.kind === "append" && operation.path.endsWith(".reserve") && operation.offset % 65_536 !== 0;
  };
  return Array.from({ length: disk.position + 1 }, (_, ordinal) => ordinal).filter((ordinal) => !isDull(ordinal));
}

test(
  "after a crash at any point the store holds a prefix of the writes, no shorter than what the disk knew to be durable",
  async () => {
    await fc.assert(
      fc.asyncProperty(crashCase, (given) => crashOften(given, 8, { crashesAgain: 0, crashesEach: 0 })),
      { numRuns: runs(300) },
    );
  },
  TEST_TIMEOUT_MS,
);

test(
  "after crashes in the middle of recoveries the store still holds what the first crash had to leave",
  async () => {
    await fc.assert(
      fc.asyncProperty(crashCase, (given) => crashOften(given, 2, { crashesAgain: 2, crashesEach: 2 })),
      { numRuns: runs(100) },
    );
  },
  TEST_TIMEOUT_MS,
);
