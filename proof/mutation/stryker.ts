import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScratchCopy } from "../mutants/scratch-copy.ts";
import type { MutatedPackage } from "./mutated-package.ts";

/** The part of Stryker's report that is read here. Schema: https://github.com/stryker-mutator/mutation-testing-elements */
export interface StrykerReport {
  readonly files: Readonly<Record<string, StrykerFile>>;
}

export interface StrykerFile {
  readonly source: string;
  readonly mutants: readonly StrykerMutant[];
}

export interface StrykerMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status:
    | "Killed"
    | "Timeout"
    | "Survived"
    | "NoCoverage"
    | "RuntimeError"
    | "CompileError"
    | "Ignored"
    | "Pending";
  readonly location: { readonly start: Position; readonly end: Position };
}

/** From 1 on. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

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
  const copy = new ScratchCopy();
  try {
    writeFileSync(join(copy.root, "vitest.mutation.config.ts"), vitestConfig(one));
    writeFileSync(join(copy.root, "leave-tests-out.ts"), leaveTestsOut(one));
    writeFileSync(join(copy.root, "stryker.config.json"), JSON.stringify(strykerConfig(one, options)));
    await runStryker(copy.root, options.onOutput);
    return JSON.parse(readFileSync(join(copy.root, REPORT), "utf8")) as StrykerReport;
  } finally {
    copy.remove();
  }
}

const REPORT = "mutation.json";

function strykerConfig({ name }: MutatedPackage, { jobs, only = "" }: MutationOptions): object {
  const sources = `packages/${name}/src`;
  return {
    testRunner: "vitest",
    // Found from here by name, as packages do not lie in one folder.
    plugins: ["@stryker-mutator/vitest-runner"],
    mutate: [`${sources}/${only}*.ts`, `${sources}/${only}*/**/*.ts`, `!${sources}/testing/**`],
    vitest: { configFile: "vitest.mutation.config.ts", related: false },
    // The copy is there to be changed, and is the one in which packages find each other.
    inPlace: true,
    coverageAnalysis: "perTest",
    concurrency: jobs,
    // Other work on the machine is no endless loop.
    timeoutMS: 30_000,
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: REPORT },
    allowEmpty: false,
  };
}

function vitestConfig({ name, without }: MutatedPackage): string {
  return `
    import { BaseSequencer } from "vitest/node";
    import base from "./vitest.config.ts";
    // Whoever notices quickly is asked first: a mutant that one has noticed costs no more.
    class QuickFirst extends BaseSequencer {
      async sort(files) {
        const isSlow = ({ moduleId }) => /property|contract|crash|damage/.test(moduleId);
        return [...files.filter((file) => !isSlow(file)), ...files.filter(isSlow)];
      }
    }
    const test = {
      ...base.test,
      include: ["packages/${name}/test/**/*.test.ts"],
      exclude: ${JSON.stringify(without.map((file) => `packages/${name}/test/${file}`))},
      setupFiles: [...base.test.setupFiles, "leave-tests-out.ts"],
      sequence: { sequencer: QuickFirst },
    };
    export default { ...base, test };
  `;
}

/** Stryker asks for tests by patterns of its own: what is left out is skipped where it begins. */
function leaveTestsOut({ withoutTests }: MutatedPackage): string {
  return `
    import { beforeEach } from "vitest";
    const names = ${JSON.stringify(withoutTests)};
    const fullName = ({ suite, name }) => (suite === undefined ? name : fullName(suite) + " " + name);
    beforeEach(({ task, skip }) => {
      if (names.some((name) => fullName(task).includes(name))) skip();
    });
  `;
}

function runStryker(cwd: string, onOutput: (text: string) => void): Promise<void> {
  // A property is tried once for each mutant, and so in all thousands of times: fewer cases each will do.
  const env = { ...process.env, HASHLOG_RUNS: "20" };
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
