/**
 * A soak: a small and a large store, one after the other, each in a process of its own, under load at full speed for as long
 * as is asked for. What is looked at is whether the space they take, their memory, files and handles stay bounded, and what
 * merges cost those who read and write meanwhile.
 *
 *     npm run soak -- --minutes 30
 *     npm run soak -- --minutes 1 --small-mb 2 --large-mb 64 --results DIRECTORY
 *
 * What is found goes to bench/results: soak.json, soak.md and figures.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromCommandLine } from "./command-line.ts";
import { figuresOf } from "./soak/figures.ts";
import { thisMachine } from "./machine.ts";
import { resultsFolder } from "./results-folder.ts";
import { commandOf, parseOptions, USAGE, type StoreName } from "./soak/options.ts";
import type { ByPhase, Percentiles } from "./soak/phases.ts";
import { spaceAmplification, spaceAmplificationOfAll, type Sample, type SoakResult } from "./soak/result.ts";
import { windowOf } from "./soak/series.ts";
import type { StoreTask } from "./soak/soak-store.ts";
import type { StoreMessage } from "./soak/store-process.ts";
import { summaryOf, verdictTable } from "./soak/summary.ts";
import { mib, ms, rate, times } from "./words.ts";

type StoreResult = SoakResult["stores"][number];

const SAMPLES_LEAST = 60;
const SAMPLE_SECONDS_MOST = 10;

const options = fromCommandLine(USAGE, parseOptions);
const folder = await resultsFolder(options.results).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const directory = await mkdtemp(join(tmpdir(), "hashlog-soak-"));
let running: ChildProcess | undefined;
// The store's process goes first, then its files: gigabytes must not stay behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => running?.kill("SIGKILL"));
try {
  const stores: StoreResult[] = [];
  for (const { name, liveBytes, seconds } of options.stores) {
    const result = await soak({
      name,
      directory: join(directory, name),
      liveBytes,
      seconds,
      sampleSeconds: Math.min(SAMPLE_SECONDS_MOST, seconds / SAMPLES_LEAST),
      seed: options.seed,
      sync: options.sync,
    });
    stores.push(result);
    await rm(join(directory, name), { recursive: true, force: true });
  }
  await tell(stores);
} finally {
  await rm(directory, { recursive: true, force: true });
}

function soak(task: StoreTask): Promise<StoreResult> {
  console.log(`\n${task.name} store: ${mib(task.liveBytes)}, ${Math.round(task.seconds)} s, sync: ${task.sync}`);
  return new Promise((done, failed) => {
    running = fork(join(import.meta.dirname, "soak", "store-process.ts"), [JSON.stringify(task)]);
    let before: Sample | undefined;
    let result: StoreResult | undefined;
    running.on("message", (message: StoreMessage) => {
      if (message.kind === "sample") console.log(lineOf(task.name, before, (before = message.sample)));
      else result = message.result;
    });
    running.on("error", failed);
    running.on("exit", (code, signal) => {
      if (result === undefined || code !== 0) failed(new Error(`the ${task.name} store ended by ${signal ?? code}`));
      else done(result);
    });
  });
}

function lineOf(name: StoreName, before: Sample | undefined, sample: Sample): string {
  const { writesPerSecond, readsPerSecond, writeAmplification } = windowOf(before, sample);
  const { getSync, eventLoop } = sample.times;
  const p99 = ({ count, p99Ms }: Percentiles): string => (count === 0 ? "-" : ms(p99Ms));
  const both = ({ idle, merging }: ByPhase): string => `${p99(idle)} idle, ${p99(merging)} merging`;
  return [
    `${name} ${Math.round(sample.seconds)} s${sample.isWarm ? "" : " (warming up)"}`,
    `live ${mib(sample.liveBytes)}, written ${times(sample.userBytes / sample.liveBytes)} times over`,
    `space ${times(spaceAmplification(sample))} (${times(spaceAmplificationOfAll(sample))} with all files)`,
    `write ${writeAmplification === undefined ? "nothing" : times(writeAmplification)}`,
    `${rate(writesPerSecond)} writes/s, ${rate(readsPerSecond)} reads/s`,
    `getSync p99 ${both(getSync)}`,
    `loop p99 ${both(eventLoop)}`,
    `${sample.files} files, ${sample.processHandles ?? sample.storeHandles} handles, RSS ${mib(sample.rssBytes)}`,
    `${sample.merges.count} merges${sample.isMerging ? " and one running" : ""}`,
  ].join("; ");
}

async function tell(stores: readonly StoreResult[]): Promise<void> {
  const { minutes, seed, sync } = options;
  const result: SoakResult = { machine: await thisMachine(), command: commandOf(options), minutes, seed, sync, stores };
  const figures = figuresOf(result);
  for (const { file, svg } of figures) await writeFile(join(folder, file), svg);
  await writeFile(join(folder, "soak.json"), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(join(folder, "soak.md"), summaryOf(result, figures));
  for (const store of stores) console.log(`\nsync: ${sync}\n${verdictTable(store)}`);
  console.log(`\nwritten to ${folder}`);
}
