import { describe, expect, test } from "vitest";
import { checkSite } from "../check/check-site.ts";

const page = (body: string, head = "<title>T</title>"): string =>
  `<html lang="en"><head>${head}</head><body><h1>H</h1>${body}</body></html>`;

/** A site of a front page, another page, and a style sheet. */
function check(index: string, other = page(""), more: Record<string, string> = {}): ReturnType<typeof checkSite> {
  const files = { "index.html": index, "a/b.html": other, "site.css": "", ...more };
  return checkSite(new Map(Object.entries(files)));
}

const LINK = '<a href="a/b.html">b</a>';

describe("checking the site", () => {
  test("counts pages and links, and has nothing to say of a good site", () => {
    const index = page(
      `${LINK} <a href="#here" id="here">x</a> <a href="https://example.org">y</a>`,
      '<title>T</title><link href="site.css">',
    );
    expect(check(index, page('<a href="../index.html#here">up</a>'))).toEqual({
      pages: 2,
      internalLinks: 4,
      externalLinks: 1,
      complaints: [],
    });
  });

  test.each([
    ["a link that leads nowhere", '<a href="c.html">c</a>', "index.html: the link to c.html leads nowhere"],
    ["a link to a heading that is not there", '<a href="a/b.html#x">x</a>', "index.html: a/b.html has no #x"],
    ["a link to a heading of its own that is not there", '<a href="#x">x</a>', "index.html: index.html has no #x"],
    [
      "an address that depends on where the site lies",
      '<a href="/a/b.html">b</a>',
      "index.html: /a/b.html depends on where the site lies",
    ],
    [
      "a script from elsewhere",
      '<script src="https://example.org/a.js"></script>',
      "index.html: https://example.org/a.js is fetched from elsewhere",
    ],
    [
      "a picture without words",
      '<img src="site.css" alt="">',
      'index.html: <img src="site.css" alt=""> says nothing in words',
    ],
    ["an id that is there twice", '<p id="a"></p><p id="a"></p>', "index.html: #a is there more than once"],
    ["a second title", "<h1>I</h1>", "index.html: 2 headings of the first level"],
  ])("finds %s", (_what, body, complaint) => {
    expect(check(page(LINK + body)).complaints).toEqual([complaint]);
  });

  test("finds a picture that cannot be shown", () => {
    expect(
      check(page(LINK), page(""), { "good.svg": "<svg>\n\t</svg>", "bad.svg": "<svg>\u001B</svg>" }).complaints,
    ).toEqual(["bad.svg: a control character is in it, so that it cannot be shown"]);
  });

  test("finds a page that no link leads to", () => {
    expect(check(page("")).complaints).toEqual(["a/b.html: no link leads here"]);
    expect(check(page(LINK), page(""), { "c.html": page('<a href="c.html">c</a>') }).complaints).toEqual([
      "c.html: no link leads here",
    ]);
  });

  test("finds a page without language or title", () => {
    expect(check(page(LINK).replace(' lang="en"', "").replace("<title>T</title>", "")).complaints).toEqual([
      "index.html: it does not say in which language it is",
      "index.html: it has no title",
    ]);
  });
});
