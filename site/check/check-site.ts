/**
 * Holds the built site against what it promises: every link leads somewhere, every page can be reached, nothing is fetched
 * from elsewhere, and no address depends on where the site lies.
 */
import { posix } from "node:path";

/** The files of a built site, by path from its root. What is in them matters of pages and drawings alone. */
export type BuiltFiles = ReadonlyMap<string, string>;

export interface SiteReport {
  readonly pages: number;
  /** Links from page to page, to headings, and to what pages are made of. */
  readonly internalLinks: number;
  readonly externalLinks: number;
  /** Each with the page where it is wrong. */
  readonly complaints: readonly string[];
}

export function checkSite(files: BuiltFiles): SiteReport {
  const pages = [...files].filter(([path]) => path.endsWith(".html"));
  const ids = new Map(pages.map(([path, html]) => [path, idsOf(html)]));
  const complaints = pages.flatMap(([path, html]) => shapeOf(path, html, ids.get(path) ?? []));
  // Text with control characters is no XML, and a browser shows none of such a picture.
  const pictures = [...files].filter(([path]) => path.endsWith(".svg"));
  const broken = pictures.filter(([, svg]) => /[^\P{Cc}\t\n\r]/u.test(svg));
  complaints.push(...broken.map(([path]) => `${path}: a control character is in it, so that it cannot be shown`));
  const reached = new Map<string, Set<string>>();
  let internalLinks = 0;
  let externalLinks = 0;
  for (const [path, html] of pages) {
    const leadsTo = new Set<string>();
    reached.set(path, leadsTo);
    for (const { tag, target } of linksOf(html)) {
      if (/^[a-z][a-z+.-]*:/i.test(target)) {
        externalLinks += 1;
        if (tag !== "a") complaints.push(`${path}: ${target} is fetched from elsewhere`);
        continue;
      }
      internalLinks += 1;
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? path : posix.join(posix.dirname(path), decodeURI(file));
      leadsTo.add(to);
      if (target.startsWith("/")) complaints.push(`${path}: ${target} depends on where the site lies`);
      else if (!files.has(to)) complaints.push(`${path}: the link to ${target} leads nowhere`);
      else if (anchor && !ids.get(to)?.includes(decodeURI(anchor))) complaints.push(`${path}: ${to} has no #${anchor}`);
    }
  }
  const seen = reachable("index.html", reached);
  const lost = pages.map(([path]) => path).filter((path) => !seen.has(path));
  complaints.push(...lost.map((path) => `${path}: no link leads here`));
  return { pages: pages.length, internalLinks, externalLinks, complaints };
}

/** What every page needs, whoever reads it and by whatever means. */
function shapeOf(path: string, html: string, ids: readonly string[]): string[] {
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  const headings = html.match(/<h1[ >]/g)?.length ?? 0;
  return [
    ...(/<html lang="en">/.test(html) ? [] : [`${path}: it does not say in which language it is`]),
    ...(/<title>[^<]+<\/title>/.test(html) ? [] : [`${path}: it has no title`]),
    ...(headings === 1 ? [] : [`${path}: ${headings} headings of the first level`]),
    ...new Set(twice.map((id) => `${path}: #${id} is there more than once`)),
    ...[...html.matchAll(/<img (?![^>]*alt="[^"])[^>]*>/g)].map(([image]) => `${path}: ${image} says nothing in words`),
  ];
}

/** Of code that is shown nothing is a link: there `<` is escaped. */
function linksOf(html: string): { tag: string; target: string }[] {
  const found = html.matchAll(/<(?<tag>[a-z]+)\b[^>]*?\s(?:href|src)="(?<target>[^"]*)"/g);
  return [...found].map(({ groups }) => ({
    tag: groups?.["tag"] ?? "",
    target: (groups?.["target"] ?? "").replaceAll("&amp;", "&"),
  }));
}

function idsOf(html: string): string[] {
  return [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = ""]) => id);
}

function reachable(from: string, links: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set([from]);
  for (const page of seen) for (const next of links.get(page) ?? []) seen.add(next);
  return seen;
}
