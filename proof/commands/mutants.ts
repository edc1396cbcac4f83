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
import { hashOfSources } from "../campaign/source-hash.ts";
import { isNamed, readMutants, type Mutant } from "../mutants/mutant.ts";
import { describeResults, describeTotals, isSettled, resultLine, totalsOf, type Result } from "../mutants/results.ts";
import { abandonTrials, runTrial } from "../mutants/run-mutant.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const USAGE = `usage: npm run mutants -- [options]

  --only NAME,NAME   these alone, by number (m05) or by how their names begin
  --jobs N           so many at a time; default 2
  --seconds N        how much processor time the proof has for each; default 60
  --verbose          prints each counterexample
  --baseline         plants nothing: the proof must have nothing to say`;
const CANARY = "m01-";
const CANARY_SECONDS = 10;

const values = readArguments();

const seconds = positive("seconds", values.seconds);
const jobs = positive("jobs", values.jobs);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    abandonTrials();
    process.exit(1);
  });
}
if (values.help) console.log(USAGE);
else process.exitCode = values.baseline ? await baseline() : await main();

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  console.error(`--${name} is a number above 0, not ${JSON.stringify(text)}\n\n${USAGE}`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        jobs: { type: "string", default: "2" },
        seconds: { type: "string", default: "60" },
        baseline: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function main(): Promise<number> {
  const all = readMutants();
  const names = values.only?.split(",");
  const unknown = names?.find((name) => !all.some((mutant) => isNamed(mutant, name)));
  if (unknown !== undefined) {
    console.error(`there is no mutant ${unknown}\n\n${USAGE}`);
    return 2;
  }
  const wanted = all.filter((mutant) => names === undefined || names.some((name) => isNamed(mutant, name)));
  const canary = all.find(({ name }) => name.startsWith(CANARY))!;
  if (!(await seesCanary(canary))) return 1;
  const results = await inParallel(wanted, jobs);
  console.log(`\n${describeTotals(totalsOf(results))}`);
  if (names === undefined) {
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

async function inParallel(mutants: readonly Mutant[], jobs: number): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const verdict = await runTrial({ patch: mutant.path, tests: mutant.tests, seconds });
      const result = { mutant, verdict };
      results.push(result);
      console.log(resultLine(result));
      if (values.verbose && verdict.caught)
        console.log(`    ${verdict.message}\n    ${JSON.stringify(verdict.counterexample)}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results.toSorted((one, other) => mutants.indexOf(one.mutant) - mutants.indexOf(other.mutant));
}

/** Everything that any mutant is judged by, on the sources as they are. */
async function baseline(): Promise<number> {
  const tests = new Set(readMutants().flatMap((mutant) => mutant.tests));
  const trials = [[], ...[...tests].toSorted().map((test) => [test])];
  let isSound = true;
  for (const tests of trials) {
    const verdict = await runTrial({ patch: undefined, tests, seconds });
    const what = verdict.caught ? `${verdict.property} ${verdict.message}` : "nothing found";
    console.log(
      `${tests.join() || "the campaign"}: ${what}, ${verdict.cases} cases in ${verdict.seconds.toFixed(1)} s`,
    );
    isSound &&= !verdict.caught;
  }
  return isSound ? 0 : 1;
}
