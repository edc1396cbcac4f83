/** How the comparison is called. */
import { parseArgs } from "node:util";
import { ENTRANTS, entrant } from "./contenders/all.ts";
import type { Entrant } from "./contender.ts";
import { OWN_QUICK, OWN_WHOLE, type OwnPlan, QUICK, type Stage, WHOLE } from "./plan.ts";
import { workload, type WorkloadName } from "./workloads.ts";

/** What is run. */
export interface CompareOptions {
  readonly isQuick: boolean;
  readonly seed: number;
  readonly entrants: readonly Entrant[];
  readonly stages: readonly Stage[];
  readonly own: OwnPlan;
  /** The folder that the results go to, or `undefined` for the usual one. */
  readonly results: string | undefined;
}

/** Printed where the command line is wrong. */
export const USAGE: string = `npm run bench -- [options]
  --quick      two minutes instead of an hour; says little
  --only       stores, with commas between them: ${ENTRANTS.map(({ name }) => name).join(",")}
  --workloads  the same of workloads: load,getSync,...; loading is always done
  --stages     which stages of the plan, by number from 1: 1,2
  --rounds     how often, instead of what the plan says
  --seed       the same seed, the same operations in the same order (1)
  With --only, --workloads or --stages there is nothing of Hashlog alone: opening, memory, merging.
  --results    the folder for bench.json, bench.md and the figures (bench/results)`;

/** The command that measures the same again. Where results go is nobody else's business. */
export function commandOf(args: readonly string[]): string {
  const told = args.filter((arg, index) => !arg.startsWith("--results") && args[index - 1] !== "--results");
  return told.length === 0 ? "npm run bench" : `npm run bench -- ${told.join(" ")}`;
}

/** @throws Error in words for the user. */
export function parseOptions(args: readonly string[]): CompareOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      workloads: { type: "string" },
      stages: { type: "string" },
      rounds: { type: "string" },
      seed: { type: "string", default: "1" },
      results: { type: "string" },
    },
  });
  const plan = values.quick ? QUICK : WHOLE;
  const entrants = values.only === undefined ? ENTRANTS : values.only.split(",").map(entrant);
  const wanted = values.workloads?.split(",").map((name) => workload(name).name);
  const chosen = values.stages?.split(",").map((number) => whole("stages", number, 1, plan.length) - 1);
  const rounds = values.rounds === undefined ? undefined : whole("rounds", values.rounds, 1, 1000);
  const isPart = [values.only, values.workloads, values.stages].some((value) => value !== undefined);
  const stages = plan
    .filter((_, index) => chosen === undefined || chosen.includes(index))
    .map((stage) => ({ ...stage, rounds: rounds ?? stage.rounds, workloads: among(stage.workloads, wanted) }))
    .filter(({ workloads }) => workloads.some((name) => name !== "load" || wanted?.includes("load") !== false));
  if (stages.length === 0) throw new Error("nothing is left to measure");
  return {
    isQuick: values.quick,
    seed: whole("seed", values.seed, 0, Number.MAX_SAFE_INTEGER),
    entrants,
    stages,
    own: isPart ? { openings: [], mergings: [] } : values.quick ? OWN_QUICK : OWN_WHOLE,
    results: values.results,
  };
}

function among(of: readonly WorkloadName[], wanted: readonly WorkloadName[] | undefined): readonly WorkloadName[] {
  return wanted === undefined ? of : of.filter((name) => name === "load" || wanted.includes(name));
}

function whole(name: string, given: string, least: number, most: number): number {
  const number = Number(given);
  if (given === "" || !Number.isInteger(number) || number < least || number > most) {
    throw new Error(`--${name} ${given} is not an integer from ${least} to ${most}`);
  }
  return number;
}
