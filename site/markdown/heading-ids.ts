/** Headings get the ids that code hosts give them, so that a link to one works there and here. */
import type MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";

/** `## What a "put" is` has the id `what-a-put-is`; the second one of the same text gets `-1`, and so on. */
export function headingIds(markdown: MarkdownIt): void {
  markdown.core.ruler.push("heading_ids", ({ tokens }) => {
    const seen = new Map<string, number>();
    for (const [at, token] of tokens.entries()) {
      if (token.type !== "heading_open") continue;
      const id = slug(plainText(tokens[at + 1]));
      const before = seen.get(id) ?? 0;
      seen.set(id, before + 1);
      token.attrSet("id", before === 0 ? id : `${id}-${before}`);
    }
  });
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

/** What a reader sees of inline Markdown: no marks, and no addresses of links. */
function plainText(inline: Token | undefined): string {
  const children = inline?.children ?? [];
  return children
    .map(({ type, content }) => (type === "softbreak" ? " " : type === "html_inline" ? "" : content))
    .join("");
}
