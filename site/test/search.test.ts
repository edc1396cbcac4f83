import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createContext, runInContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { isSearched, searchScript, sectionsOf, type Section } from "../search/sections.ts";

/** What a page of the site has: the library, the sections, and what finds them. */
function finder(sections: readonly Section[]): (query: string) => string[] {
  const library = createRequire(import.meta.url)
    .resolve("minisearch")
    .replace(/cjs.index\.cjs$/, "umd/index.js");
  const search = new URL("../assets/search.js", import.meta.url);
  const context = createContext({});
  for (const code of [readFileSync(library, "utf8"), searchScript(sections), readFileSync(search, "utf8")])
    runInContext(code, context);
  return (query) => runInContext(`hashlogSearch(${JSON.stringify(query)}).map(({ u }) => u)`, context) as string[];
}

describe("the sections of a page", () => {
  const html = `<main><article>
<h1 id="t">The <code>sync</code> policy</h1>
<p>What may be <em>lost</em>.</p>
<h2 id="a">One &amp; all</h2><p>A</p><pre>code()</pre>
<h3 id="b">Below</h3><p>B</p>
</article></main>`;

  test("begin with its headings, and have what is read below each", () => {
    expect(sectionsOf("guides/a.html", html)).toEqual([
      { u: "guides/a.html", t: "The sync policy", x: "What may be lost." },
      { u: "guides/a.html#a", t: "The sync policy", h: "One & all", x: "A code()" },
      { u: "guides/a.html#b", t: "The sync policy", h: "Below", x: "B" },
    ]);
  });

  test("of the reference have what is said, and not what stands on every page", () => {
    const reference = `<article><h1 id="o">open()</h1><pre>function open()</pre><p><small>Function, defined in a.ts</small></p>
<p>Opens a store.</p><h2 id="returns">Returns</h2><p>a store</p></article>`;
    expect(sectionsOf("api/engine/functions/open.html", reference)).toEqual([
      { u: "api/engine/functions/open.html", t: "open()", x: "Opens a store." },
    ]);
  });

  test("are those of documents, not of code and results", () => {
    expect(["guides/a.html", "api/a.html", "source/a.ts.html", "mutants/RESULTS.html"].map(isSearched)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("searching", () => {
  const section = (u: string, t: string, x: string): Section => ({ u, t, x });
  const find = finder([
    section("api/thing.html", "Thing", "backup of a store"),
    section("guides/operating.html", "Operating", "backup of a store"),
    section("packages/engine/index.html", "Engine", "a put with ifAbsent"),
    section("PROOF.html", "Proof", 'not "</script>" anything'),
  ]);

  test("finds all of the words, guides first", () => {
    expect(find("store backup")).toEqual(["guides/operating.html", "api/thing.html"]);
    expect(find("store nothing")).toEqual([]);
  });

  test("finds words that are not finished, misspelt, or a part of a name", () => {
    expect(find("back")).toContain("guides/operating.html");
    expect(find("operatign")).toEqual(["guides/operating.html"]);
    expect(find("absent")).toEqual(["packages/engine/index.html"]);
  });
});
