import { cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { x } from "tar";
import { run } from "../scripts/run.mjs";
import { pnpm, ROOT } from "../scripts/setup.mjs";

/**
 * Makes a project like that of somebody who has installed Hashlog: the packages out of the tarballs that would be published, the
 * adapters' hosts as the workspace has them, and nothing else; and in it, the checks.
 *
 *     folder/package.json
 *     folder/node_modules/@hashlog/engine, ...     out of their tarballs: dist/, the published package.json
 *     folder/node_modules/keyv, ...                links: what their package.json names besides
 *     folder/checks/
 *
 * It lies outside of the repository, so that nothing can be found in the workspace that a package does not name.
 */
export async function makeProject(folder: string): Promise<void> {
  const tarballs = join(folder, "tarballs");
  const modules = join(folder, "node_modules");
  await mkdir(tarballs, { recursive: true });
  await pack(tarballs);
  for (const tarball of await readdir(tarballs)) await unpack(join(tarballs, tarball), modules);
  const installed = await readdir(join(modules, "@hashlog"));
  for (const name of installed) await linkHosts(name, modules);
  const dependencies = Object.fromEntries(installed.map((name) => [`@hashlog/${name}`, "*"]));
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  await cp(join(ROOT, "runtimes", "checks"), join(folder, "checks"), { recursive: true });
}

/** Packs all published packages, as `pnpm publish` would. */
async function pack(into: string): Promise<void> {
  const command = pnpm("--recursive", "--filter", "./packages/*", "pack", "--pack-destination", into);
  const { code, output } = await run(command, { cwd: ROOT, keepOutput: true });
  if (code !== 0) throw new Error(`the packages could not be packed:\n${output}`);
}

/** `hashlog-fs-io-0.1.0.tgz` becomes `@hashlog/fs-io`. */
async function unpack(tarball: string, modules: string): Promise<void> {
  const aside = `${tarball}.files`;
  await mkdir(aside);
  await x({ file: tarball, cwd: aside, strip: 1 });
  const { name } = await readManifest(aside);
  await cp(aside, join(modules, name), { recursive: true });
}

/** What a package depends on besides its siblings: the very versions that the lockfile of the workspace names. */
async function linkHosts(name: string, modules: string): Promise<void> {
  const { dependencies, peerDependencies } = await readManifest(join(modules, "@hashlog", name));
  for (const host of Object.keys({ ...dependencies, ...peerDependencies })) {
    if (host.startsWith("@hashlog/")) continue;
    const source = await realpath(join(ROOT, "packages", name, "node_modules", host));
    const link = join(modules, host);
    await mkdir(dirname(link), { recursive: true });
    const linked = await realpath(link).catch(() => undefined);
    if (linked === undefined) await symlink(source, link, "junction");
    else if (linked !== source) throw new Error(`two packages want different versions of ${host}`);
  }
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}
