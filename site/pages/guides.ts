/** The guides, in the order of their index: what stands there is what the site offers, and the tests compare it with the folder. */
import { posix } from "node:path";
import { linksOf } from "../markdown/markdown.ts";
import type { Repository } from "./repository.ts";

export const GUIDES = "docs/guides";
export const GUIDES_INDEX = `${GUIDES}/README.md`;

/** A heading of the index with the guides below it. */
export interface GuideGroup {
  readonly title: string;
  /** From the root of the repository. */
  readonly guides: readonly string[];
}

export function guideGroups(repository: Repository): GuideGroup[] {
  const chapters = repository.read(GUIDES_INDEX).split(/^## /m).slice(1);
  return chapters.map((chapter) => {
    const [title = ""] = chapter.split("\n", 1);
    const links = linksOf(GUIDES_INDEX, chapter).map(({ path }) => path);
    return { title: title.trim(), guides: [...new Set(links.filter((path) => posix.dirname(path) === GUIDES))] };
  });
}
