/** What lies where in this repository. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

/** The names of the published packages' folders in `packages/`. */
export function packageNames() {
  return foldersIn("packages").filter((name) => existsSync(join(ROOT, "packages", name, "package.json")));
}

/** Every folder with a package of its own, as a path from the root. */
export function workspaceFolders() {
  const examples = exampleNames().map((name) => `examples/${name}`);
  return [...packageNames().map((name) => `packages/${name}`), ...examples, "bench", "proof", "runtimes", "site"];
}

/** The names of the examples' folders, in the order in which they are numbered. */
export function exampleNames() {
  return foldersIn("examples").filter((name) => existsSync(join(ROOT, exampleModule(name))));
}

/** @param {string} name Of an example. */
export function exampleModule(name) {
  return `examples/${name}/main.ts`;
}

/** Every source file of every package, as a path from the root. */
export function sourceFiles() {
  return packageNames().flatMap((name) => filesBelow(`packages/${name}/src`));
}

/** @param {string} folder */
function foldersIn(folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
