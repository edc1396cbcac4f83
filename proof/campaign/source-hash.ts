import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * Says which code was proved, and by which proof: a SHA-256 over the path and the text of every source of the packages, and
 * of every program and every case in `proof/` but tests and what plants bugs, in the order of their paths. 16 hexadecimal
 * digits of it.
 */
export function hashOfSources(root: string): string {
  const hash = createHash("sha256");
  for (const path of filesToHash(root)) {
    hash.update(`${path}\n`);
    hash.update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** No case runs these. */
const LEFT_OUT = /\.test\.ts$|\/node_modules\/|^proof\/(?:mutants|mutation)\//;

function filesToHash(root: string): string[] {
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/src`);
  return [...packages, "proof"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll("\\", "/"))
    .filter((path) => /\.(?:ts|json)$/.test(path) && !LEFT_OUT.test(path))
    .toSorted();
}
