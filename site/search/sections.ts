/** What can be searched: each page in sections, by its headings. */

/** A section of a page. Short names: every one of them is downloaded by whoever searches. */
export interface Section {
  /** The page, from the root of the site, with the anchor of the section. */
  readonly u: string;
  /** The title of the page. */
  readonly t: string;
  /** The heading of the section, if it is not the page's. */
  readonly h?: string;
  /** Its text. */
  readonly x: string;
}

/** Of the reference so many characters of a section: more of it are tables of types. */
const REFERENCE_TEXT_MAX = 300;

/** Code, and long tables of results, are not what somebody looks for by words. */
export function isSearched(page: string): boolean {
  return !/^(?:source|mutants|bench\/results)\//.test(page);
}

/** @param html The page, or what stands in its `<article>`. */
export function sectionsOf(page: string, html: string): Section[] {
  const article = /<article>(.*)<\/article>/s.exec(html)?.[1] ?? html;
  const parts = article.split(/(?=<h[1-3][ >])/).filter((part) => /^<h[1-3]/.test(part));
  let title = "";
  return parts.flatMap((part): Section[] => {
    const { level = "", id = "", heading = "" } = HEADING.exec(part)?.groups ?? {};
    const shown = page.startsWith("api/") ? saidOf(part) : readable(part.replace(HEADING, ""));
    if (level === "1") {
      title = readable(heading);
      return [{ u: page, t: title, x: shown }];
    }
    return isNoise(page, readable(heading)) ? [] : [{ u: `${page}#${id}`, t: title, h: readable(heading), x: shown }];
  });
}

/** What the reference says in words: no signatures, no tables of types, not where it is defined. */
function saidOf(part: string): string {
  const words = part.replace(HEADING, "").replaceAll(/<(?:pre|small)\b.*?<\/(?:pre|small)>/gs, "");
  return readable(words).slice(0, REFERENCE_TEXT_MAX);
}

const HEADING = /<h(?<level>[1-3])(?: class="path")?(?: id="(?<id>[^"]*)")?[^>]*>(?<heading>.*?)<\/h[1-3]>/s;

/** Headings that every second page of the reference has. */
function isNoise(page: string, heading: string): boolean {
  return (
    page.startsWith("api/") &&
    /^(?:Call Signature|Parameters|Returns|Throws|Type Parameters|Extends|Extended by|Constructors|Methods|Accessors)$/.test(
      heading,
    )
  );
}

/** The text as it is read. */
function readable(html: string): string {
  return html
    .replaceAll(/<(?:svg|style)\b.*?<\/(?:svg|style)>/gs, " ")
    .replaceAll(/<[^>]+>/g, (tag) => (/^<\/?(?:a|code|em|strong|span)\b/.test(tag) ? "" : " "))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** As a script, so that it can be read where the site is opened from a folder, without a server. */
export function searchScript(sections: readonly Section[]): string {
  return `globalThis.hashlogSections=${JSON.stringify(sections)};\n`;
}
