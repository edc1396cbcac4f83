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
import type { Compared, Comparison } from "./compare/result.ts";
import { runStage } from "./compare/stage.ts";
import { goalSection } from "./compare/summary.ts";
import { measureMerging, measureOpening, type MergingResult, type OpeningResult } from "./own/run.ts";
import { resultsFolder } from "./results-folder.ts";
import { thisMachine } from "./soak/machine.ts";
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
const stores: Compared[] = [];
const openings: OpeningResult[] = [];
const mergings: MergingResult[] = [];

await inTemporaryDirectory("bench", async (directory) => {
  const { entrants, seed } = options;
  for (const [index, stage] of options.stages.entries()) {
    say(`stage ${index + 1} of ${options.stages.length}: ${titleOf(stage)}`);
    stores.push(await runStage(stage, { entrants, directory, seed, say }));
    await writeReport(folder, found());
  }
  for (const given of options.own.openings) {
    openings.push(await measureOpening(given, { directory, say }));
    await writeReport(folder, found());
  }
  for (const given of options.own.mergings) {
    mergings.push(await measureMerging(given, { directory, say }));
    await writeReport(folder, found());
  }
});
console.log(`\n${goalSection(found())}\n\nwritten to ${folder}`);

/** As far as it has come. */
function found(): Comparison {
  return {
    ...{ machine, fileSystem },
    command: commandOf(process.argv.slice(2)),
    isQuick: options.isQuick,
    entrants: options.entrants.map(({ name, version = null, isBare = false, isVariant = false, durabilities }) => ({
      ...{ name, version, isBare, durabilities },
      isPeer: !isBare && !isVariant && name !== "hashlog",
    })),
    ...{ stores, openings, mergings },
  };
}
