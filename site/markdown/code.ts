/** Code in colours: by classes, so that the style sheet says which, for light and for dark. */
import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import typescript from "highlight.js/lib/languages/typescript";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { bash, diff, javascript, json, markdown, typescript, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) highlighter.registerLanguage(name, language);

/** By what stands behind the three backticks, or at the end of a file's name. Whatever is not here stays plain. */
const BY_NAME: Readonly<Record<string, keyof typeof LANGUAGES>> = {
  ts: "typescript",
  mts: "typescript",
  js: "javascript",
  mjs: "javascript",
  json: "json",
  sh: "bash",
  bash: "bash",
  yaml: "yaml",
  yml: "yaml",
  md: "markdown",
  patch: "diff",
};

/** The code as HTML, escaped. */
export function highlight(code: string, name: string): string {
  const language = BY_NAME[name];
  return language === undefined ? escapeHtml(code) : highlighter.highlight(code, { language }).value;
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/**
 * The same code line by line: a colour that goes over the end of a line, as that of a long comment does, ends with it and
 * begins anew in the next one.
 */
export function highlightedLines(code: string, name: string): string[] {
  let open: string[] = [];
  return highlight(code.replace(/\n$/, ""), name)
    .split("\n")
    .map((line) => {
      const begins = open.join("");
      for (const [tag] of line.matchAll(/<span [^>]*>|<\/span>/g)) {
        if (tag === "</span>") open = open.slice(0, -1);
        else open.push(tag);
      }
      return `${begins}${line}${"</span>".repeat(open.length)}`;
    });
}
