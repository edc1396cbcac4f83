/** How the comparison is called. */
import { parseArgs } from "node:util";
import { wholeNumber } from "../command-line.ts";
import { ENTRANTS, entrant } from "./contenders/all.ts";
import type { Entrant } from "./contender.ts";
import { FEW, OWN_QUICK, OWN_WHOLE, type OwnPlan, QUICK, type Stage, titleOf, WHOLE } from "./plan.ts";
import { WORKLOADS, workload, type WorkloadName } from "./workloads.ts";

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

const INDENT = " ".repeat(15);
const LINE_LENGTH_MOST = 100;

/** Printed by `--help`, and where the command line is wrong. */
export const USAGE: string = `npm run bench -- [options]
  --quick      two minutes instead of an hour; says little
  --only       stores, with commas between them:
${listed(ENTRANTS.map(({ name }) => name))}
  --workloads  the same of workloads; loading is always done:
${listed(WORKLOADS.map(({ name }) => name))}
  --stages     the same of stages, by number:
${stagesOf(WHOLE)}
               with --quick:
${stagesOf(QUICK)}
  --rounds     how often, instead of what the plan says
  --seed       the same seed, the same operations in the same order (1)
  --results    the folder for bench.json, bench.md and the figures (bench/results)
  --help       this
  With --only, --workloads or --stages there is nothing of Hashlog alone: opening, memory, merging.`;

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
  const chosen = values.stages?.split(",").map((number) => wholeNumber("stages", number, 1, plan.length) - 1);
  const rounds = values.rounds === undefined ? undefined : wholeNumber("rounds", values.rounds, 1, 1000);
  const isPart = [values.only, values.workloads, values.stages].some((value) => value !== undefined);
  const stages = plan
    .filter((_, index) => chosen === undefined || chosen.includes(index))
    .map((stage) => ({ ...stage, rounds: rounds ?? stage.rounds, workloads: among(stage.workloads, wanted) }))
    .filter(({ workloads }) => workloads.some((name) => name !== "load" || wanted?.includes("load") !== false));
  if (stages.length === 0) throw new Error("nothing is left to measure");
  return {
    isQuick: values.quick,
    seed: wholeNumber("seed", values.seed, 0),
    entrants,
    stages,
    own: isPart ? { openings: [], mergings: [] } : values.quick ? OWN_QUICK : OWN_WHOLE,
    results: values.results,
  };
}

function among(of: readonly WorkloadName[], wanted: readonly WorkloadName[] | undefined): readonly WorkloadName[] {
  return wanted === undefined ? of : of.filter((name) => name === "load" || wanted.includes(name));
}

/** With commas between them, as they can be given, in lines that are not too long. */
function listed(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const longer = lines.length === 0 ? name : `${lines.at(-1)},${name}`;
    if (lines.length > 0 && longer.length <= LINE_LENGTH_MOST - INDENT.length) lines[lines.length - 1] = longer;
    else lines.push(name);
  }
  return lines.map((line, index) => `${INDENT}${line}${index < lines.length - 1 ? "," : ""}`).join("\n");
}

function stagesOf(plan: readonly Stage[]): string {
  const what = ({ workloads }: Stage): string =>
    workloads.length > FEW.length ? "all workloads" : workloads.join(", ");
  return plan.map((stage, index) => `${INDENT}${index + 1}  ${titleOf(stage)}: ${what(stage)}`).join("\n");
}
