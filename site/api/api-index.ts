/** The page above the API reference: the packages, and what each has to import. */
import { posix } from "node:path";
import type { PublishedPackage } from "./entry-points.ts";

/** As Markdown of `site/api/index.md`. */
export function apiIndex(packages: readonly PublishedPackage[]): string {
  const rows = packages.map(({ folder, name, description, entryPoints }) => {
    const links = entryPoints.map((entry) => `[${entry.name}](${posix.join(entry.name, "index.md")})`);
    return `| [${name}](/packages/${folder}/README.md) | ${description} | ${links.join("<br>")} |`;
  });
  return `# API reference

What each published package exports, made of the comments beside the code. What a package is for, with examples and
guarantees, is in its overview.

| package | | exports |
|---|---|---|
${rows.join("\n")}
`;
}
