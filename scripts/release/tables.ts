/** What `npm run release:dry` prints of the packages and of the bundles. */
import type { Budget, Bundle } from "./bundles.ts";
import { unpackedBytes, type PackedPackage } from "./packed-package.ts";

export function packageTable(packages: readonly PackedPackage[]): string {
  const rows = packages.map((one) => [
    one.manifest.name,
    one.manifest.version,
    number(one.files.size),
    number(one.tarballBytes),
    number(unpackedBytes(one)),
    contentsOf(one),
  ]);
  return table(["package", "version", "files", "packed", "unpacked", "holds"], rows);
}

export function bundleTable(bundles: readonly (Bundle & Budget)[]): string {
  const rows = bundles.map(({ code, minifiedBytes, gzipBytes, gzipBytesMax }) => [
    code.replace(/^export (.*) from "(.*)";$/, "$2 $1"),
    "",
    number(minifiedBytes),
    number(gzipBytes),
    number(gzipBytesMax),
    "",
  ]);
  return table(["bundle of", "", "minified", "gzipped", "at most", ""], rows);
}

/** Every file, a line each, in the order of their paths. */
export function fileList({ manifest, files }: PackedPackage): string {
  const lines = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [manifest.name, ...lines.map(([path, { length }]) => `${number(length).padStart(12)}  ${path}`)].join("\n");
}

/** Single files by name, folders by how many files they have. */
function contentsOf({ files }: PackedPackage): string {
  const tops = new Map<string, number>();
  for (const path of files.keys()) {
    const top = path.includes("/") ? `${path.split("/", 1)[0]}/` : path;
    tops.set(top, (tops.get(top) ?? 0) + 1);
  }
  return [...tops]
    .map(([top, count]) => (top.endsWith("/") ? `${top} (${count})` : top))
    .toSorted()
    .join(", ");
}

/** The first two columns and the last are words, the others numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = (column: number): boolean => column > 1 && column < head.length - 1;
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  return [head, ...rows].map(line).join("\n");
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
