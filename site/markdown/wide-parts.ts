/** What may be wider than a page scrolls inside of itself: tables and code. So that a keyboard can scroll it, it has a place in the tab order. */
import type MarkdownIt from "markdown-it";
import { escapeHtml, highlight } from "./code.ts";

export function wideParts(markdown: MarkdownIt): void {
  const { rules } = markdown.renderer;
  rules.table_open = () => `<div class="table" tabindex="0"><table>\n`;
  rules.table_close = () => `</table></div>\n`;
  rules.fence = (tokens, at) => {
    const { info, content } = tokens[at] ?? { info: "", content: "" };
    const language = info.trim().split(/\s/)[0] ?? "";
    return `<pre tabindex="0" data-language="${escapeHtml(language)}"><code>${highlight(content, language)}</code></pre>\n`;
  };
  rules.code_block = (tokens, at) => `<pre tabindex="0"><code>${escapeHtml(tokens[at]?.content ?? "")}</code></pre>\n`;
}
