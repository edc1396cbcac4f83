/**
 * Hashlog beside other stores, and beside what no store can do without: the same workloads on all of them, in one run, in turns,
 * each in a process of its own.
 *
 *     npm run bench
 *     npm run bench -- --quick --only hashlog,lmdb --results DIRECTORY
 *
 * What is found goes to bench/results after each stage: bench.json, bench.md and figures.
 */
import { tmpdir } from "node:os";
import { fromCommandLine } from "./command-line.ts";
import { fileSystemOf } from "./compare/file-system-name.ts";
import { commandOf, parseOptions, USAGE } from "./compare/options.ts";
import { titleOf } from "./compare/plan.ts";
import { writeReport } from "./compare/report.ts";
import type { Comparison } from "./compare/result.ts";
import { type Found, type Measurements, runPlan } from "./compare/run-plan.ts";
import { runStage } from "./compare/stage.ts";
import { goalSection } from "./compare/summary.ts";
import { measureMerging, measureOpening } from "./own/run.ts";
import { resultsFolder } from "./results-folder.ts";
import { thisMachine } from "./machine.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const options = fromCommandLine(USAGE, parseOptions);
const folder = await resultsFolder(options.results).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const machine = await thisMachine();
const fileSystem = await fileSystemOf(tmpdir());
const begun = performance.now();
const say = (line: string): void => console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${line}`);
const found = await inTemporaryDirectory("bench", (directory) => {
  const { entrants, seed } = options;
  const measure: Measurements = {
    stage: (stage) => {
      say(`stage ${options.stages.indexOf(stage) + 1} of ${options.stages.length}: ${titleOf(stage)}`);
      return runStage(stage, { entrants, directory, seed, say });
    },
    opening: (given) => measureOpening(given, { directory, say }),
    merging: (given) => measureMerging(given, { directory, say }),
  };
  return runPlan(options, measure, (soFar) => writeReport(folder, comparisonOf(soFar)));
});
console.log(`\n${goalSection(comparisonOf(found))}\n\nwritten to ${folder}`);

function comparisonOf(measured: Found): Comparison {
  return {
    ...{ machine, fileSystem },
    command: commandOf(process.argv.slice(2)),
    isQuick: options.isQuick,
    entrants: options.entrants.map(({ name, version = null, isBare = false, isVariant = false, durabilities }) => ({
      ...{ name, version, isBare, durabilities },
      isPeer: !isBare && !isVariant && name !== "hashlog",
    })),
    ...measured,
  };
}
