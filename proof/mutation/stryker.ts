import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
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
  /** Of a source all mutants were tried. */
  readonly onSource: (done: MutatedSource) => void;
}

export interface MutatedSource {
  /** From the root. */
  readonly path: string;
  readonly report: StrykerReport;
  /** So many of so many sources are done. */
  readonly done: number;
  readonly total: number;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const STRYKER = join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js");

/**
 * Mutates the package's sources in copies of the repository, runs its tests for each mutant, and resolves to what became of each.
 * One source after the other: whatever can be mutated asks at every step which mutant is on, and where all sources did so at once,
 * tests took ten times as long, and endless loops with them.
 * @throws Error where Stryker ends otherwise than well: where the tests fail as it is, for one
 */
export async function mutate(one: MutatedPackage, options: MutationOptions): Promise<StrykerReport> {
  const waiting = sourcesOf(one, options.only);
  const total = waiting.length;
  const reports: StrykerReport[] = [];
  const work = async (): Promise<void> => {
    const copy = new ScratchCopy();
    try {
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        const report = await mutateSource(copy, one, path);
        reports.push(report);
        options.onSource({ path, report, done: reports.length, total });
      }
    } catch (error) {
      waiting.length = 0;
      throw error;
    } finally {
      copy.remove();
    }
  };
  const worked = await Promise.allSettled(Array.from({ length: Math.min(options.jobs, total) }, work));
  for (const end of worked) if (end.status === "rejected") throw end.reason;
  return { files: Object.fromEntries(reports.flatMap(({ files }) => Object.entries(files))) };
}

/** What is mutated, as paths from the root, the largest first, as that one takes longest. */
export function sourcesOf({ name }: MutatedPackage, only = ""): string[] {
  const folder = `packages/${name}/src`;
  const bytes = (path: string): number => statSync(join(ROOT, path)).size;
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith("testing/") && path.startsWith(only))
    .map((path) => `${folder}/${path}`)
    .toSorted((a, b) => bytes(b) - bytes(a));
}

async function mutateSource({ root }: ScratchCopy, one: MutatedPackage, path: string): Promise<StrykerReport> {
  const run = async (pass: PassSettings): Promise<StrykerReport> => {
    writeSettings(root, one, pass);
    rmSync(join(root, REPORT), { force: true });
    await runStryker(root);
    return JSON.parse(readFileSync(join(root, REPORT), "utf8")) as StrykerReport;
  };
  const first = await run({ mutate: [path], asksAllTests: false });
  const ranges = rangesOfSecondPass(first);
  return ranges.length === 0 ? first : afterBothPasses(first, await run({ mutate: ranges, asksAllTests: true }));
}

function runStryker(cwd: string): Promise<void> {
  // A property is tried once for each mutant, and so in all thousands of times: fewer cases each will do, and the same ones always.
  const env = { ...process.env, HASHLOG_RUNS: "20", HASHLOG_SEED: "1", HASHLOG_SHRINK: "0" };
  const child = spawn(process.execPath, [STRYKER, "run"], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
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
