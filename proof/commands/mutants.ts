/**
 * `npm run mutants`: plants bugs in copies of the sources, one in each, and requires the proof to notice every one.
 *
 *     npm run mutants                        all of them, two at a time; writes mutants/RESULTS.md
 *     npm run mutants -- --only m05,m06      those
 *     npm run mutants -- --baseline          no bug: the proof must have nothing to say
 *
 * First comes the canary, a bug so gross that the proof is blind if it does not see it at once.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { inParallel } from "../../scripts/in-parallel.ts";
import { hashOfSources } from "../campaign/source-hash.ts";
import { named, readMutants, type Mutant } from "../mutants/mutant.ts";
import { describeResults, describeTotals, isSettled, resultLine, totalsOf, type Result } from "../mutants/results.ts";
import { abandonTrials, runTrial } from "../mutants/run-mutant.ts";
import { answering, parsed, positive, UsageError, whole } from "./arguments.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const USAGE = `usage: npm run mutants -- [options]

  --only NAME,NAME   these alone, by number (m05) or by how their names begin
  --jobs N           so many at a time; default 2
  --seconds N        how much processor time the proof has for each; default 60
  --verbose          prints each counterexample
  --baseline         plants nothing: the proof must have nothing to say`;
const CANARY = "m01-";
const CANARY_SECONDS = 10;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    abandonTrials();
    process.exit(1);
  });
}
process.exitCode = await answering(USAGE, main);

interface Options {
  /** Which; `undefined`: all. */
  readonly only: readonly Mutant[] | undefined;
  readonly jobs: number;
  /** Of processor time, for each. */
  readonly seconds: number;
  readonly isVerbose: boolean;
}

async function main(): Promise<number> {
  const { values } = parsed(() =>
    parseArgs({
      options: {
        only: { type: "string" },
        jobs: { type: "string", default: "2" },
        seconds: { type: "string", default: "60" },
        baseline: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }),
  );
  const { only, baseline, verbose, help } = values;
  const seconds = positive("seconds", values.seconds)!;
  const jobs = whole("jobs", values.jobs)!;
  if (baseline && only !== undefined) throw new UsageError("--baseline plants nothing: there is nothing to be --only");
  const chosen = only === undefined ? undefined : parsed(() => named(readMutants(), only.split(",")));
  if (!help) return baseline ? judgeBaseline(seconds) : plant({ only: chosen, jobs, seconds, isVerbose: verbose });
  console.log(USAGE);
  return 0;
}

async function plant(options: Options): Promise<number> {
  const all = readMutants();
  const canary = all.find(({ name }) => name.startsWith(CANARY))!;
  if (!(await seesCanary(canary))) return 1;
  const results = await inParallel(options.only ?? all, options.jobs, (mutant) => plantOne(mutant, options));
  console.log(`\n${describeTotals(totalsOf(results))}`);
  if (options.only === undefined) {
    writeFileSync(`${ROOT}mutants/RESULTS.md`, describeResults(results, hashOfSources(ROOT)));
  }
  return results.every(isSettled) ? 0 : 1;
}

async function seesCanary(canary: Mutant): Promise<boolean> {
  const verdict = await runTrial({ patch: canary.path, tests: [], seconds: CANARY_SECONDS });
  console.log(`canary: ${resultLine({ mutant: canary, verdict })}`);
  if (!verdict.caught) console.error("the canary lives: the proof is blind, and what it says of others means nothing");
  return verdict.caught;
}

async function plantOne(mutant: Mutant, { seconds, isVerbose }: Options): Promise<Result> {
  const verdict = await runTrial({ patch: mutant.path, tests: mutant.tests, seconds });
  const result = { mutant, verdict };
  console.log(resultLine(result));
  if (isVerbose && verdict.caught) console.log(`    ${verdict.message}\n    ${JSON.stringify(verdict.counterexample)}`);
  return result;
}

/** Everything that any mutant is judged by, on the sources as they are. */
async function judgeBaseline(seconds: number): Promise<number> {
  const tests = new Set(readMutants().flatMap((mutant) => mutant.tests));
  const trials = [[], ...[...tests].toSorted().map((test) => [test])];
  let isSound = true;
  for (const tests of trials) {
    const verdict = await runTrial({ patch: undefined, tests, seconds });
    const what = verdict.caught ? `${verdict.property} ${verdict.message}` : (verdict.failure ?? "nothing found");
    console.log(
      `${tests.join() || "the campaign"}: ${what}, ${verdict.cases} cases in ${verdict.seconds.toFixed(1)} s`,
    );
    isSound &&= !verdict.caught && verdict.failure === undefined;
  }
  return isSound ? 0 : 1;
}
