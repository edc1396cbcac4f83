/** The commands behind `npm run NAME`. Each takes the arguments that follow `--` and resolves to an exit code. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runAllChecks } from "./checks.mjs";
import { exampleModule, exampleNames, workspaceFolders } from "./layout.mjs";
import { ROOT, setup } from "./setup.mjs";
import { CACHE, COVERAGE, RELEASE_REHEARSAL, runTool, script, tools } from "./tools.mjs";

/** @typedef {(args: readonly string[]) => Promise<number>} Command */

/** @type {Record<string, Command>} */
export const commands = {
  setup: async () => {
    await setup();
    console.log("everything that the workspace needs is installed");
    return 0;
  },
  start: (args) => inTurn([...script(exampleModule("001-quickstart")), ...args]),
  test: async () => {
    await setup();
    return runAllChecks();
  },
  build: (args) => inTurn([...tools.build, ...args]),
  types: () => inTurn(tools.build, tools.types, tools.typesOfSite),
  lint: (args) => inTurn([...tools.lint, ...args]),
  format: (args) => inTurn([...tools.format, ...args]),
  "format:check": (args) => inTurn([...tools.formatCheck, ...args]),
  unit: (args) => inTurn([...tools.unit, ...args]),
  watch: (args) => inTurn([...tools.watch, ...args]),
  coverage: (args) => inTurn([...tools.unit, "--coverage", ...args]),
  examples: runExamples,
  bench: (args) => inTurn([...script("bench/compare.ts"), ...args]),
  "bench:open": (args) => inTurn([...script("bench/open-roads.ts"), ...args]),
  "bench:merging": (args) => inTurn([...script("bench/merging.ts"), ...args]),
  "bench:order": (args) => inTurn([...script("bench/order.ts"), ...args]),
  "bench:scale": (args) => inTurn([...script("bench/scale.ts"), ...args]),
  "bench:ranges": (args) => inTurn([...script("bench/ranges.ts"), ...args]),
  "bench:upkeep": (args) => inTurn([...script("bench/upkeep.ts"), ...args]),
  "bench:tracing": (args) => inTurn([...script("bench/tracing.ts"), ...args]),
  soak: (args) => inTurn([...script("bench/soak.ts"), ...args]),
  runtimes: (args) => inTurn(tools.build, [...script("runtimes/runtimes.ts"), ...args]),
  proof: (args) => inTurn([...script("proof/commands/proof.ts"), ...args]),
  "proof:replay": (args) => inTurn([...script("proof/commands/replay.ts"), ...args]),
  mutation: (args) => inTurn([...script("proof/commands/mutation.ts"), ...args]),
  mutants: (args) => inTurn([...script("proof/commands/mutants.ts"), ...args]),
  site: (args) => inTurn([...script("site/build/main.ts"), ...args]),
  changeset: (args) => inTurn([...tools.changeset, ...args]),
  "release:dry": (args) => inTurn(tools.build, [...script(RELEASE_REHEARSAL), ...args]),
  clean,
};

/**
 * Runs all examples, or those whose names begin so: `-- 003 010`.
 * @type {Command}
 */
async function runExamples(args) {
  const all = exampleNames();
  const unknown = args.find((arg) => !all.some((name) => name.startsWith(arg)));
  if (unknown !== undefined) {
    console.error(`There is no example "${unknown}". There are: ${all.join(", ")}.`);
    return 2;
  }
  const chosen = args.length === 0 ? all : all.filter((name) => args.some((arg) => name.startsWith(arg)));
  return inTurn(...chosen.map((name) => script(exampleModule(name))));
}

/**
 * Sets up and runs one command after the other, as far as the first that fails.
 * @param {...readonly string[]} steps
 */
async function inTurn(...steps) {
  await setup();
  for (const step of steps) {
    const { code } = await runTool(step);
    if (code !== 0) return code;
  }
  return 0;
}

/**
 * Removes what was built; with `--all` also what was installed. Needs no setup.
 * @type {Command}
 */
async function clean(args) {
  const folders = workspaceFolders();
  const built = folders.flatMap((folder) => [`${folder}/dist`, `${folder}/.turbo`]);
  const installed = ["", ...folders, "runtimes/programs"].map((folder) => join(folder, "node_modules"));
  const targets = [...built, ".turbo", "tarballs", "node_modules/.cache", ...(args.includes("--all") ? installed : [])];
  for (const target of [CACHE, COVERAGE, ...targets.map((path) => join(ROOT, path))]) {
    await rm(target, { recursive: true, force: true });
  }
  return 0;
}
