import { expect, test } from "vitest";
import type { CrashCase } from "../cases/case.ts";
import type { Tally } from "./campaign.ts";
import { describeFound } from "./report.ts";

const FOUND: CrashCase = { sync: "never", segments: 0, operations: [["put", 0, 3], ["await"]] };
const SMALL: CrashCase = { sync: "always", segments: 0, operations: [["put", 0, 0]] };

function tallyOf(counterexamples: Tally["counterexamples"], broken: readonly string[] = []): Tally {
  const nothing = { seconds: 1, cpuSeconds: 1, workers: 1, parts: new Map(), marksHit: new Set<string>(), marks: 0 };
  return { ...nothing, counterexamples, broken };
}

test("what was found is told as it was, and as small as it could be made, each with how to replay it", () => {
  const found = { case: FOUND, property: "P1", message: "P1 Durable prefix: lost" };
  const small = { case: SMALL, property: "P1", message: "P1 Durable prefix: nothing" };
  expect(describeFound(tallyOf([{ part: "fresh seeds", found, small }]))).toBe(
    [
      "",
      "FOUND in fresh seeds: P1 Durable prefix: lost",
      `to be told what happens: npm run proof:replay -- '${JSON.stringify(FOUND)}'`,
      "",
      "as small as it could be made: P1 Durable prefix: nothing",
      `to be told what happens: npm run proof:replay -- '${JSON.stringify(SMALL)}'`,
    ].join("\n"),
  );
  const other = { ...small, property: "P14", message: "P14 Forward progress: stuck" };
  expect(describeFound(tallyOf([{ part: "fresh seeds", found, small: other }], ["worker 1 ended"]))).toContain(
    "as small as it could be made, and it breaks another property: P14 Forward progress: stuck\n",
  );
});

test("where nothing was found a worker that broke is told of, and where none did nothing", () => {
  expect(describeFound(tallyOf([], ["worker 1 ended"]))).toBe("BROKEN: worker 1 ended");
  expect(describeFound(tallyOf([]))).toBeUndefined();
});
