import type { Mutant } from "./mutant.ts";
import type { Caught, Verdict } from "./verdict.ts";

/** A mutant, and what became of it. */
export interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

/** Whether the proof is as good as it has to be: what nobody can tell need not be caught. It has to be tried all the same. */
export function isSettled({ mutant, verdict }: Result): boolean {
  if (verdict.caught) return true;
  return verdict.failure === undefined && mutant.equivalent !== undefined;
}

/** One line for whoever waits. */
export function resultLine({ mutant, verdict }: Result): string {
  const { name, properties } = mutant;
  if (!verdict.caught && verdict.failure !== undefined) {
    return `${name.padEnd(NAME_WIDTH)} DOES NOT LOAD: ${verdict.failure.trim()}`;
  }
  if (!verdict.caught) {
    const what = mutant.equivalent === undefined ? "SURVIVED" : "survives, and is equivalent";
    return `${name.padEnd(NAME_WIDTH)} ${what}, ${verdict.cases} cases in ${verdict.seconds.toFixed(1)} s`;
  }
  const { property, part, seconds, cases } = verdict;
  const what = `${property || "a test"} (expected ${properties.join(", ")})`;
  return `${name.padEnd(NAME_WIDTH)} ${what.padEnd(26)} ${part}, case ${cases}, ${seconds.toFixed(1)} s${sizeOf(verdict)}`;
}

const NAME_WIDTH = 60;

function sizeOf({ operations, crashes }: Caught): string {
  return operations === undefined ? "" : `, ${operations} operations, ${crashes} crashes`;
}

/** What all of them come to. */
export interface Totals {
  readonly planted: number;
  readonly caught: number;
  readonly equivalent: number;
  /** Of which nothing was found out. */
  readonly notRun: number;
  /** Of the smallest counterexamples; of tests nothing is counted. */
  readonly medianOperations: number;
  readonly medianCrashes: number;
  readonly medianSeconds: number;
  readonly medianCases: number;
}

export function totalsOf(results: readonly Result[]): Totals {
  const caught = results.flatMap(({ verdict }) => (verdict.caught ? [verdict] : []));
  const inCampaign = caught.filter(({ operations }) => operations !== undefined);
  return {
    planted: results.length,
    caught: caught.length,
    equivalent: results.filter((result) => !result.verdict.caught && isSettled(result)).length,
    notRun: results.filter(({ verdict }) => !verdict.caught && verdict.failure !== undefined).length,
    medianOperations: median(inCampaign.map(({ operations }) => operations!)),
    medianCrashes: median(inCampaign.map(({ crashes }) => crashes!)),
    medianSeconds: median(caught.map(({ seconds }) => seconds)),
    medianCases: median(inCampaign.map(({ cases }) => cases)),
  };
}

/** The middle one; of an even count the mean of the two in the middle; of none 0. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return 0;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** All of it, in words. */
export function describeTotals(totals: Totals): string {
  const { planted, caught, equivalent, notRun, medianOperations, medianCrashes, medianSeconds, medianCases } = totals;
  const ofNoUse = notRun === 0 ? "" : `, ${notRun} not loaded`;
  const rest = (equivalent === 0 ? "" : `, ${equivalent} equivalent`) + ofNoUse;
  return (
    `${planted} planted, ${caught} caught${rest}, ${planted - caught - equivalent - notRun} survived. ` +
    `The median of the smallest counterexamples: ${medianOperations} operations and ${medianCrashes} crashes, ` +
    `found after ${medianCases} cases and ${medianSeconds.toFixed(1)} seconds.`
  );
}

/** The results as a document. */
export function describeResults(results: readonly Result[], sources: string): string {
  const rows = results.map(({ mutant, verdict }) => row(mutant, verdict));
  const equivalent = results.flatMap(({ mutant: { name, equivalent } }) =>
    equivalent === undefined ? [] : [`- \`${name}\`: ${equivalent}`],
  );
  return [
    "# What became of the planted bugs",
    "",
    "Written by `npm run mutants`; [what they are](README.md). Seconds are of the processor for the campaign, and of the",
    "clock for tests: how long it took on some machine, no promise. Operations and crashes are those of the smallest",
    "counterexample.",
    "",
    `${describeTotals(totalsOf(results))} Sources \`${sources}\`.`,
    "",
    "| bug | expected | caught by | in | seconds | cases | operations | crashes |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
    ...(equivalent.length === 0 ? [] : ["", "## Equivalent", "", ...equivalent]),
    "",
  ].join("\n");
}

function row({ name, properties }: Mutant, verdict: Verdict): string {
  const cells = verdict.caught
    ? [verdict.property || "a test", verdict.part, verdict.seconds.toFixed(1), verdict.cases]
    : [verdict.failure === undefined ? "nothing" : "does not load", "", verdict.seconds.toFixed(1), verdict.cases];
  const size = verdict.caught ? [verdict.operations ?? "", verdict.crashes ?? ""] : ["", ""];
  return `| ${[`[${name}](${name}.patch)`, properties.join(", "), ...cells, ...size].join(" | ")} |`;
}
