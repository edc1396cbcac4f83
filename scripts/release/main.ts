/**
 * `npm run release:dry`: proves a release without a registry, and leaves the working tree as it is.
 *
 *     npm run release:dry                     packs, checks and uses every package
 *     npm run release:dry -- --files          and lists every file of every tarball
 *     npm run release:dry -- --out tarballs   and leaves the tarballs there, to be published
 *
 * Ends with 0 if all is well, 1 if something is not, and 2 for arguments that it does not understand.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, seconds } from "../setup.mjs";
import { BUDGETS, measureBundle, type Budget, type Bundle } from "./bundles.ts";
import { complaintsAbout } from "./contents.ts";
import { PackageStore } from "./installation.ts";
import { attwComplaints, publintComplaints } from "./lint.ts";
import { packAll } from "./pack.ts";
import type { PackedPackage } from "./packed-package.ts";
import { bundleTable, fileList, packageTable } from "./tables.ts";
import { makeProject, tryProjects, usingProgram, type Project } from "./uses.ts";
import { Verdict } from "./verdict.ts";

const USAGE = "npm run release:dry [-- [--files] [--out FOLDER] [--report FILE]]";

process.exitCode = await main();

async function main(): Promise<number> {
  let options;
  try {
    options = parseArgs({
      options: { files: { type: "boolean" }, out: { type: "string" }, report: { type: "string" } },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const out = options.out === undefined ? undefined : resolve(options.out);
  if (out !== undefined && existsSync(out)) {
    console.error(`${out} is there already: name a folder for the tarballs that is not`);
    return 2;
  }
  // On some systems the temporary folder is a link, and what is resolved is not.
  const work = realpathSync(mkdtempSync(join(tmpdir(), "hashlog-release-")));
  try {
    const { packages, verdict } = await rehearse(work, options.files ?? false);
    const { passed, findings } = verdict;
    // Only what was found good is worth publishing.
    if (out !== undefined && findings.length === 0) keepTarballs(packages, out);
    if (options.report !== undefined) writeFileSync(options.report, JSON.stringify({ passed, findings }));
    console.log(`${passed} checks of the release passed, ${findings.length} findings`);
    return findings.length === 0 ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Rehearsal {
  readonly packages: readonly PackedPackage[];
  readonly verdict: Verdict;
}

async function rehearse(work: string, listFiles: boolean): Promise<Rehearsal> {
  const verdict = new Verdict((finding) => console.log(`    ${finding}`));
  const { packages, changesets } = await step("packing", () => packAll(work));
  const versions = [...new Set(packages.map(({ manifest }) => manifest.version))];
  console.log(`    ${packages.length} packages, version ${versions.join(", ")}, of ${changesets} changesets`);
  verdict.judge(versions.length === 1 ? [] : [`the packages have different versions: ${versions.join(", ")}`]);

  await step("looking into the tarballs", async () => lookInside(packages, verdict));
  await step("publint", () => eachOf(packages, publintComplaints, verdict));
  await step("attw", () => eachOf(packages, attwComplaints, verdict));
  const projects = await step("installing each package alone", async () => installAll(work, packages, verdict));
  const bundles = await step("bundling", () => bundleAll(projects, verdict));
  await step("using each package alone: by types, import, require", async () => {
    for (const { name, complaint } of await tryProjects([...projects.values()])) {
      verdict.judge(complaint === undefined ? [] : [`${name}: ${complaint}`]);
    }
  });

  console.log(`\n${packageTable(packages)}\n\n${bundleTable(bundles)}\n`);
  if (listFiles) console.log(`${packages.map(fileList).join("\n\n")}\n`);
  tellWhatIsMissing(packages);
  return { packages, verdict };
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const result = await work();
  console.log(`${name}: ${seconds(started)}`);
  return result;
}

function lookInside(packages: readonly PackedPackage[], verdict: Verdict): void {
  const license = readFileSync(join(ROOT, "LICENSE"), "utf8");
  for (const one of packages) verdict.judge(complaintsAbout(one, packages, license));
}

async function eachOf(
  packages: readonly PackedPackage[],
  look: (one: PackedPackage) => Promise<string[]>,
  verdict: Verdict,
): Promise<void> {
  for (const one of packages) verdict.judge(await look(one));
}

/** The projects by the folders of their packages. */
function installAll(work: string, packages: readonly PackedPackage[], verdict: Verdict): ReadonlyMap<string, Project> {
  const store = new PackageStore(join(work, "store"), packages, ROOT);
  const projects = new Map<string, Project>();
  for (const one of packages) {
    const program = usingProgram(one.folder);
    try {
      projects.set(one.folder, makeProject(store, one, join(work, "projects", one.folder), program));
    } catch (error) {
      verdict.judge([`${one.manifest.name}: ${(error as Error).message}`]);
    }
  }
  return projects;
}

async function bundleAll(
  projects: ReadonlyMap<string, Project>,
  verdict: Verdict,
): Promise<readonly (Bundle & Budget)[]> {
  const bundles: (Bundle & Budget)[] = [];
  for (const budget of BUDGETS) {
    const project = projects.get(budget.folder);
    // That it could not be installed was told.
    if (project === undefined) continue;
    const bundle = await measureBundle(budget.code, project.directory);
    const isWithin = bundle.gzipBytes <= budget.gzipBytesMax;
    verdict.judge(isWithin ? [] : [`${budget.code} takes ${bundle.gzipBytes} bytes, more than ${budget.gzipBytesMax}`]);
    bundles.push({ ...budget, ...bundle });
  }
  return bundles;
}

/** What cannot be known before there is an address: CONTRIBUTING.md, "Releasing". */
function tellWhatIsMissing(packages: readonly PackedPackage[]): void {
  const without = packages.filter(({ manifest }) => manifest.repository === undefined);
  if (without.length === 0) return;
  console.log(`before a first release: ${without.length} packages name no repository, which provenance asks for\n`);
}

function keepTarballs(packages: readonly PackedPackage[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { tarball } of packages) {
    cpSync(tarball, join(folder, basename(tarball)));
    console.log(join(folder, basename(tarball)));
  }
}
