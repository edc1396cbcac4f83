/** What others check of a package before they use it: publint, and whether the types are right ("attw"). */
import { checkPackage, Package, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { PackedPackage } from "./packed-package.ts";

/**
 * The profile "esm-only" of attw's command line. `node10` knows no `exports`; `node16-cjs` complains that a `require` gets an
 * ES module, which Node has done since 20.19, and which is tried by the programs that use each package.
 */
const RESOLUTIONS_IGNORED: readonly string[] = ["node10", "node16-cjs"];

/** What publint says, suggestions too. */
export async function publintComplaints({ manifest, files }: PackedPackage): Promise<string[]> {
  const packed = [...files].map(([path, data]) => ({ name: `package/${path}`, data }));
  const { messages, pkg } = await publint({ pkgDir: "package", pack: { files: packed }, strict: true });
  return messages.map((message) => `${manifest.name}: publint: ${formatMessage(message, pkg) ?? message.code}`);
}

/** What attw says with `--profile esm-only`. */
export async function attwComplaints({ manifest, files }: PackedPackage): Promise<string[]> {
  const { name, version } = manifest;
  const installed = [...files].map(([path, data]) => [`/node_modules/${name}/${path}`, data] as const);
  const result = await checkPackage(new Package(Object.fromEntries(installed), name, version));
  if (!result.types) return [`${name}: attw: there are no types`];
  return result.problems
    .filter((problem) => !("resolutionKind" in problem && RESOLUTIONS_IGNORED.includes(problem.resolutionKind)))
    .map((problem) => `${name}: attw: ${describe(problem)}`);
}

function describe(problem: Problem): string {
  const entry = "entrypoint" in problem ? ` of "${problem.entrypoint}"` : "";
  const resolution = "resolutionKind" in problem ? ` by ${problem.resolutionKind}` : "";
  const file =
    "typesFileName" in problem ? problem.typesFileName : "fileName" in problem ? problem.fileName : undefined;
  return `${problem.kind}${entry}${resolution}${file === undefined ? "" : ` in ${file}`}`;
}
