/** What the scripts of the pages share. They are classic scripts, so that pages work where there is no server. */
import type MiniSearchClass from "minisearch";
import type { SearchResult } from "minisearch";
import type { Section } from "./search/sections.ts";

declare global {
  var MiniSearch: typeof MiniSearchClass;
  /** Everything that can be found: `assets/sections.js`, which is made for each site. */
  var hashlogSections: readonly Section[];
  /** `assets/search.js` */
  var hashlogSearch: (query: string, limit?: number) => (Section & SearchResult)[];
}
