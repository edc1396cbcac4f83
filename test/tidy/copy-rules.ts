/** What is in several packages, as nothing that they could all lean on is the place for it: docs/decisions/018. */
import { sourcePackage, type Rule } from "./source-file.ts";

/** Files that are copies of one another. */
export const COPIES: readonly (readonly string[])[] = [
  ["packages/keyv/src/lazy-store.ts", "packages/unstorage/src/lazy-store.ts"],
  ["packages/blockstore/src/together.ts", "packages/datastore/src/together.ts"],
];

/** What is mended in one copy is mended in all of them. */
export const copiesAreAlike: Rule = (files) => {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return COPIES.flatMap(([first = "", ...others]) =>
    others
      .filter((path) => (texts.has(first) || texts.has(path)) && texts.get(path) !== texts.get(first))
      .map((path) => `${path}: is to be the same as ${first}, byte for byte`),
  );
};

/** No other source is there twice. */
export const copiesAreKnown: Rule = (files) => {
  const seen = new Map<string, string>();
  return files
    .filter(({ path }) => sourcePackage(path) !== undefined)
    .flatMap(({ path, text }) => {
      const first = seen.get(text) ?? path;
      seen.set(text, first);
      const isKnown = first === path || COPIES.some((copies) => copies.includes(first) && copies.includes(path));
      return isKnown ? [] : [`${path}: is the same as ${first}; which package is the place for it?`];
    });
};
