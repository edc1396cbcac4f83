import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Says which code was proved, and by which proof: a SHA-256 over the path and the text of every source of the packages and
 * of every program and every case in `proof/`, in the order of their paths. 16 hexadecimal digits of it.
 */
export function hashOfSources(root: string): string {
  return hashOf(root, [...readdirSync(join(root, "packages")).map((name) => `packages/${name}/src`), "proof"]);
}

/** The same of one package alone, and of its tests. */
export function hashOfPackage(root: string, name: string): string {
  return hashOf(root, [`packages/${name}/src`, `packages/${name}/test`]);
}

function hashOf(root: string, folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of filesToHash(root, folders)) {
    hash.update(`${path}\n`);
    hash.update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}

function filesToHash(root: string, folders: readonly string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => /\.(?:ts|json)$/.test(entry.name) && !entry.parentPath.includes("node_modules"))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/")),
  );
  return files.map((path) => path.replace(/^\//, "")).toSorted();
}
