import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * Says which code was proved, and by which proof: a SHA-256 over the path and the text of every source of the packages, and
 * of every program and every case in `proof/` but tests and what plants bugs, in the order of their paths. 16 hexadecimal
 * digits of it.
 */
export function hashOfSources(root: string): string {
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/src`);
  const paths = filesIn(root, [...packages, "proof"]);
  return hashOf(
    root,
    paths.filter((path) => !NO_CASE_RUNS.test(path)),
  );
}

/** The same of one package alone, and of its tests. */
export function hashOfPackage(root: string, name: string): string {
  return hashOf(root, filesIn(root, [`packages/${name}/src`, `packages/${name}/test`]));
}

const NO_CASE_RUNS = /\.test\.ts$|^proof\/(?:mutants|mutation)\//;

function hashOf(root: string, paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    hash.update(`${path}\n`);
    hash.update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}

function filesIn(root: string, folders: readonly string[]): string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll("\\", "/"))
    .filter((path) => /\.(?:ts|json)$/.test(path) && !path.includes("/node_modules/"))
    .toSorted();
}
