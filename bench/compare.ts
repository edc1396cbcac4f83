/**
 * Hashlog beside other stores, and beside what no store can do without: the same workloads on all of them, in one run, in turns,
 * each in a process of its own.
 *
 *     npm run bench
 *     npm run bench -- --quick --only hashlog,lmdb --results DIRECTORY
 *
 * What is found goes to bench/results: bench.json, bench.md and figures.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { figuresOf } from "./compare/figures.ts";
import { commandOf, type CompareOptions, parseOptions, USAGE } from "./compare/options.ts";
import type { Compared, Comparison } from "./compare/result.ts";
import { runStage, titleOf } from "./compare/stage.ts";
import { goalTable, summaryOf } from "./compare/summary.ts";
import { measureMerging, measureOpening, type MergingResult, type OpeningResult } from "./own/run.ts";
import { thisMachine } from "./soak/machine.ts";

const options = readOptions();
const machine = await thisMachine();
const directory = await mkdtemp(join(tmpdir(), "hashlog-bench-"));
// The processes of the stores end with this one; gigabytes must not stay behind.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(code);
  });
}
try {
  const stores: Compared[] = [];
  const begun = performance.now();
  const say = (line: string): void => console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${line}`);
  for (const [index, stage] of options.stages.entries()) {
    say(`stage ${index + 1} of ${options.stages.length}: ${titleOf(stage)}`);
    stores.push(await runStage(stage, { entrants: options.entrants, directory, seed: options.seed, say }));
  }
  const openings: OpeningResult[] = [];
  const mergings: MergingResult[] = [];
  for (const given of options.own.openings) openings.push(await measureOpening(given, { directory, say }));
  for (const given of options.own.mergings) mergings.push(await measureMerging(given, { directory, say }));
  await tell({ stores, openings, mergings });
} finally {
  await rm(directory, { recursive: true, force: true });
}

function readOptions(): CompareOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(1);
  }
}

async function tell(found: Pick<Comparison, "stores" | "openings" | "mergings">): Promise<void> {
  const comparison: Comparison = {
    machine,
    command: commandOf(process.argv.slice(2)),
    isQuick: options.isQuick,
    entrants: options.entrants.map(({ name, isBare = false, isVariant = false, durabilities }) => ({
      name,
      isBare,
      isPeer: !isBare && !isVariant && name !== "hashlog",
      durabilities,
    })),
    ...found,
  };
  const folder = options.results === undefined ? join(import.meta.dirname, "results") : resolve(options.results);
  await mkdir(folder, { recursive: true });
  const figures = figuresOf(comparison);
  for (const { file, svg } of figures) await writeFile(join(folder, file), svg);
  await writeFile(join(folder, "bench.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  await writeFile(join(folder, "bench.md"), summaryOf(comparison, figures));
  console.log(`\n${goalTable(comparison)}\n\nwritten to ${folder}`);
}
