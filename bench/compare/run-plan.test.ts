import { expect, test } from "vitest";
import { OWN_QUICK, QUICK } from "./plan.ts";
import { type Found, type Measurements, runPlan } from "./run-plan.ts";

const PLAN = { stages: QUICK, own: OWN_QUICK };
/** What is found is what was asked for. */
const MEASURE = {
  stage: async (stage: unknown) => stage,
  opening: async (given: unknown) => given,
  merging: async (given: unknown) => given,
} as unknown as Measurements;

test("a plan is measured whole, and reported after each of its parts", async () => {
  const reports: Found[] = [];
  const found = await runPlan(PLAN, MEASURE, async (sofar) => void reports.push(sofar));
  expect(found).toEqual({ stores: QUICK, ...OWN_QUICK });
  expect(reports).toHaveLength(QUICK.length + OWN_QUICK.openings.length + OWN_QUICK.mergings.length);
  expect(reports[0]).toEqual({ stores: [QUICK[0]], openings: [], mergings: [] });
});

test("a part that fails takes nothing with it that was found before", async () => {
  const reports: Found[] = [];
  const opening = async (): Promise<never> => {
    throw new Error("the disk is full");
  };
  const failing = runPlan(PLAN, { ...MEASURE, opening }, async (sofar) => void reports.push(sofar));
  await expect(failing).rejects.toThrow("the disk is full");
  expect(reports.at(-1)).toEqual({ stores: QUICK, openings: [], mergings: [] });
});
