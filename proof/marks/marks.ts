import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A mark names a road of recovery, a way to fail, or one that is seldom gone, in the source and right where it is gone:
 *
 *     if (witness >= missing) {
 *       // mark: recovery/testified-corruption-refused
 *       throw corrupt(...);
 *     }
 *
 * It is a comment, so what is shipped holds no hook, and it stands above the first statement of its branch. A proof that
 * never takes a road says nothing of it, and one that stops taking it, because something else changed, would go on
 * passing: so the marks that were passed are gathered while it runs, and each of them has to be.
 *
 * Marked is where a store can come to on a machine that crashes, fails, fills up or rots, or beside another process. What
 * only an error in the program leads to is not. The tidy test demands that marks are well-formed and unique.
 */
export interface Mark {
  /** `area/what-happens`, in kebab-case; unique over all packages. */
  readonly name: string;
  /** The file, from the root of the repository, with `/`. */
  readonly path: string;
  /** Where the comment is, from 1. */
  readonly line: number;
  /** Where the marked statement begins in the file, in UTF-16 code units, as V8 counts. */
  readonly offset: number;
}

const MARK = /^ *\/\/ mark: (\S+)$/gm;
const BLANKS_AND_COMMENTS = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;

/** Every mark in the packages' sources, by file and line. `root` is the folder of the repository. */
export function readMarks(root: string): Mark[] {
  return sourceFiles(root).flatMap((path) => marksOf(path, readFileSync(join(root, path), "utf8")));
}

/** The marks of one file. */
export function marksOf(path: string, text: string): Mark[] {
  return [...text.matchAll(MARK)].map((match) => {
    BLANKS_AND_COMMENTS.lastIndex = match.index;
    const offset = match.index + BLANKS_AND_COMMENTS.exec(text)![0].length;
    return { name: match[1]!, path, line: text.slice(0, match.index).split("\n").length, offset };
  });
}

function sourceFiles(root: string): string[] {
  return readdirSync(join(root, "packages"))
    .map((name) => `packages/${name}/src`)
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => `${folder}/${file.replaceAll("\\", "/")}`),
    )
    .toSorted();
}

/** The folder of this repository. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
