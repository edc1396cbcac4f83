import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScratchCopy } from "../mutants/scratch-copy.ts";
import type { MutatedPackage } from "./mutated-package.ts";
import { afterBothPasses, rangesOfSecondPass } from "./passes.ts";
import type { StrykerReport } from "./stryker-report.ts";
import { REPORT, writeSettings, type PassSettings } from "./stryker-settings.ts";

export interface MutationOptions {
  /** So many processes. */
  readonly jobs: number;
  /** Only sources of which the path in `src/` begins so. */
  readonly only?: string | undefined;
  readonly onOutput: (text: string) => void;
}

const STRYKER = fileURLToPath(new URL("../../node_modules/@stryker-mutator/core/bin/stryker.js", import.meta.url));

/**
 * Mutates the package's sources in a copy of the repository, runs its tests for each mutant, and resolves to what became of each.
 * @throws Error where Stryker ends otherwise than well: where the tests fail as it is, for one
 */
export async function mutate(one: MutatedPackage, options: MutationOptions): Promise<StrykerReport> {
  const { jobs, only = "" } = options;
  const sources = `packages/${one.name}/src`;
  const named = only === "" ? [] : [`${sources}/${only}`];
  const files = [...named, `${sources}/${only}*.ts`, `${sources}/${only}*/**/*.ts`, `!${sources}/testing/**`];
  const copy = new ScratchCopy();
  const run = async (pass: PassSettings): Promise<StrykerReport> => {
    writeSettings(copy.root, one, pass);
    await runStryker(copy.root, options.onOutput);
    return JSON.parse(readFileSync(join(copy.root, REPORT), "utf8")) as StrykerReport;
  };
  try {
    const first = await run({ mutate: files, asksAllTests: false, jobs });
    const ranges = rangesOfSecondPass(first);
    if (ranges.length === 0) return first;
    options.onOutput(`second pass: ${ranges.length} places that are reached outside of tests\n`);
    return afterBothPasses(first, await run({ mutate: ranges, asksAllTests: true, jobs }));
  } finally {
    copy.remove();
  }
}

function runStryker(cwd: string, onOutput: (text: string) => void): Promise<void> {
  // A property is tried once for each mutant, and so in all thousands of times: fewer cases each will do, and the same ones always.
  const env = { ...process.env, HASHLOG_RUNS: "20", HASHLOG_SEED: "1", HASHLOG_SHRINK: "0" };
  const child = spawn(process.execPath, [STRYKER, "run"], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
      onOutput(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`Stryker ended with ${signal ?? `code ${code}`}\n${said}`));
    });
  });
}
