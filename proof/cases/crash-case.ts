import { SeededRandom } from "@hashlog/fs-io/testing";
import type { CrashCase } from "./case.ts";
import { interestingSteps } from "./interesting-steps.ts";
import { Judge, type Thoroughness } from "./recovery.ts";
import { runCase } from "./run-case.ts";

/** How many crashes to derive of one run, and how much to look at after each. */
export interface CrashPlan extends Thoroughness {
  /** So many at steps chosen by chance; or so many at each step. */
  readonly crashes: number;
  readonly at: "some steps" | "every step";
}

/** Runs the case, crashes it as planned, and judges each crash; resolves to how many crashed disks were judged. */
export async function crashCaseOften(given: CrashCase, plan: CrashPlan): Promise<number> {
  const { disk, history } = await runCase(given);
  const random = new SeededRandom(given.seed);
  const judge = new Judge(given, random);
  const steps = interestingSteps(disk);
  const crashes = plan.at === "every step" ? steps.length * plan.crashes : plan.crashes;
  for (let crash = 0; crash < crashes; crash += 1) {
    const ordinal = plan.at === "every step" ? steps[crash % steps.length]! : steps[random.below(steps.length)]!;
    await judge.crash(disk, ordinal, history.obligation(ordinal), plan);
  }
  return judge.images;
}
