/** What stands beside every page: guides, packages, and what lies behind them. All of it is listed from what is there. */
import { posix } from "node:path";
import { publishedPackages } from "../api/entry-points.ts";
import { GUIDES_INDEX, guideGroups } from "./guides.ts";
import { documentPage, folderPage } from "./paths.ts";
import { filesIn, type Repository } from "./repository.ts";
import { titleOf } from "./titles.ts";

export interface NavigationLink {
  readonly title: string;
  /** From the root of the site. */
  readonly page: string;
}

export interface NavigationGroup {
  readonly title: string;
  readonly links: readonly NavigationLink[];
}

/** A part of the site, as the bar at the top of each page names it. */
export interface NavigationPart {
  readonly title: string;
  readonly page: string;
  readonly groups: readonly NavigationGroup[];
}

/** The page of the API reference that lists the packages. It is written by the site itself. */
export const API_INDEX = "site/api/index.md";

export function navigation(repository: Repository): NavigationPart[] {
  return [
    { title: "Guides", page: documentPage(GUIDES_INDEX), groups: guides(repository) },
    { title: "Reference", page: documentPage(API_INDEX), groups: packages(repository) },
    { title: "Behind it", page: documentPage("ARCHITECTURE.md"), groups: behindIt(repository) },
  ];
}

function guides(repository: Repository): NavigationGroup[] {
  return guideGroups(repository).map(({ title, guides }) => ({
    title,
    links: guides.map((guide) => documentLink(repository, guide)),
  }));
}

/** The engine first: it is what most people look for. */
function packages(repository: Repository): NavigationGroup[] {
  const all = publishedPackages(repository).toSorted((a, b) => Number(isEngine(b)) - Number(isEngine(a)));
  return all.map(({ folder, name, entryPoints }) => {
    const documents = filesIn(repository, `packages/${folder}`).filter(
      (path) => path.endsWith(".md") && !isReadme(path),
    );
    return {
      title: name,
      links: [
        { title: "Overview", page: documentPage(`packages/${folder}/README.md`) },
        ...documents.map((path) => documentLink(repository, path)),
        ...entryPoints.map((entry) => ({
          title: `API${entry.name === name ? "" : `: ${entry.name.slice(name.length)}`}`,
          page: referencePage(entry.name),
        })),
      ],
    };
  });
}

function behindIt(repository: Repository): NavigationGroup[] {
  const group = (title: string, sources: readonly string[]): NavigationGroup => ({
    title,
    links: sources.map((source) => documentLink(repository, source)),
  });
  // What tells of a folder as a whole comes before what lies in it.
  const depth = (path: string): number => path.split("/").length;
  const documents = repository.paths.filter((path) => path.endsWith(".md")).toSorted((a, b) => depth(a) - depth(b));
  const decisions = { title: "Decisions", page: folderPage("docs/decisions") };
  return [
    { title: "How it is built", links: [documentLink(repository, "ARCHITECTURE.md"), decisions] },
    group("How it is tested", ["PROOF.md", ...documents.filter((path) => /^(?:proof|mutants)\//.test(path))]),
    group(
      "What it costs",
      documents.filter((path) => path.startsWith("bench/")),
    ),
    group(
      "Examples",
      documents.filter((path) => /^examples\/(?:[^/]+\/)?README\.md$/.test(path)),
    ),
    group(
      "Taking part",
      documents.filter((path) => /^(?:CONTRIBUTING|site\/README)\.md$/.test(path)),
    ),
  ];
}

function documentLink(repository: Repository, source: string): NavigationLink {
  return { title: titleOf(repository.read(source), source), page: documentPage(source) };
}

/** The page of the reference for a name that one imports from. */
function referencePage(name: string): string {
  return documentPage(`${posix.join("site/api", name)}/index.md`);
}

function isEngine({ folder }: { folder: string }): boolean {
  return folder === "engine";
}

function isReadme(path: string): boolean {
  return path.endsWith("/README.md");
}
