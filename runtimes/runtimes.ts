/**
 * `npm run runtimes`: the built packages on each of the runtimes that they support, and what came of it as a matrix.
 *
 *     npm run runtimes                    all of them; the first time they are installed
 *     npm run runtimes -- node-22 bun     these
 *     npm run runtimes -- here            the Node that npm runs on
 *
 * Ends with 0 if everything passed, 1 if not, and 2 for arguments that it does not understand.
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { inParallel } from "../scripts/in-parallel.ts";
import { run } from "../scripts/run.mjs";
import { seconds, SetupError, setupPrograms } from "../scripts/setup.mjs";
import { versionIn } from "./calls.ts";
import { HERE, readOptions, USAGE } from "./options.ts";
import { kindOf, programNames, programOf } from "./programs.ts";
import { makeProject } from "./project.ts";
import { CHECKS, runCheck } from "./run-check.ts";
import { matrix, type Row } from "./table.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let names: readonly string[] | "help";
  try {
    names = readOptions(args, programNames());
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (names === "help") {
    console.log(USAGE);
    return 0;
  }
  try {
    await prepare(names);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return 1;
  }
  return runAll(names);
}

/** Installs the runtimes that have to be. */
async function prepare(names: readonly string[]): Promise<void> {
  if (names.every((name) => name === HERE)) return;
  await setupPrograms(() => programNames().find((name) => programOf(name) === undefined));
}

async function runAll(names: readonly string[]): Promise<number> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "hashlog-runtimes-")));
  try {
    console.log("packing the packages as they would be published");
    const project = await makeProject(folder);
    const rows = await inParallel(names, availableParallelism(), (name) => runOn(name, project));
    console.log(`\n${matrix(CHECKS, rows)}`);
    return rows.every(({ outcomes }) => outcomes.every(({ failed }) => failed === 0)) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function runOn(name: string, project: string): Promise<Row> {
  const started = Date.now();
  const program = programOf(name);
  if (program === undefined) throw new SetupError(`${name} is not installed`);
  const { output } = await run([program, "--version"], { keepOutput: true });
  const title = `${kindOf(name)} ${versionIn(output)}`;
  const outcomes = [];
  for (const check of CHECKS) {
    const outcome = await runCheck(check, kindOf(name), program, { project, name });
    console.log(`${title}, ${check}: ${outcome.failed === 0 ? "ok" : "FAILED"}`);
    outcomes.push(outcome);
  }
  return { title, outcomes, took: seconds(started) };
}
