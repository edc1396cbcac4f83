import { describe, expect, test } from "vitest";
import { highlightedLines } from "../markdown/code.ts";
import { linksOf, siteMarkdown } from "../markdown/markdown.ts";
import { documentPage } from "../pages/paths.ts";

const PAGES = new Map([
  ["README.md", "index.html"],
  ["packages/engine/README.md", "packages/engine/index.html"],
  ["packages/engine/src/store.ts", "source/packages/engine/src/store.ts.html"],
  ["docs/guides/first-steps.md", "guides/first-steps.html"],
  ["docs/guides/chart.svg", "docs/guides/chart.svg"],
]);

function render(text: string, source = "docs/guides/first-steps.md"): string {
  const targets = { pageOf: (path: string) => PAGES.get(path), documentPage };
  const markdown = siteMarkdown(targets, () => "<svg></svg>");
  return markdown.render(text, { page: { inputPath: `./${source}` } });
}

describe("headings", () => {
  test("have the ids that code hosts give them", () => {
    expect(render("## What a `put` *is*, [really](first-steps.md)")).toContain('<h2 id="what-a-put-is-really">');
  });

  test("of the same text have different ids", () => {
    const html = render("## Again\n\n## Again\n\n### Again");
    expect([...html.matchAll(/id="([^"]+)"/g)].map(([, id]) => id)).toEqual(["again", "again-1", "again-2"]);
  });
});

describe("links", () => {
  test("lead from page to page, wherever the site lies", () => {
    const html = render("[the engine](../../packages/engine/README.md#errors) and [home](../../README.md)");
    expect(html).toContain('href="../packages/engine/index.html#errors"');
    expect(html).toContain('href="../index.html"');
  });

  test("lead to a line of the code", () => {
    expect(render("[put](src/store.ts#L58)", "packages/engine/README.md")).toContain(
      'href="../../source/packages/engine/src/store.ts.html#L58"',
    );
  });

  test("may be written from the root of the repository", () => {
    expect(render("[put](/packages/engine/src/store.ts#L58)")).toContain(
      'href="../source/packages/engine/src/store.ts.html#L58"',
    );
  });

  test("to elsewhere, and to a heading of the same page, stay as they are", () => {
    const html = render("[there](https://example.org/a.md) [below](#below)");
    expect(html).toContain('href="https://example.org/a.md"');
    expect(html).toContain('href="#below"');
  });

  test("that lead nowhere end the building, with the document that has them", () => {
    expect(() => render("[gone](gone.md)")).toThrow("docs/guides/first-steps.md: the link to gone.md leads nowhere");
  });

  test("of pictures are rewritten as well", () => {
    expect(render("![A chart](chart.svg)")).toContain('<img src="../docs/guides/chart.svg" alt="A chart">');
  });

  test("of a document are found but for those in code, and those that lead elsewhere", () => {
    const text = "[a](b.md#c) ![d](../e.svg) `[f](g.md)` [h](https://example.org)\n\n```\n[i](j.md)\n```\n";
    expect(linksOf("docs/x.md", text)).toEqual([
      { path: "docs/b.md", anchor: "#c" },
      { path: "e.svg", anchor: "" },
    ]);
  });
});

describe("what is wide", () => {
  test("scrolls inside of itself, and can be reached by a keyboard", () => {
    expect(render("| a |\n|---|\n| b |\n")).toMatch(/^<div class="table" tabindex="0"><table>.*<\/table><\/div>\n$/s);
    expect(render("```ts\none();\n```\n")).toContain('<pre tabindex="0" data-language="ts"><code>');
  });

  test("is code that is escaped, whether or not its language is known", () => {
    expect(render('```ts\nconst a = "<b>";\n```\n')).toContain(
      '<span class="hljs-string">&quot;&lt;b&gt;&quot;</span>',
    );
    expect(render("```cobol\n<b>\n```\n")).toContain("<code>&lt;b&gt;\n</code>");
    expect(render("Text:\n\n    <b>\n")).toContain('<pre tabindex="0"><code>&lt;b&gt;\n</code></pre>');
  });
});

describe("lines of code", () => {
  test("are whole each by itself, also where a colour goes over several", () => {
    const lines = highlightedLines("/* one\n   two */ three();\n", "ts");
    expect(lines[0]).toBe('<span class="hljs-comment">/* one</span>');
    expect(lines[1]).toMatch(
      /^<span class="hljs-comment"> {3}two \*\/<\/span> <span class="hljs-title[^"]*">three<\/span>\(\);$/,
    );
    expect(lines).toHaveLength(2);
  });
});
