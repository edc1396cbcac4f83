import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkEnvironment, testCall } from "./calls.ts";
import type { Kind } from "./programs.ts";
import { outcomeOf, type End, type Outcome } from "./results.ts";

/** The files of checks, each of which is a column of the matrix and a process of its own. */
export const CHECKS: readonly string[] = ["contracts", "store", "runtime", "crashes", "kills", "lock", "loading"];

/** Many times what the slowest takes. */
const CHECK_MS_MAX = 600_000;

export interface Place {
  /** The project in which the checks lie (project.ts). */
  readonly project: string;
  /** Names its files apart from those of other runtimes. */
  readonly name: string;
}

/** Runs one file of checks on one runtime. */
export async function runCheck(check: string, kind: Kind, program: string, place: Place): Promise<Outcome> {
  const { project, name } = place;
  const notes = join(project, `${name}.${check}.notes`);
  const file = join(project, "checks", `${check}.check.mjs`);
  const env = checkEnvironment(notes, join(project, "deno"));
  const end = await runToItsEnd(testCall(kind, program, file), project, env);
  return outcomeOf(await readFile(notes, "utf8").catch(() => ""), end);
}

function runToItsEnd([program = "", ...args]: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let tookTooLong = false;
    const timer = setTimeout(() => {
      tookTooLong = true;
      child.kill("SIGKILL");
    }, CHECK_MS_MAX);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, tookTooLong, output });
    });
  });
}
