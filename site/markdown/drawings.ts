/**
 * Drawings stand in the page itself, so that they follow its colours and a screen reader finds their words. What they bring
 * along to look right by themselves, on a code host, is left out: the style sheet has the same classes.
 */
import { posix } from "node:path";
import type MarkdownIt from "markdown-it";
import { sourceOf } from "./links.ts";

/** Where the drawings are. */
export const DRAWINGS = "docs/guides/drawings/";

/** To be used before links are rewritten: it goes by the file that an image names. */
export function drawings(markdown: MarkdownIt, read: (path: string) => string): void {
  markdown.core.ruler.push("drawings", (state) => {
    const source = sourceOf(state.env);
    for (const inline of state.tokens) {
      for (const token of inline.children ?? []) {
        const path = posix.join(posix.dirname(source), token.attrGet("src") ?? "");
        if (token.type !== "image" || !path.startsWith(DRAWINGS)) continue;
        token.type = "html_inline";
        token.content = inPage(read(path), posix.basename(path, ".svg"));
      }
    }
  });
}

/** The drawing as a part of a page: ids are unique in it, by the drawing's name. */
export function inPage(svg: string, name: string): string {
  const bare = svg
    .replace(/<\?xml[^>]*>/, "")
    .replaceAll(/<!--.*?-->/gs, "")
    .replace(/<style>.*?<\/style>/s, "")
    .replaceAll(/\b(id=")([^"]+)"/g, `$1${name}-$2"`)
    .replaceAll(/\b(aria-labelledby=")([^"]+)"/g, (_, key: string, ids: string) => {
      return `${key}${ids
        .split(" ")
        .map((id) => `${name}-${id}`)
        .join(" ")}"`;
    })
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${name}-$1)`)
    .replaceAll(/\s*\n\s*/g, "\n")
    .trim();
  return `<span class="figure" tabindex="0">${bare}</span>`;
}
