import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PackageStore } from "../scripts/release/installation.ts";
import { packAll } from "../scripts/release/pack.ts";
import { ROOT } from "../scripts/setup.mjs";

/**
 * Makes a project like that of somebody who has installed Hashlog: all packages, out of the tarballs that a release would publish,
 * with what they declare and nothing else; and in it, the checks.
 *
 *     project/package.json
 *     project/node_modules/@hashlog/engine, ...     links into the store, as pnpm makes them
 *     project/checks/
 *     store/                                        what scripts/release/installation.ts says
 *
 * @param folder An empty one, outside of the repository, so that nothing can be found in the workspace that a package does not name.
 * @returns The path of the project.
 */
export async function makeProject(folder: string): Promise<string> {
  const project = join(folder, "project");
  const store = join(folder, "store");
  const work = join(folder, "work");
  for (const each of [project, store, work]) await mkdir(each);
  const { packages } = await packAll(work);
  const names = packages.map(({ manifest }) => manifest.name);
  new PackageStore(store, packages, ROOT).install(project, names, ROOT);
  const dependencies = Object.fromEntries(packages.map(({ manifest }) => [manifest.name, manifest.version]));
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  await cp(join(ROOT, "runtimes", "checks"), join(project, "checks"), { recursive: true });
  return project;
}
