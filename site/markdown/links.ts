/** Links of documents lead to files of the repository. Here they are made to lead to the pages of those files. */
import { posix } from "node:path";
import type MarkdownIt from "markdown-it";
import { relativeLink } from "../pages/paths.ts";

/** Knows which file has which page. */
export interface LinkTargets {
  /** The page of a file or folder of the repository, or the place of an image. `undefined`: there is none. */
  pageOf(path: string): string | undefined;
  /** The page that the document `source` becomes. */
  documentPage(source: string): string;
}

/** A link that stays inside of the repository. */
export interface RepositoryLink {
  /** From the root. */
  readonly path: string;
  /** With its `#`, or empty. */
  readonly anchor: string;
}

/** `undefined` for a link that leaves the repository, and for one to a heading of the same document. */
export function repositoryLink(source: string, href: string): RepositoryLink | undefined {
  if (/^(?:[a-z][a-z+.-]*:|#|\/\/)/i.test(href)) return undefined;
  const [path = "", anchor] = decodeURI(href).split("#");
  const resolved = path.startsWith("/") ? path.slice(1) : posix.join(posix.dirname(source), path);
  return { path: resolved.replace(/\/$/, ""), anchor: anchor === undefined ? "" : `#${anchor}` };
}

/** Rewrites links and images. `env.page.inputPath` says which document it is: that is what Eleventy hands over. */
export function repositoryLinks(markdown: MarkdownIt, targets: LinkTargets): void {
  markdown.core.ruler.push("repository_links", ({ tokens, env }) => {
    const source = sourceOf(env);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const name = token.type === "link_open" ? "href" : token.type === "image" ? "src" : undefined;
      const href = name === undefined ? null : token.attrGet(name);
      if (name !== undefined && href !== null) token.attrSet(name, rewritten(source, href, targets));
    }
  });
}

function rewritten(source: string, href: string, targets: LinkTargets): string {
  const link = repositoryLink(source, href);
  if (link === undefined) return href;
  const page = targets.pageOf(link.path);
  if (page === undefined) throw new Error(`${source}: the link to ${href} leads nowhere`);
  return encodeURI(relativeLink(targets.documentPage(source), page)) + link.anchor;
}

/** The document that is being rendered, from the root of the repository. */
export function sourceOf(env: unknown): string {
  return (env as { page: { inputPath: string } }).page.inputPath.replace(/^\.\//, "");
}
