/** What the tidy rules look at: tracked files as plain data, and TypeScript modules taken apart. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, type ParseResult } from "oxc-parser";

/** A file of the repository: its path from the root, with `/`, and what it holds. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A rule says what is wrong, each complaint beginning with the path and, where there is one, the line. */
export type Rule = (files: readonly SourceFile[]) => string[];

const NOT_TEXT = /\.(?:bin|segment|hint|checkpoint|manifest|cpuprofile|heapprofile|tsbuildinfo)$/;

/** Every file below `root` that git would track, read as text. */
export function readRepository(root: string): SourceFile[] {
  const ignored = ignoredNames(readFileSync(join(root, ".gitignore"), "utf8"));
  return filesBelow(root, "", ignored).map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The names in .gitignore that are plain: `dist/`, `package-lock.json`. Patterns are left to `NOT_TEXT`. */
function ignoredNames(gitignore: string): Set<string> {
  const lines = gitignore.split("\n").map((line) => line.trim().replace(/\/$/, ""));
  return new Set([".git", ...lines.filter((line) => line !== "" && !line.includes("*"))]);
}

function filesBelow(root: string, folder: string, ignored: ReadonlySet<string>): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !ignored.has(entry.name) && !NOT_TEXT.test(entry.name))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesBelow(root, path, ignored);
      return entry.isFile() ? [path] : [];
    });
}

export function isModule(path: string): boolean {
  return /\.(ts|mts|mjs|js)$/.test(path);
}

/** The name of the package whose published source this file belongs to, or `undefined`. */
export function sourcePackage(path: string): string | undefined {
  return isModule(path) ? /^packages\/([^/]+)\/src\//.exec(path)?.[1] : undefined;
}

/** @throws Error for a file that does not parse: nothing could be said of it. */
export function parse(file: SourceFile): ParseResult {
  const result = parseSync(file.path, file.text);
  const [error] = result.errors;
  if (error !== undefined) throw new Error(`${file.path} does not parse: ${error.message}`);
  return result;
}

/** The text with every comment blanked out, so that offsets and lines stay. */
export function withoutComments(file: SourceFile): string {
  let text = file.text;
  for (const { start, end } of parse(file).comments) {
    text = text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, " ") + text.slice(end);
  }
  return text;
}

/** `path:line: message` for the place at `offset` of the file. */
export function complaint(file: SourceFile, offset: number, message: string): string {
  return `${file.path}:${lineAt(file.text, offset)}: ${message}`;
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** One complaint for each match of `pattern`, which has the flag `g`, in `text`. */
export function complainAboutMatches(file: SourceFile, text: string, pattern: RegExp, message: string): string[] {
  return [...text.matchAll(pattern)].map((match) => complaint(file, match.index, `${match[0].trim()}: ${message}`));
}
