import { expect, test } from "vitest";
import { OWN_QUICK, QUICK } from "./plan.ts";
import { type Found, type Measurements, runPlan } from "./run-plan.ts";

const PLAN = { stages: QUICK, own: OWN_QUICK };
const HELD = { p99: 1, most: 1 };
const FILLED = { seconds: 1, fileBytes: 1, segments: 1, keydirBytesPerKey: 20, heldMs: HELD, closeSeconds: 1 };
/** What is found tells what was asked for. */
const MEASURE: Measurements = {
  stage: async ({ keys, valueBytes, durability, rounds, seconds }) => {
    return { keys, valueBytes, durability, rounds, secondsEach: seconds, workloads: [], wholes: [] };
  },
  opening: async ({ keys, valueBytes }) => {
    return { keys, valueBytes, filled: FILLED, opened: { checkpoint: [], hints: [], scan: [] } };
  },
  merging: async ({ liveBytes, valueBytes, inWorker }) => ({ liveBytes, valueBytes, inWorker, merged: [] }),
};

/** What is found of the whole plan. */
async function whole(): Promise<Found> {
  return {
    stores: await Promise.all(QUICK.map((stage) => MEASURE.stage(stage))),
    openings: await Promise.all(OWN_QUICK.openings.map((given) => MEASURE.opening(given))),
    mergings: await Promise.all(OWN_QUICK.mergings.map((given) => MEASURE.merging(given))),
  };
}

test("a plan is measured whole, and reported after each of its parts", async () => {
  const reports: Found[] = [];
  const found = await runPlan(PLAN, MEASURE, async (sofar) => void reports.push(sofar));
  const { stores, openings, mergings } = await whole();
  expect(found).toEqual({ stores, openings, mergings });
  expect(reports).toHaveLength(QUICK.length + OWN_QUICK.openings.length + OWN_QUICK.mergings.length);
  expect(reports[0]).toEqual({ stores: [stores[0]], openings: [], mergings: [] });
});

test("a part that fails takes nothing with it that was found before", async () => {
  const reports: Found[] = [];
  const opening = async (): Promise<never> => {
    throw new Error("the disk is full");
  };
  const failing = runPlan(PLAN, { ...MEASURE, opening }, async (sofar) => void reports.push(sofar));
  await expect(failing).rejects.toThrow("the disk is full");
  const { stores } = await whole();
  expect(reports.at(-1)).toEqual({ stores, openings: [], mergings: [] });
});
