import { expect, test } from "vitest";
import { runCase } from "../cases/run-case.ts";
import { interestingSteps } from "./interesting-steps.ts";

test("what is left out between two steps are appends to caches, and nothing is synced there", async () => {
  const { disk } = await runCase({
    sync: "always",
    segments: 0,
    fresh: true,
    keydir: "real",
    operations: [["put", 0, 1], ["checkpoint"], ["await"], ["compact"]],
  });
  const steps = interestingSteps(disk);
  expect(steps[0]).toBe(0);
  expect(steps.at(-1)).toBe(disk.position);
  const { operations } = disk.recording;
  let leftOut = 0;
  for (const [index, step] of steps.slice(1).entries()) {
    const since = operations.slice(steps[index], step);
    leftOut += since.length - 1;
    if (since.length > 1) expect(new Set(since.map(({ kind }) => kind))).toEqual(new Set(["append"]));
    for (const operation of since.slice(0, -1)) {
      expect("path" in operation && operation.path).toMatch(/\.(reserve|checkpoint)$/);
    }
  }
  expect(leftOut).toBeGreaterThan(20);
});
