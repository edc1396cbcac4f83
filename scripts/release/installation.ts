/**
 * Installs packed packages without a registry, so that nothing is found that was not declared: each package lies in a folder of
 * its own, and beside it nothing but what its package.json names, as pnpm does it.
 *
 *     store/@hashlog+level@0.1.0/node_modules/@hashlog/level      from its tarball
 *                                             @hashlog/engine     a link to the engine's own folder in the store
 *                                             abstract-level      a link as well
 *     store/abstract-level@3.1.1/node_modules/abstract-level      a copy of what the workspace has installed
 *
 * A project is an empty folder with links to what its own package.json names.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { PackedManifest, PackedPackage } from "./packed-package.ts";

export class PackageStore {
  readonly #directory: string;
  readonly #packed: ReadonlyMap<string, PackedPackage>;
  readonly #root: string;
  /** Where each package lies in the store, by what it was made of: the path of a tarball, or of an installed package. */
  readonly #stored = new Map<string, string>();

  /**
   * @param directory Where nothing lies yet, and no node_modules above.
   * @param packed What is released.
   * @param root Of the workspace, which has installed what is not released here.
   */
  constructor(directory: string, packed: readonly PackedPackage[], root: string) {
    refuseModulesAbove(directory);
    this.#directory = directory;
    this.#packed = new Map(packed.map((one) => [one.manifest.name, one]));
    this.#root = root;
  }

  /**
   * Puts what is named into the node_modules of `project`: what is released from its tarball, all else as the package in the
   * folder `place` of the workspace has it.
   * @throws Error for a package that is not installed there
   */
  install(project: string, names: readonly string[], place: string): void {
    for (const name of names) this.#link(project, name, place);
  }

  #link(target: string, name: string, place: string): void {
    const packed = this.#packed.get(name);
    const stored = packed === undefined ? this.#installed(name, place) : this.#unpacked(packed);
    const link = join(target, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(stored, link, "junction");
  }

  #unpacked(one: PackedPackage): string {
    return this.#once(one.tarball, one.manifest, join(this.#root, "packages", one.folder), (target) => {
      for (const [path, bytes] of one.files) {
        mkdirSync(dirname(join(target, path)), { recursive: true });
        writeFileSync(join(target, path), bytes);
      }
    });
  }

  #installed(name: string, place: string): string {
    const found = findInstalled(name, place);
    if (found === undefined) throw new Error(`${name} is not installed at ${place}, where it is declared`);
    const manifest = JSON.parse(readFileSync(join(found, "package.json"), "utf8")) as PackedManifest;
    return this.#once(found, manifest, found, (target) => cpSync(found, target, { recursive: true }));
  }

  /** Stores a package the first time that it is asked for, and all that it declares. */
  #once(origin: string, manifest: PackedManifest, place: string, fill: (target: string) => void): string {
    const known = this.#stored.get(origin);
    if (known !== undefined) return known;
    const entry = join(this.#directory, `${this.#stored.size}-${manifest.name.replace("/", "+")}@${manifest.version}`);
    const target = join(entry, "node_modules", manifest.name);
    // Before what it declares, which may declare it in turn.
    this.#stored.set(origin, target);
    fill(target);
    for (const name of declaredBy(manifest, place)) this.#link(entry, name, place);
    return target;
  }
}

/** What is installed along with a package: optional peers are not, optional dependencies where the platform has them. */
function declaredBy(manifest: PackedManifest, place: string): string[] {
  const { dependencies, peerDependencies = {}, peerDependenciesMeta, optionalDependencies = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
  const optional = Object.keys(optionalDependencies).filter((name) => findInstalled(name, place) !== undefined);
  // npm writes what is optional among the dependencies as well.
  const needed = Object.keys(dependencies ?? {}).filter((name) => optionalDependencies[name] === undefined);
  return [...new Set([...needed, ...peers, ...optional])];
}

/** The real folder of a package that is declared by the one at `place`: in its node_modules, or in those that it lies in. */
function findInstalled(name: string, place: string): string | undefined {
  const parts = place.split(sep);
  const around = parts.slice(0, parts.lastIndexOf("node_modules") + 1);
  const modules = [join(place, "node_modules"), ...(around.length > 0 ? [around.join(sep)] : [])];
  const found = modules.map((folder) => join(folder, name)).find((path) => existsSync(join(path, "package.json")));
  return found === undefined ? undefined : realpathSync(found);
}

/** Node looks for packages in every folder above: what lies there would be found though nobody declares it. */
function refuseModulesAbove(directory: string): void {
  const modules = join(directory, "node_modules");
  if (existsSync(modules))
    throw new Error(`${modules} would be found by every program: choose another temporary folder`);
  if (dirname(directory) !== directory) refuseModulesAbove(dirname(directory));
}
