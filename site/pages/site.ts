/** All pages of the site, from the files of the repository: which there are, where they lie, and what leads to what. */
import { API_INDEX, navigation, type NavigationPart } from "./navigation.ts";
import { apiIndex } from "../api/api-index.ts";
import { publishedPackages } from "../api/entry-points.ts";
import type { ReferencePage } from "../api/reference.ts";
import { DRAWINGS } from "../markdown/drawings.ts";
import type { LinkTargets } from "../markdown/links.ts";
import { linksOf } from "../markdown/markdown.ts";
import { documentPage, folderPage, sourcePage } from "./paths.ts";
import { isFolder, type Repository } from "./repository.ts";
import { folderHtml, isDocument, isImage, linkedSources, sourceFileHtml } from "./sources.ts";

/** A page whose HTML is there already, but for the frame around it. */
export interface MadePage {
  readonly page: string;
  readonly html: string;
}

export interface Site {
  readonly navigation: readonly NavigationPart[];
  /** Files of the repository that are pages. */
  readonly documents: readonly string[];
  /** Documents that are not in the repository. */
  readonly reference: readonly ReferencePage[];
  readonly made: readonly MadePage[];
  /** Files that are copied as they are: from the root of the repository, and of the site. */
  readonly images: readonly string[];
  readonly targets: LinkTargets;
}

/** @throws Error where a document links to what is not there. */
export function planSite(repository: Repository, reference: readonly ReferencePage[]): Site {
  const documents = repository.paths.filter((path) => isDocument(path) && !path.startsWith(".changeset/"));
  const api = [{ source: API_INDEX, text: apiIndex(publishedPackages(repository)) }, ...reference];
  const texts = [...documents.map((source) => ({ source, text: repository.read(source) })), ...api];
  const pages = new Map(texts.map(({ source }) => [source, documentPage(source)]));

  const linked = new Set(texts.flatMap(({ source, text }) => linksOf(source, text)).map(({ path }) => path));
  const images = [...linked].filter((path) => isImage(path) && !path.startsWith(DRAWINGS));
  for (const path of images) pages.set(path, path);
  for (const path of linked) {
    // A folder is shown by its README, where it has one: that is what a code host does.
    const readme = pages.get(path === "." ? "README.md" : `${path}/README.md`);
    if (readme !== undefined && isFolder(repository, path)) pages.set(path, readme);
  }
  const unshown = [...linked].filter(
    (path) => !pages.has(path) && (repository.paths.includes(path) || isFolder(repository, path)),
  );
  const sources = linkedSources(repository, [...unshown, "docs/decisions"]);
  for (const path of sources.files) pages.set(path, sourcePage(path));
  for (const path of sources.folders) pages.set(path, folderPage(path));

  return {
    navigation: navigation(repository),
    documents,
    reference: api,
    made: [
      ...sources.files.map((path) => ({ page: sourcePage(path), html: sourceFileHtml(path, repository.read(path)) })),
      ...sources.folders.map((path) => ({
        page: folderPage(path),
        html: folderHtml(repository, path, new Set(pages.keys())),
      })),
    ],
    images,
    targets: { pageOf: (path) => pages.get(path), documentPage },
  };
}
