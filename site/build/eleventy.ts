/** The site as Eleventy builds it: it reads the documents where they lie, puts each in its frame, and writes or serves all. */
import { writeFile } from "node:fs/promises";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { Eleventy, type Result, type UserConfig } from "@11ty/eleventy";
import { ROOT } from "../../scripts/setup.mjs";
import { frame } from "../frame/frame.ts";
import { DRAWINGS } from "../markdown/drawings.ts";
import { siteMarkdown } from "../markdown/markdown.ts";
import { documentPage } from "../pages/paths.ts";
import type { Site } from "../pages/site.ts";
import { isSearched, searchScript, sectionsOf } from "../search/sections.ts";

/** What Eleventy tells a layout of a page. */
interface PageData {
  readonly content: string;
  readonly page: { readonly inputPath: string; readonly url: string };
}

const LAYOUT = "frame.11ty.js";
const LAYOUTS = "site/frame";

/** @param output The directory that is written to. */
export function siteBuilder(
  site: Site,
  output: string,
  runMode: "build" | "serve",
  read: (path: string) => string,
): Eleventy {
  return new Eleventy(".", output, {
    quietMode: true,
    configPath: null,
    runMode,
    config(eleventy) {
      readDocuments(eleventy, site, read);
      addPages(eleventy, site);
      copyAssets(eleventy, site);
      eleventy.on("eleventy.after", ({ results }) => writeSearch(results, output));
    },
  });
}

function readDocuments(eleventy: UserConfig, { documents, targets }: Site, read: (path: string) => string): void {
  eleventy.setTemplateFormats(["md", "html", "11ty.js"]);
  eleventy.setIncludesDirectory(LAYOUTS);
  eleventy.setDataDirectory("site/data");
  // Documents are Markdown and nothing else: what looks like a command of a template language in them is none.
  eleventy.addGlobalData("templateEngineOverride", "md");
  eleventy.ignores.add("**/node_modules/**");
  eleventy.ignores.add(".changeset/**");
  eleventy.setLibrary("md", siteMarkdown(targets, read));
  // Eleventy takes blocks of code that are indented for text, unless it is told otherwise.
  eleventy.amendLibrary("md", (library) => library.enable("code"));
  const known = new Set(documents);
  eleventy.addGlobalData("layout", LAYOUT);
  eleventy.addGlobalData("permalink", () => ({ page }: PageData) => {
    const source = page.inputPath.replace(/^\.\//, "");
    return known.has(source) ? documentPage(source) : false;
  });
  eleventy.addWatchTarget(`./${DRAWINGS}`);
}

function addPages(eleventy: UserConfig, { navigation, reference, made }: Site): void {
  eleventy.addTemplate(`${LAYOUTS}/${LAYOUT}`, {
    render: ({ content, page }: PageData) => frame({ page: pageOf(page.url), html: content }, navigation),
  });
  for (const { source, text } of reference) eleventy.addTemplate(source, text, { permalink: documentPage(source) });
  for (const { page, html } of made)
    eleventy.addTemplate(`site/made/${page}`, html, { permalink: page, templateEngineOverride: "html" });
}

function copyAssets(eleventy: UserConfig, { images }: Site): void {
  const minisearch = realpathSync(
    createRequire(import.meta.url)
      .resolve("minisearch")
      .replace(/cjs.index\.cjs$/, "umd/index.js"),
  );
  eleventy.addPassthroughCopy({
    "site/assets": "assets",
    [relative(ROOT, minisearch)]: "assets/minisearch.js",
    ...Object.fromEntries(images.map((path) => [path, path])),
  });
}

async function writeSearch(results: readonly Result[], output: string): Promise<void> {
  const pages = results.map(({ url, content }) => ({ page: pageOf(url), content }));
  const searched = pages.filter(({ page }) => isSearched(page)).toSorted((a, b) => (a.page < b.page ? -1 : 1));
  const sections = searched.flatMap(({ page, content }) => sectionsOf(page, content));
  await writeFile(join(output, "assets", "sections.js"), searchScript(sections));
}

/** Eleventy calls a page by the address of its folder, and puts characters of names into the form of addresses. */
function pageOf(url: string): string {
  return decodeURI(url)
    .slice(1)
    .replace(/(?<=^|\/)$/, "index.html");
}
