/**
 * Uses each package alone, as somebody would who has just installed it: a project with the package, with what the program
 * `test/used-alone.ts` of the package imports besides and the package declares, and with the types of Node; nothing else.
 *
 * The one program is compiled twice, as an ES module and as CommonJS, against the types that were packed, and both are run. The
 * entries of a package that leans on none but ours are compiled once more, where there are no types of Node.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { inParallel } from "../in-parallel.ts";
import { run, type Finished } from "../run.mjs";
import { NODE, npmNode, ROOT } from "../setup.mjs";
import type { PackageStore } from "./installation.ts";
import { programsOf, type PackedManifest, type PackedPackage } from "./packed-package.ts";

export interface Use {
  /** What was tried: "@hashlog/engine: used by require". */
  readonly name: string;
  /** What went wrong, if anything did. */
  readonly complaint: string | undefined;
}

/** A folder in which a package is installed, and used by a program. */
export interface Project {
  readonly directory: string;
  readonly manifest: PackedManifest;
}

/** Where a package keeps the program that uses it. It exports `use`, which resolves when it has seen what it expected. */
export function usingProgram(folder: string): string {
  return join(ROOT, "packages", folder, "test", "used-alone.ts");
}

/**
 * Makes the project of a package.
 * @throws Error where there is no program that uses it, or it imports what the package does not declare
 */
export function makeProject(store: PackageStore, one: PackedPackage, directory: string, program: string): Project {
  const { folder, manifest } = one;
  const text = readFileSync(program, "utf8");
  const place = join(ROOT, "packages", folder);
  mkdirSync(directory, { recursive: true });
  store.install(directory, neededBy(text, manifest), place);
  store.install(directory, ["@types/node"], ROOT);
  writeJson(join(directory, "package.json"), { name: `uses-${folder}`, private: true });
  writeJson(join(directory, "tsconfig.json"), { compilerOptions: COMPILER_OPTIONS, include: ["use.mts", "use.cts"] });
  for (const kind of ["mts", "cts"]) writeFileSync(join(directory, `use.${kind}`), text);
  writeJson(join(directory, WITHOUT_NODE), { compilerOptions: OPTIONS_WITHOUT_NODE, include: ["entries.mts"] });
  const entries = entriesOf(manifest).map(
    (entry, number) => `export * as entry${number} from ${JSON.stringify(entry)};\n`,
  );
  writeFileSync(join(directory, "entries.mts"), entries.join(""));
  writeFileSync(join(directory, "run.mjs"), runByImport(manifest));
  writeFileSync(join(directory, "run.cjs"), runByRequire(manifest));
  return { directory, manifest };
}

/** Compiles the program of each project, and runs it in each way; as many projects at once as there are processors. */
export async function tryProjects(projects: readonly Project[]): Promise<Use[]> {
  return (await inParallel(projects, availableParallelism(), tryProject)).flat();
}

async function tryProject(project: Project): Promise<Use[]> {
  const { name } = project.manifest;
  const typed = { name: `${name}: compiled against its types`, complaint: await compile(project) };
  // What was not compiled cannot be run, and is one failure, not three.
  if (typed.complaint !== undefined) return [typed];
  const uses: Use[] = [typed];
  if (leansOnOursAlone(project.manifest)) {
    const complaint = await complaintOfCompiler(project, WITHOUT_NODE);
    uses.push({ name: `${name}: compiled where there are no types of Node`, complaint });
  }
  const attempt = async (what: string, args: readonly string[], expected: string): Promise<void> => {
    const finished = await runAlone([npmNode(), ...args], project);
    uses.push({ name: `${name}: ${what}`, complaint: complaintAbout(finished, expected) });
  };
  await attempt("used by import", ["run.mjs"], DONE);
  await attempt("used by require", ["run.cjs"], DONE);
  for (const [program, path] of programsOf(project.manifest)) {
    await attempt(`${program} --help`, [join("node_modules", name, path), "--help"], program);
  }
  return uses;
}

const COMPILER_OPTIONS = {
  target: "es2023",
  module: "nodenext",
  moduleResolution: "nodenext",
  strict: true,
  skipLibCheck: false,
  types: ["node"],
  rootDir: ".",
  outDir: "built",
};

/** As whoever configures nothing has it, from TypeScript 6 on. */
const OPTIONS_WITHOUT_NODE = { ...COMPILER_OPTIONS, types: [], noEmit: true };
const WITHOUT_NODE = "tsconfig.without-node.json";

const DONE = "used to its end";

/** Whether there can be nobody else's types in those of the package. */
function leansOnOursAlone({ dependencies, peerDependencies }: PackedManifest): boolean {
  return Object.keys({ ...dependencies, ...peerDependencies }).every((name) => name.startsWith("@hashlog/"));
}

/** The package, what it wants its users to have, and what the program imports of its dependencies. */
function neededBy(program: string, manifest: PackedManifest): string[] {
  const { staticImports } = parseSync("use.ts", program).module;
  const imported = staticImports.map(({ moduleRequest }) => packageOf(moduleRequest.value));
  const others = imported.filter((name) => !isBuiltin(name) && name !== manifest.name);
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  const undeclared = others.filter((name) => declared[name] === undefined);
  if (undeclared.length > 0) throw new Error(`its program imports ${undeclared.join(", ")}, which is not declared`);
  return [...new Set([manifest.name, ...Object.keys(manifest.peerDependencies ?? {}), ...others])];
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Every entry of the package is loaded, before its program uses some of them. */
function runByImport(manifest: PackedManifest): string {
  const imports = entriesOf(manifest).map((entry) => `import ${JSON.stringify(entry)};\n`);
  return `${imports.join("")}import { use } from "./built/use.mjs";\nuse().then(() => console.log("${DONE}"));\n`;
}

function runByRequire(manifest: PackedManifest): string {
  const requires = entriesOf(manifest).map((entry) => `require(${JSON.stringify(entry)});\n`);
  return `${requires.join("")}require("./built/use.cjs").use().then(() => console.log("${DONE}"));\n`;
}

function entriesOf({ name, exports = {} }: PackedManifest): string[] {
  return Object.keys(exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => name + entry.slice(1));
}

/**
 * Nothing is left unlooked at, the types of the package and of what it leans on included. What is wrong in those of others is
 * not ours to mend, and is passed over: a driver of unstorage, say, names a client that only its users install.
 */
async function compile(project: Project): Promise<string | undefined> {
  const complaint = await complaintOfCompiler(project, "tsconfig.json");
  if (complaint !== undefined || existsSync(join(project.directory, "built", "use.cjs"))) return complaint;
  return "nothing came of it";
}

async function complaintOfCompiler(project: Project, config: string): Promise<string | undefined> {
  const { code, output } = await runAlone([NODE, TSC, "-p", config], project);
  const errors = output.split("\n").filter((line) => /error TS\d+:/.test(line));
  const ours = errors.filter((line) => !isOfOthers(line));
  if (ours.length > 0) return ours.slice(0, LINES_MAX).join("\n    ");
  return errors.length > 0 ? undefined : complaintAbout({ code, output }, "");
}

const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");

/** Whether the file of a message of the compiler lies in the store (installation.ts), and not in a package of ours. */
function isOfOthers(message: string): boolean {
  const entry = /^[^(]*\/store\/([^/]+)\//.exec(message.replaceAll("\\", "/"))?.[1];
  return entry !== undefined && !entry.includes("-@hashlog+");
}

/** Without what this process was started with: a condition or a folder of modules would find more than is installed. */
function runAlone(command: readonly string[], { directory }: Project): Promise<Finished> {
  const { NODE_OPTIONS: _options, NODE_PATH: _path, ...env } = process.env;
  return run(command, { cwd: directory, env, keepOutput: true });
}

function complaintAbout({ code, output }: Finished, expected: string): string | undefined {
  if (code === 0 && output.includes(expected)) return undefined;
  return `it ended with ${code}: ${output.trim().split("\n").slice(0, LINES_MAX).join("\n    ") || "it said nothing"}`;
}

const LINES_MAX = 12;

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
