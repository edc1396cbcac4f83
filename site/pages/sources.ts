/**
 * Documents link to the code. So that they do on the site as well, offline and whatever becomes of a code host, the files that
 * somebody links to are pages, too; and of a folder its list, with all files in it.
 */
import { posix } from "node:path";
import { escapeHtml, highlightedLines } from "../markdown/code.ts";
import { documentPage, folderPage, relativeLink, sourcePage } from "./paths.ts";
import { filesIn, foldersIn, type Repository } from "./repository.ts";
import { titleOf } from "./titles.ts";

/** What is shown of the code. */
export interface LinkedSources {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** From what is linked to: the files, and those of the folders. */
export function linkedSources(repository: Repository, linked: Iterable<string>): LinkedSources {
  const all = new Set(repository.paths);
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const path of linked) {
    if (all.has(path)) files.add(path);
    else folders.add(path);
  }
  for (const folder of folders) for (const file of filesIn(repository, folder)) files.add(file);
  const shown = [...files].filter((path) => !isDocument(path) && !isImage(path));
  return { files: shown.toSorted(), folders: [...folders].toSorted() };
}

export function isDocument(path: string): boolean {
  return path.endsWith(".md");
}

export function isImage(path: string): boolean {
  return /\.(?:svg|png)$/.test(path);
}

/** The file, line by line, each with a number that can be linked to. */
export function sourceFileHtml(path: string, text: string): string {
  const lines = highlightedLines(text, posix.extname(path).slice(1));
  const numbered = lines.map((line, at) => `<span class="line" id="L${at + 1}">${line}\n</span>`);
  return `<h1 class="path">${escapeHtml(path)}</h1>\n<pre class="source" tabindex="0"><code>${numbered.join("")}</code></pre>`;
}

/** What is in the folder. Documents are called by their titles. */
export function folderHtml(repository: Repository, folder: string, shown: ReadonlySet<string>): string {
  const page = folderPage(folder);
  const item = (target: string, name: string): string =>
    `<li><a href="${encodeURI(relativeLink(page, target))}">${escapeHtml(name)}</a></li>`;
  const folders = foldersIn(repository, folder)
    .filter((path) => shown.has(path))
    .map((path) => item(folderPage(path), `${posix.basename(path)}/`));
  const files = filesIn(repository, folder).flatMap((path) => {
    const name = posix.basename(path);
    if (isDocument(path)) return [item(documentPage(path), titleOf(repository.read(path), name))];
    return isImage(path) ? [] : [item(sourcePage(path), name)];
  });
  return `<h1 class="path">${escapeHtml(folder)}</h1>\n<ul class="files">\n${[...folders, ...files].join("\n")}\n</ul>`;
}
