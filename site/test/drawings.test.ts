import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DRAWINGS, inPage } from "../markdown/drawings.ts";
import { ownRepository } from "../pages/repository.ts";

const repository = ownRepository();
const drawings = repository.paths.filter((path) => path.startsWith(DRAWINGS));
const styleSheet = readFileSync(new URL("../assets/site.css", import.meta.url), "utf8");

const styleOf = (svg: string): string => /<style>(.*?)<\/style>/s.exec(svg)?.[1] ?? "";

describe("drawings", () => {
  test("are there", () => {
    expect(drawings.length).toBeGreaterThanOrEqual(4);
  });

  test.each(drawings)("%s says in words what it shows", (path) => {
    const svg = repository.read(path);
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title desc"/);
    expect(/<title id="title">(.{5,})<\/title>/.exec(svg)).not.toBeNull();
    expect(/<desc id="desc">(.{80,})<\/desc>/s.exec(svg)).not.toBeNull();
  });

  test.each(drawings)("%s is in colours for light and for dark, the same as the others", (path) => {
    const style = styleOf(repository.read(path));
    expect(style).toContain("@media (prefers-color-scheme: dark)");
    expect(style).toBe(styleOf(repository.read(drawings[0] ?? "")));
  });

  test.each(drawings)("%s uses what the style sheet of the site knows", (path) => {
    const bare = repository.read(path).replace(/<style>.*<\/style>/s, "");
    const used = new Set([...bare.matchAll(/class="([^"]+)"/g)].flatMap(([, names = ""]) => names.split(" ")));
    const unknown = [...used].filter((name) => !new RegExp(String.raw`\.${name}\b`).test(styleSheet));
    expect(unknown).toEqual([]);
  });

  test.each(drawings)("%s is shown by a guide", (path) => {
    const name = path.slice(DRAWINGS.length);
    const guides = repository.paths.filter((each) => /^docs\/guides\/[^/]+\.md$/.test(each));
    expect(guides.some((guide) => repository.read(guide).includes(`](drawings/${name})`))).toBe(true);
  });

  test("in a page have ids of their own, and the colours of the page", () => {
    const svg = `<svg class="drawing" aria-labelledby="title desc">
<title id="title">A</title>
<desc id="desc">B</desc>
<style>.drawing { fill: red; }</style>
<path marker-end="url(#head)"/>
</svg>`;
    const html = inPage(svg, "log");
    expect(html).toContain('aria-labelledby="log-title log-desc"');
    expect(html).toContain('<title id="log-title">');
    expect(html).toContain("url(#log-head)");
    expect(html).not.toContain("<style>");
  });
});
