/** The HTML around the contents of every page: the bar at the top, the navigation beside it, what is on the page. */
import { posix } from "node:path";
import { escapeHtml } from "../markdown/code.ts";
import type { NavigationGroup, NavigationLink, NavigationPart } from "../pages/navigation.ts";
import { relativeLink } from "../pages/paths.ts";
import { logo } from "./logo.ts";

export interface Contents {
  /** From the root of the site. */
  readonly page: string;
  /** What stands in `<main>`. */
  readonly html: string;
}

const TAGLINE = "An embedded key-value store for Node.js, Bun and Deno, in TypeScript alone";

export function frame({ page, html }: Contents, navigation: readonly NavigationPart[]): string {
  const to = (target: string): string => encodeURI(relativeLink(page, target));
  const title = headingText(html, 1)[0]?.text ?? "Hashlog";
  const part = partOf(page, navigation);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escapeHtml(description(html))}">
<title>${page === "index.html" ? `Hashlog: ${TAGLINE}` : `${escapeHtml(title)} · Hashlog`}</title>
<link rel="icon" href="${to("assets/logo.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${to("assets/site.css")}">
<script src="${to("assets/theme.js")}"></script>
<script src="${to("assets/search.js")}" defer></script>
<script src="${to("assets/site.js")}" defer></script>
</head>
<body data-root="${to("index.html").replace(/index\.html$/, "")}" class="${bodyClass(page)}">
<a class="skip" href="#content">Skip to the contents</a>
<header class="bar">
<a class="brand" href="${to("index.html")}">${logo}<span>Hashlog</span></a>
<nav class="parts" aria-label="Parts of the site">${navigation
    .map((each) => anchor(to(each.page), each.title, each === part ? "true" : undefined))
    .join("")}</nav>
<form class="search" role="search" hidden><input type="search" placeholder="Search" aria-label="Search" autocomplete="off" spellcheck="false"><div class="results" role="region" aria-label="What was found" aria-live="polite" hidden></div></form>
<button class="theme" type="button" hidden aria-label="Light or dark"></button>
<a class="menu" href="#navigation">Menu</a>
</header>
<div class="columns">
<nav id="navigation" class="beside" aria-label="Pages">
<a class="close" href="#content">Close</a>
${navigation.map((each) => partList(each, each === part, page, to)).join("\n")}
</nav>
<main id="content" tabindex="-1">
${crumbs(page, part, to)}
<article>
${page === "index.html" ? withWelcome(html.trim(), navigation, to) : html.trim()}
</article>
${turnPages(page, part, to)}
</main>
${onThisPage(page, html)}
</div>
</body>
</html>
`;
}

/** Code needs the whole width, tables of the reference more than others; the front page shows what this is. */
function bodyClass(page: string): string {
  if (page === "index.html") return "front";
  if (page.startsWith("api/")) return "reference";
  return page.startsWith("source/") ? "code" : "text";
}

/** The part that a page belongs to; the front page to the first, as a place to begin. */
function partOf(page: string, navigation: readonly NavigationPart[]): NavigationPart | undefined {
  const listed = navigation.find((part) => links(part).some((link) => link.page === page) || part.page === page);
  if (listed !== undefined) return listed;
  const [guides, reference, behind] = navigation;
  if (page === "index.html") return guides;
  return /^(?:api|packages)\//.test(page) ? reference : behind;
}

function links(part: NavigationPart): NavigationLink[] {
  return part.groups.flatMap((group) => group.links);
}

/** Of the part that the page belongs to all is shown; the others are there on a narrow screen, which has no room in its bar. */
function partList(part: NavigationPart, isCurrent: boolean, page: string, to: (target: string) => string): string {
  const current = moduleOf(page, part)?.page ?? page;
  const groups = part.groups.map((group) => groupList(group, current, to)).join("\n");
  return `<details${isCurrent ? " open" : ""} class="part${isCurrent ? " current" : ""}"><summary>${escapeHtml(part.title)}</summary>\n${groups}\n</details>`;
}

function groupList({ title, links }: NavigationGroup, page: string, to: (target: string) => string): string {
  const items = links.map(
    (link) => `<li>${anchor(to(link.page), link.title, link.page === page ? "page" : undefined)}</li>`,
  );
  return `<p>${escapeHtml(title)}</p>\n<ul>\n${items.join("\n")}\n</ul>`;
}

function anchor(href: string, title: string, current: string | undefined): string {
  return `<a href="${href}"${current === undefined ? "" : ` aria-current="${current}"`}>${escapeHtml(title)}</a>`;
}

/** The front page is the README, with the logo above it and ways to go on below its first paragraph. */
function withWelcome(html: string, navigation: readonly NavigationPart[], to: (target: string) => string): string {
  const [first] = navigation.flatMap(links);
  const [guides, reference] = navigation;
  const ways = [first, guides, reference].flatMap((way) =>
    way === undefined ? [] : [anchor(to(way.page), way.title, undefined)],
  );
  return `${logo}\n${html.replace("</p>", `</p>\n<p class="ways">${ways.join("")}</p>`)}`;
}

/** Above a page of the reference: what its name is imported from. */
function crumbs(page: string, part: NavigationPart | undefined, to: (target: string) => string): string {
  const module = moduleOf(page, part);
  if (module === undefined || module.page === page) return "";
  const name = posix.dirname(module.page).replace(/^api/, "@hashlog");
  return `<p class="crumbs"><a href="${to(module.page)}">${name}</a></p>`;
}

/** Of a page of the reference the link of the navigation that it is below. */
function moduleOf(page: string, part: NavigationPart | undefined): NavigationLink | undefined {
  const above = part === undefined ? [] : links(part).filter((link) => link.page.startsWith("api/"));
  const found = above.filter((link) => page.startsWith(`${posix.dirname(link.page)}/`));
  return found.toSorted((a, b) => b.page.length - a.page.length)[0];
}

/** From guide to guide. */
function turnPages(page: string, part: NavigationPart | undefined, to: (target: string) => string): string {
  const all = part === undefined ? [] : links(part);
  const at = all.findIndex((link) => link.page === page);
  if (!page.startsWith("guides/") || at === -1) return "";
  const turn = (link: NavigationLink | undefined, rel: string, word: string): string =>
    link === undefined
      ? "<span></span>"
      : `<a rel="${rel}" href="${to(link.page)}"><small>${word}</small>${escapeHtml(link.title)}</a>`;
  return `<nav class="turn" aria-label="Guides before and after">${turn(all[at - 1], "prev", "Before")}${turn(all[at + 1], "next", "Next")}</nav>`;
}

/** The headings of the page, unless there are too few to choose from. Of a page of the reference its members are what one looks for. */
function onThisPage(page: string, html: string): string {
  const members = page.startsWith("api/") ? headingText(html, 3) : [];
  const headings = members.length > 0 ? members : headingText(html, 2);
  if (headings.length < 2) return "";
  const items = headings.map(({ id, text }) => `<li><a href="#${id}">${text}</a></li>`);
  return `<nav class="on-page" aria-label="On this page"><p>On this page</p>\n<ul>\n${items.join("\n")}\n</ul></nav>`;
}

/** The headings of one level, with what they say as HTML without any tag. */
function headingText(html: string, level: number): { id: string; text: string }[] {
  const pattern = new RegExp(`<h${level}(?: class="path")?(?: id="([^"]*)")?[^>]*>(.*?)</h${level}>`, "gs");
  return [...html.matchAll(pattern)].map(([, id = "", text = ""]) => ({ id, text: text.replaceAll(/<[^>]+>/g, "") }));
}

/** The first paragraph, as far as a search engine shows one. */
function description(html: string): string {
  const text = (/<p>(.*?)<\/p>/s.exec(html)?.[1] ?? TAGLINE).replaceAll(/<[^>]+>/g, "").replaceAll(/\s+/g, " ");
  const plain = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  return plain.length <= 160 ? plain : `${plain.slice(0, 159).replace(/\s\S*$/, "")}…`;
}
