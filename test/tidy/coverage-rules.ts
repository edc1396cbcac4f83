/** What is written in the sources about coverage: the marks that the proof gathers, and what vitest shall not count. */
import { complaint, parse, sourcePackage, type Rule, type SourceFile } from "./source-file.ts";

/** A line that is a mark and nothing else: `// mark: recovery/torn-tail-dropped`. */
export const MARK_LINE: RegExp = /^ *\/\/ mark: ([a-z]+(?:-[a-z]+)*\/[a-z]+(?:-[a-z]+)*)$/;
const LOOKS_LIKE_A_MARK = /^\W*mark\b\W*:/i;
const MARK_MESSAGE = "a mark is a line `// mark: area/what-happens` of its own, right above a statement";

/** A mark that is misspelt, or stands above nothing, would never be missed. */
export const marksAreWellFormed: Rule = (files) =>
  files
    .filter(({ path }) => sourcePackage(path) !== undefined)
    .flatMap((file) =>
      parse(file)
        .comments.filter(({ value }) => LOOKS_LIKE_A_MARK.test(value))
        .filter(({ start, end }) => !MARK_LINE.test(lineAround(file.text, start)) || !standsAboveCode(file, end))
        .map(({ start }) => complaint(file, start, MARK_MESSAGE)),
    );

/** One name, one place: or else one place would be taken for covered when the other was. */
export const marksAreUnique: Rule = (files) => {
  const seen = new Map<string, string>();
  return files
    .filter(({ path }) => sourcePackage(path) !== undefined)
    .flatMap((file) =>
      file.text.split("\n").flatMap((line, index) => {
        const name = MARK_LINE.exec(line)?.[1];
        if (name === undefined) return [];
        const place = `${file.path}:${index + 1}`;
        const first = seen.get(name);
        seen.set(name, first ?? place);
        return first === undefined ? [] : [`${place}: ${name} is marked at ${first} already`];
      }),
    );
};

/** What is taken out of the coverage says why, behind two dashes: `v8 ignore next -- only a program error leads here`. */
export const ignoredCoverageHasAReason: Rule = (files) =>
  files
    .filter(({ path }) => sourcePackage(path) !== undefined)
    .flatMap((file) =>
      parse(file)
        .comments.filter(({ value }) => /\b(?:v8|c8|istanbul|node:coverage)\s+(?:ignore|disable)/.test(value))
        .filter(({ value }) => !/\s(?:ignore next|ignore start|ignore if|ignore else) -- \S+ \S+/.test(value))
        .map(({ start }) => complaint(file, start, "what is ignored needs a reason: `ignore next -- the reason`")),
    );

function lineAround(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(text.lastIndexOf("\n", offset) + 1, end < 0 ? text.length : end);
}

/** Whether, comments aside, more code follows before the block ends. */
function standsAboveCode(file: SourceFile, from: number): boolean {
  let at = from;
  for (const { start, end } of parse(file).comments) {
    if (start >= at && file.text.slice(at, start).trim() === "") at = end;
  }
  return /^\s*[^\s})\]]/.test(file.text.slice(at));
}
