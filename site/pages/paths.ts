/** Where a file of the repository is found on the site, and how one page leads to another. */
import { posix } from "node:path";

/** The folders whose documents have shorter addresses than their place in the repository. */
const SHORTER: readonly (readonly [folder: string, address: string])[] = [
  ["docs/guides/", "guides/"],
  ["docs/decisions/", "decisions/"],
  ["site/api/@hashlog/", "api/"],
  ["site/api/", "api/"],
];

/** The page of a document: `packages/engine/README.md` is `packages/engine/index.html`. */
export function documentPage(source: string): string {
  const [folder, address] = SHORTER.find(([prefix]) => source.startsWith(prefix)) ?? ["", ""];
  const rest = source.slice(folder.length).replace(/\.md$/, ".html");
  return `${address}${rest.replace(/(?<=^|\/)README\.html$/, "index.html")}`;
}

/** The page that shows a file which is no document. */
export function sourcePage(source: string): string {
  return `source/${source}.html`;
}

/** The page that lists a folder. */
export function folderPage(folder: string): string {
  return folder === "docs/decisions" ? "decisions/index.html" : posix.join("source", folder, "index.html");
}

/** From page to page, both as paths from the root of the site: it works below whatever address the site lies. */
export function relativeLink(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}
