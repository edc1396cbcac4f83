/** How each runtime is called: the one place that knows its arguments. */
import type { Kind } from "./programs.ts";

/** The longest that a single test may take, where a runner wants to know. */
const TEST_MS_MAX = 240_000;

/** Runs a file of tests by the runtime's own runner. Garbage can be collected on demand: `gc()`, under Bun `Bun.gc()`. */
export function testCall(kind: Kind, program: string, file: string): readonly string[] {
  switch (kind) {
    case "node":
      return [program, "--expose-gc", file];
    case "bun":
      return [program, "test", `--timeout=${TEST_MS_MAX}`, file];
    case "deno":
      // Without its permissions there is no disk. Types are checked elsewhere.
      return [program, "test", "--allow-all", "--no-check", "--v8-flags=--expose-gc", file];
  }
}

/** The version that a runtime says that it is: `v24.21.0`, `1.4.5`, `deno 2.9.6 (stable, ...)`. */
export function versionIn(said: string): string {
  return /\d+\.\d+\.\d+\S*/.exec(said)?.[0] ?? "unknown";
}

/** The environment of a check: where its notes go, and nothing that would change how it is run. */
export function checkEnvironment(notes: string, cache: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  // Deno keeps what it compiles, and would keep it for ever; Bun and Deno look for newer versions of themselves, or phone home.
  const quiet = { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1", NO_COLOR: "1" };
  return { ...env, ...quiet, HASHLOG_RESULTS: notes };
}
