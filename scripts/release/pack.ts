/**
 * Packs all packages as a release would: versions are what the changesets make of them, ranges of the workspace become real
 * ones, and exports are those of `publishConfig`. All of that in a copy; the working tree stays as it is.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageNames } from "../layout.mjs";
import { run } from "../run.mjs";
import { environment, NODE, pnpm, ROOT } from "../setup.mjs";
import { readTarball, type PackedPackage } from "./packed-package.ts";

/** What is made anew, or is no part of what is packed. */
const LEFT_BEHIND = new Set(["node_modules", ".turbo", "coverage"]);

const CHANGESETS = join("node_modules", "@changesets", "cli");

export interface Packed {
  /** How many changesets were turned into versions. */
  readonly changesets: number;
  /** Those first on which others depend. */
  readonly packages: readonly PackedPackage[];
}

/**
 * @param work An empty directory.
 * @throws Error with what the tool has said
 */
export async function packAll(work: string): Promise<Packed> {
  const copy = join(work, "workspace");
  copyWorkspace(copy);
  const changesets = pendingChangesets(copy);
  if (changesets > 0) await succeed([NODE, join(ROOT, CHANGESETS, "bin.js"), "version"], copy);
  const tarballs = join(work, "tarballs");
  mkdirSync(tarballs);
  await succeed(pnpm("--recursive", "--filter", "./packages/*", "pack", "--pack-destination", tarballs), copy);
  const packages = await Promise.all(
    packageNames().map((folder) => {
      const { name, version } = readManifest(join(copy, "packages", folder));
      return readTarball(folder, join(tarballs, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`));
    }),
  );
  return { changesets, packages: dependenciesFirst(packages) };
}

/** In an order in which they can be published. */
export function dependenciesFirst(packages: readonly PackedPackage[]): PackedPackage[] {
  const ordered: PackedPackage[] = [];
  const add = (one: PackedPackage): void => {
    if (ordered.includes(one)) return;
    const wanted = Object.keys(one.manifest.dependencies ?? {});
    for (const other of packages) if (wanted.includes(other.manifest.name)) add(other);
    ordered.push(one);
  };
  for (const one of packages) add(one);
  return ordered;
}

function copyWorkspace(copy: string): void {
  for (const name of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", ".npmrc", ".changeset"]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  for (const folder of packageNames()) {
    cpSync(join(ROOT, "packages", folder), join(copy, "packages", folder), {
      recursive: true,
      filter: (path) => !LEFT_BEHIND.has(path.split(/[/\\]/).at(-1) ?? ""),
    });
  }
  // changesets looks for what writes its changelogs where the configuration lies.
  mkdirSync(dirname(join(copy, CHANGESETS)), { recursive: true });
  symlinkSync(join(ROOT, CHANGESETS), join(copy, CHANGESETS), "junction");
}

function pendingChangesets(workspace: string): number {
  const folder = join(workspace, ".changeset");
  return readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md").length;
}

function readManifest(folder: string): { name: string; version: string } {
  const path = join(folder, "package.json");
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  return JSON.parse(readFileSync(path, "utf8")) as { name: string; version: string };
}

async function succeed(command: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(command, { cwd, env: environment(), keepOutput: true });
  if (code !== 0) throw new Error(`${command.slice(1).join(" ")} failed:\n${output.trimEnd()}`);
}
