import type { CompareOptions } from "./options.ts";
import type { OwnPlan, Stage } from "./plan.ts";
import type { Comparison } from "./result.ts";

/** What was measured so far. */
export type Found = Pick<Comparison, "stores" | "openings" | "mergings">;

/** How each part of a plan is measured. */
export interface Measurements {
  stage(stage: Stage): Promise<Found["stores"][number]>;
  opening(given: OwnPlan["openings"][number]): Promise<Found["openings"][number]>;
  merging(given: OwnPlan["mergings"][number]): Promise<Found["mergings"][number]>;
}

/** Measures one after the other, and reports after each: a part that fails late must not take with it what an hour has found. */
export async function runPlan(
  { stages, own }: Pick<CompareOptions, "stages" | "own">,
  measure: Measurements,
  report: (found: Found) => Promise<void>,
): Promise<Found> {
  let found: Found = { stores: [], openings: [], mergings: [] };
  const add = async (more: Partial<Found>): Promise<void> => {
    found = { ...found, ...more };
    await report(found);
  };
  for (const stage of stages) await add({ stores: [...found.stores, await measure.stage(stage)] });
  for (const given of own.openings) await add({ openings: [...found.openings, await measure.opening(given)] });
  for (const given of own.mergings) await add({ mergings: [...found.mergings, await measure.merging(given)] });
  return found;
}
