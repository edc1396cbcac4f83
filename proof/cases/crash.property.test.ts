import * as fc from "fast-check";
import { test } from "vitest";
import { crashCase } from "./case.ts";
import { crashCaseOften } from "./crash-case.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";

/**
 * One run of a case yields crashes at many of its steps; each of them leaves a disk that the judge opens. The property
 * is that of a durable prefix: the first k writes and nothing else, k no smaller than what the disk knew to be durable
 * at that step, and no larger than what had been handed to it.
 */
test(
  "after a crash at any point the store holds a prefix of the writes, no shorter than what the disk knew to be durable",
  async () => {
    const plan = { crashes: 8, at: "some steps", crashesAgain: 0, crashesEach: 0 } as const;
    await fc.assert(
      fc.asyncProperty(crashCase, async (given) => {
        await crashCaseOften(given, plan);
      }),
      { numRuns: runs(400) },
    );
  },
  TEST_TIMEOUT_MS,
);

test(
  "after crashes in the middle of recoveries the store still holds what the first crash had to leave",
  async () => {
    const plan = { crashes: 2, at: "some steps", crashesAgain: 2, crashesEach: 2 } as const;
    await fc.assert(
      fc.asyncProperty(crashCase, async (given) => {
        await crashCaseOften(given, plan);
      }),
      { numRuns: runs(140) },
    );
  },
  TEST_TIMEOUT_MS,
);
