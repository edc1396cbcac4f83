/** The one reader of Markdown: documents, guides and the API reference look alike. */
import MarkdownIt from "markdown-it";
import { drawings } from "./drawings.ts";
import { headingIds } from "./heading-ids.ts";
import { repositoryLink, repositoryLinks, type LinkTargets, type RepositoryLink } from "./links.ts";
import { wideParts } from "./wide-parts.ts";

/** @param read Reads a file of the repository: the drawings. */
export function siteMarkdown(targets: LinkTargets, read: (path: string) => string): MarkdownIt {
  return new MarkdownIt({ html: true })
    .use(headingIds)
    .use(drawings, read)
    .use(repositoryLinks, targets)
    .use(wideParts);
}

/** What a document links to inside of the repository, images included. */
export function linksOf(source: string, text: string): RepositoryLink[] {
  const tokens = new MarkdownIt({ html: true }).parse(text, {}).flatMap(({ children }) => children ?? []);
  return tokens.flatMap((token) => {
    const href = token.attrGet("href") ?? token.attrGet("src");
    const link = href === null ? undefined : repositoryLink(source, href);
    return link === undefined ? [] : [link];
  });
}
