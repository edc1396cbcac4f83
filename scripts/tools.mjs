/** How each tool is called: the one place that knows where its program lies and which arguments it needs here. */
import { join } from "node:path";
import { run } from "./run.mjs";
import { environment, NODE, pnpm, ROOT } from "./setup.mjs";

/** What runs leave behind and nobody keeps. Ignored by git. */
export const CACHE = join(ROOT, ".cache");
/** The examples in JavaScript, as tsconfig.examples.json says. */
export const COMPILED_EXAMPLES = join(CACHE, "examples");
export const COVERAGE = join(ROOT, "coverage");

/** The program that goes through a release of what is built, without publishing it. */
export const RELEASE_REHEARSAL = "scripts/release/main.ts";

/** @param {string} path Inside node_modules. */
const program = (path) => [NODE, join(ROOT, "node_modules", path)];

export const tools = {
  formatCheck: [...program("oxfmt/bin/oxfmt"), "--check"],
  format: program("oxfmt/bin/oxfmt"),
  lint: [...program("oxlint/bin/oxlint"), "--deny-warnings"],
  // turbo builds through pnpm and changesets publishes through it, so they have to find one.
  build: pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only"),
  types: [...program("typescript/bin/tsc"), "-p", "tsconfig.tests.json"],
  compileExamples: [...program("typescript/bin/tsc"), "-p", "tsconfig.examples.json"],
  // Apart: what runs in a browser has other types, and the site's libraries bring them along.
  typesOfSite: [...program("typescript/bin/tsc"), "-p", "site"],
  unit: [...program("vitest/vitest.mjs"), "run"],
  watch: [...program("vitest/vitest.mjs"), "watch"],
  changeset: pnpm("exec", "changeset"),
};

/**
 * The command that runs a TypeScript module on the sources of the packages, so that nothing need be built first.
 * @param {string} path From the root.
 */
export function script(path) {
  return [NODE, "--conditions=@hashlog/source", join(ROOT, path)];
}

/**
 * Runs a command in the root, on the workspace's Node.
 * @param {readonly string[]} command
 * @param {{ keepOutput?: boolean }} [options]
 */
export function runTool(command, options) {
  return run(command, { cwd: ROOT, env: environment(), ...options });
}
