import { describe, expect, test } from "vitest";
import { frame } from "../frame/frame.ts";
import type { NavigationPart } from "../pages/navigation.ts";

const NAVIGATION: NavigationPart[] = [
  {
    title: "Guides",
    page: "guides/index.html",
    groups: [
      {
        title: "Begin",
        links: [
          { title: "First", page: "guides/first.html" },
          { title: "A & B", page: "guides/second.html" },
        ],
      },
    ],
  },
  {
    title: "Reference",
    page: "api/index.html",
    groups: [{ title: "@hashlog/a", links: [{ title: "API", page: "api/a/index.html" }] }],
  },
  { title: "Behind it", page: "ARCHITECTURE.html", groups: [] },
];

const page = (path: string, html = "<h1>Title</h1>\n<p>Text.</p>"): string => frame({ page: path, html }, NAVIGATION);

describe("the frame of a page", () => {
  test("leads from wherever the page lies", () => {
    const html = page("packages/engine/index.html");
    expect(html).toContain('href="../../assets/site.css"');
    expect(html).toContain('href="../../guides/first.html"');
    expect(html).toContain('data-root="../../"');
    expect(html).not.toMatch(/(?:href|src)="\//);
  });

  test("has the title of the page, and its first paragraph in words", () => {
    const html = page(
      "guides/first.html",
      '<h1 id="x">What <code>put</code> does</h1>\n<p>It <em>writes</em> a &quot;b&quot; &lt; c.</p>',
    );
    expect(html).toContain("<title>What put does · Hashlog</title>");
    expect(html).toContain('<meta name="description" content="It writes a &quot;b&quot; &lt; c.">');
  });

  test("ends a long description at a word", () => {
    const description =
      /name="description" content="([^"]*)"/.exec(page("a.html", `<h1>T</h1><p>${"word ".repeat(60)}</p>`))?.[1] ?? "";
    expect(description).toMatch(/word…$/);
    expect(description.length).toBeLessThanOrEqual(160);
  });

  test("marks the page, and the part that it belongs to", () => {
    const html = page("guides/second.html");
    expect(html).toContain('<a href="second.html" aria-current="page">A &amp; B</a>');
    expect(html).toContain('<a href="index.html" aria-current="true">Guides</a>');
    expect(html).toContain('<details open class="part current"><summary>Guides</summary>');
  });

  test("of what is not in the navigation belongs to a part as well", () => {
    expect(page("api/a/functions/open.html")).toContain('aria-current="true">Reference</a>');
    expect(page("source/a.ts.html")).toContain('aria-current="true">Behind it</a>');
    expect(page("index.html")).toContain('aria-current="true">Guides</a>');
  });

  test("leads from guide to guide", () => {
    const turn = (path: string): string => /<nav class="turn".*?<\/nav>/s.exec(page(path))?.[0] ?? "";
    expect(turn("guides/first.html")).toContain('<a rel="next" href="second.html"><small>Next</small>A &amp; B</a>');
    expect(turn("guides/second.html")).toContain('<a rel="prev" href="first.html">');
    expect(turn("guides/second.html")).not.toContain('rel="next"');
    expect(turn("api/a/index.html")).toBe("");
  });

  test("leads from a page of the reference to what it is imported from", () => {
    expect(page("api/a/functions/open.html")).toContain('<p class="crumbs"><a href="../index.html">@hashlog/a</a></p>');
    expect(page("api/a/index.html")).not.toContain("crumbs");
  });

  test("lists what is on the page, where there is something to choose from", () => {
    const two = '<h1>T</h1><h2 id="a">A <code>b</code></h2><h2 id="c">C</h2>';
    expect(page("x.html", two)).toContain('<li><a href="#a">A b</a></li>\n<li><a href="#c">C</a></li>');
    expect(page("x.html", '<h1>T</h1><h2 id="a">A</h2>')).not.toContain("on-page");
  });

  test("lists the members of a page of the reference", () => {
    const html = '<h1>T</h1><h2 id="methods">Methods</h2><h3 id="put">put()</h3><h3 id="get">get()</h3>';
    expect(page("api/a/b.html", html)).toContain(
      '<li><a href="#put">put()</a></li>\n<li><a href="#get">get()</a></li>',
    );
  });

  test("of the front page shows ways to go on, below the first paragraph", () => {
    const html = page("index.html");
    expect(html).toContain('<p>Text.</p>\n<p class="ways"><a href="guides/first.html">First</a>');
    expect(html).toContain('class="front"');
    expect(page("guides/first.html")).not.toContain("ways");
  });
});
