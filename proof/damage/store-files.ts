import { parseFileName, RESERVE_NAME } from "@hashlog/format";
import { DiskImage } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "../world/text-store.ts";
import type { SmallStore } from "./stores.ts";

/** What that file is to the store, by its name. */
export function kindOf(path: string): string | undefined {
  return parseFileName(path.slice(DIRECTORY.length + 1))?.kind;
}

/** Whether no answer depends on that file. */
export function isCache(path: string): boolean {
  const kind = kindOf(path);
  return kind === "hint" || kind === "checkpoint" || kind === "reserve";
}

/** Every file of the store but its reserve, of which nobody reads a byte. */
export function filesOf({ image }: SmallStore): readonly string[] {
  return [...image.files.keys()].filter((path) => kindOf(path) !== undefined && !path.endsWith(RESERVE_NAME));
}

/** The files of one kind. */
export function pathsOf(image: DiskImage, kind: "segment" | "hint" | "checkpoint" | "reserve"): readonly string[] {
  return [...image.files.keys()].filter((path) => kindOf(path) === kind);
}

/** The paths of the store's segments that the manifest lists. */
export function segmentPaths({ image, manifest }: SmallStore): readonly string[] {
  const listed = new Set(manifest.segments.map(({ segmentId }) => segmentId));
  return pathsOf(image, "segment").filter((path) => listed.has(idOf(path)));
}

/** The paths of its segments that are not sealed. */
export function unsealedPaths(store: SmallStore): readonly string[] {
  const unsealed = store.manifest.segments.filter(({ state }) => state === "unsealed");
  return segmentPaths(store).filter((path) => unsealed.some(({ segmentId }) => segmentId === idOf(path)));
}

function idOf(path: string): number {
  const file = parseFileName(path.slice(DIRECTORY.length + 1));
  return file !== undefined && "id" in file ? file.id : 0;
}

/** The disk without those caches. */
export function withoutCaches(image: DiskImage, kinds: readonly string[] = ["hint", "checkpoint"]): DiskImage {
  let left = image;
  for (const path of image.files.keys()) if (kinds.includes(kindOf(path) ?? "")) left = left.withoutFile(path);
  return left;
}

/** The disk with a directory where that file was. */
export function withDirectory(image: DiskImage, path: string): DiskImage {
  const { directories, files } = image.withoutFile(path);
  return new DiskImage([...directories, path], files);
}
