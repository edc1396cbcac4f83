/** A published package as its users get it: what lies in its tarball. */
import { readFileSync } from "node:fs";
import { unpack } from "@publint/pack";

export interface PackedPackage {
  /** The name of its folder in `packages/`. */
  readonly folder: string;
  readonly manifest: PackedManifest;
  /** Where the tarball lies. */
  readonly tarball: string;
  readonly tarballBytes: number;
  /** By their paths in the package, with `/`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The part of a package.json that is read here. */
export interface PackedManifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly repository?: unknown;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export async function readTarball(folder: string, tarball: string): Promise<PackedPackage> {
  const bytes = readFileSync(tarball);
  const { files, rootDir } = await unpack(new Uint8Array(bytes));
  const byPath = new Map(files.map(({ name, data }) => [name.slice(rootDir.length + 1), data]));
  const manifest = byPath.get("package.json");
  if (manifest === undefined) throw new Error(`${tarball} holds no package.json`);
  return {
    folder,
    manifest: JSON.parse(textOf(manifest)) as PackedManifest,
    tarball,
    tarballBytes: bytes.length,
    files: byPath,
  };
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What the package takes up once it is unpacked. */
export function unpackedBytes({ files }: PackedPackage): number {
  return [...files.values()].reduce((sum, { length }) => sum + length, 0);
}

/** The programs that it brings: their names, and their paths in the package. */
export function programsOf({ name, bin = {} }: PackedManifest): [name: string, path: string][] {
  const programs = typeof bin === "string" ? { [name.split("/").at(-1) ?? name]: bin } : bin;
  return Object.entries(programs).map(([program, path]) => [program, path.replace(/^\.\//, "")]);
}
