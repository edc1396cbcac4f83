import * as fc from "fast-check";
import { test } from "vitest";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { faultCase } from "./fault-case.ts";
import { runFaultCase } from "./run-fault-case.ts";

test(
  "a store that failures befall in any combination keeps its promises, also through crashes before, between and after them",
  async () => {
    await fc.assert(
      fc.asyncProperty(faultCase, async (given) => void (await runFaultCase(given, 4))),
      { numRuns: runs(200) },
    );
  },
  TEST_TIMEOUT_MS,
);
