/** The files of the repository, as the site needs them: by path from the root, with `/`. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT } from "../../scripts/setup.mjs";
import { readRepository } from "../../test/tidy/source-file.ts";

/** What is asked of the repository. Tests make one up. */
export interface Repository {
  /** Every file that is kept, sorted. */
  readonly paths: readonly string[];
  read(path: string): string;
}

/** The repository that this file lies in. */
export function ownRepository(): Repository {
  const texts = new Map(readRepository(ROOT).map(({ path, text }) => [path, text]));
  return {
    paths: [...texts.keys()].toSorted(),
    read: (path) => texts.get(path) ?? readFileSync(join(ROOT, path), "utf8"),
  };
}

/** The files right inside of a folder. */
export function filesIn(repository: Repository, folder: string): string[] {
  return repository.paths.filter((path) => posix.dirname(path) === folder);
}

/** The folders right inside of a folder. */
export function foldersIn(repository: Repository, folder: string): string[] {
  const prefix = folder === "." ? "" : `${folder}/`;
  const below = repository.paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const names = below.filter((path) => path.includes("/")).map((path) => path.slice(0, path.indexOf("/")));
  return [...new Set(names)].map((name) => `${prefix}${name}`);
}

export function isFolder(repository: Repository, path: string): boolean {
  return path === "." || repository.paths.some((file) => file.startsWith(`${path}/`));
}
