import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ScratchCopy } from "./scratch-copy.ts";
import type { Verdict } from "./verdict.ts";

/** What is to be proved, and of what. */
export interface Trial {
  /** The patch to apply first; `undefined`: the sources as they are. */
  readonly patch: string | undefined;
  /** Tests to run; empty: the campaign. */
  readonly tests: readonly string[];
  /** The campaign stops after so many seconds of processor time; tests are stopped after as many of the clock. */
  readonly seconds: number;
}

/** The shrinker's time, and some for a machine that does other things as well. */
const PATIENCE = 5;
const SHRINKING_SECONDS = 60;

/** What is under way, to be given up when the runner is told to end. */
const underWay = new Set<() => void>();

/** Ends every process that was started here, and removes every copy. */
export function abandonTrials(): void {
  // Latest first: a process before the copy that it works in.
  for (const abandon of [...underWay].toReversed()) abandon();
}

/** Runs the proof in a copy of its own. Where it does not run at all, that is the verdict. */
export async function runTrial({ patch, tests, seconds }: Trial): Promise<Verdict> {
  const begun = performance.now();
  const copy = new ScratchCopy();
  const abandon = (): void => copy.remove();
  underWay.add(abandon);
  try {
    if (patch !== undefined) copy.apply(patch);
    return tests.length === 0 ? await runCampaign(copy, seconds) : await runTests(copy, tests, seconds);
  } catch (error) {
    const took = (performance.now() - begun) / 1000;
    return { caught: false, seconds: took, cases: 0, failure: (error as Error).message };
  } finally {
    underWay.delete(abandon);
    copy.remove();
  }
}

async function runCampaign(copy: ScratchCopy, seconds: number): Promise<Verdict> {
  const file = join(copy.root, "verdict.json");
  const judge = join(copy.root, "proof/mutants/judge.ts");
  const command = ["--conditions=@hashlog/source", "--stack-trace-limit=0", judge, file, String(seconds)];
  const { output, isStopped } = await run(copy, command, seconds * PATIENCE + SHRINKING_SECONDS);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Verdict;
  if (isStopped) return { caught: true, part: "", property: "P14", seconds, cases: 1, message: "never ended" };
  throw new Error(`the proof did not run: ${output}`);
}

interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

async function runTests(copy: ScratchCopy, tests: readonly string[], seconds: number): Promise<Verdict> {
  const begun = performance.now();
  const file = join(copy.root, "tests.json");
  const vitest = join(copy.root, "node_modules/vitest/vitest.mjs");
  const flags = ["run", "--bail=1", "--maxWorkers=1", "--reporter=json", `--outputFile=${file}`, ...tests];
  const { output, isStopped } = await run(copy, [vitest, ...flags], seconds * PATIENCE);
  const took = (performance.now() - begun) / 1000;
  if (isStopped)
    return { caught: true, part: tests.join(), property: "", seconds: took, cases: 1, message: "never ended" };
  if (!existsSync(file)) throw new Error(`the tests did not run: ${output}`);
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as TestReport;
  const ran = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== "pending");
  if (testResults.length === 0) throw new Error(`there are no such tests: ${tests.join()}\n${output}`);
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed === undefined) continue;
    const message = failed.failureMessages.join("\n");
    return {
      caught: true,
      part: relative(copy.root, name),
      property: /\bP\d+(?= [A-Z])/.exec(message)?.[0] ?? "",
      seconds: took,
      cases: ran.length,
      message: `${failed.fullName}: ${message.split("\n")[0]}`,
    };
  }
  const broken = testResults.find(({ status }) => status === "failed");
  if (broken !== undefined) throw new Error(`${broken.name} did not run: ${broken.message}`);
  return { caught: false, seconds: took, cases: ran.length };
}

function run(
  { root }: ScratchCopy,
  args: readonly string[],
  seconds: number,
): Promise<{ readonly output: string; readonly isStopped: boolean }> {
  // That a test fails is all that is asked of it, and to make its counterexample smaller can take minutes.
  const env = { ...process.env, HASHLOG_SHRINK: "0" };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-10_000);
    });
  }
  // A group of its own: tests have processes of theirs.
  const stop = (): void => void process.kill(-child.pid!, "SIGKILL");
  underWay.add(stop);
  let isStopped = false;
  const timer = setTimeout(() => {
    isStopped = true;
    stop();
  }, seconds * 1000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      underWay.delete(stop);
      resolve({ output, isStopped });
    });
  });
}
