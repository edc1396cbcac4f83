/** What of each published package somebody can import: its manifest says so, and nothing else has to be kept in step. */
import { posix } from "node:path";
import type { Repository } from "../pages/repository.ts";

/** A name to import from. */
export interface EntryPoint {
  /** `@hashlog/engine/worker`. */
  readonly name: string;
  /** The source file, from the root of the repository. */
  readonly source: string;
}

/** A published package. */
export interface PublishedPackage {
  /** Its folder's name. */
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  /** None for a package that only brings a program. */
  readonly entryPoints: readonly EntryPoint[];
}

interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

export function publishedPackages(repository: Repository): PublishedPackage[] {
  return repository.paths.flatMap((path) => {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    return folder === undefined ? [] : [publishedPackage(folder, JSON.parse(repository.read(path)) as Manifest)];
  });
}

function publishedPackage(folder: string, { name, description = "", exports = {} }: Manifest): PublishedPackage {
  const entryPoints = Object.entries(exports).flatMap(([subpath, target]): EntryPoint[] => {
    const source = sourceOf(target);
    if (source === undefined) return [];
    return [{ name: posix.join(name, subpath), source: posix.join("packages", folder, source) }];
  });
  return { folder, name, description, entryPoints };
}

/** The TypeScript behind an entry of `exports`; `package.json` has none. */
function sourceOf(target: unknown): string | undefined {
  if (typeof target !== "object" || target === null) return undefined;
  const source = (target as Readonly<Record<string, unknown>>)["@hashlog/source"];
  return typeof source === "string" ? source : undefined;
}
