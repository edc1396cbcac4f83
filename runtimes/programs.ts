import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { npmNode, PROGRAMS } from "../scripts/setup.mjs";
import { HERE } from "./options.ts";

/** Which of the three a runtime is: it decides how it is called. */
export type Kind = "node" | "bun" | "deno";

/** The names of all runtimes of programs/package.json: Node, from the oldest to the newest, and then the others. */
export function programNames(): string[] {
  const { dependencies = {} } = readManifest(join(PROGRAMS, "package.json"));
  const rank = (name: string): string => `${kindOf(name) === "node" ? 0 : 1} ${dependencies[name]}`;
  return Object.keys(dependencies).toSorted((a, b) => rank(a).localeCompare(rank(b), "en", { numeric: true }));
}

export function kindOf(name: string): Kind {
  return name === "bun" || name === "deno" ? name : "node";
}

/** Where the program of a runtime lies, if it is installed. */
export function programOf(name: string): string | undefined {
  if (name === HERE) return npmNode();
  const kind = kindOf(name);
  const folder = join(PROGRAMS, "node_modules", name);
  const exe = process.platform === "win32" ? ".exe" : "";
  const program = kind === "node" ? join(folder, "bin", `node${exe}`) : platformProgram(folder, kind, exe);
  return program !== undefined && existsSync(program) ? program : undefined;
}

/**
 * Bun and Deno are small packages with one for each platform as optional dependencies, of which the one that fits is installed.
 * Their install scripts, which are not run, would only copy the program from there.
 */
function platformProgram(folder: string, kind: "bun" | "deno", exe: string): string | undefined {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return undefined;
  // What it depends on lies beside it where it really is.
  const { resolve } = createRequire(realpathSync(manifest));
  for (const name of Object.keys(readManifest(manifest).optionalDependencies ?? {})) {
    try {
      const platform = dirname(resolve(`${name}/package.json`));
      return kind === "bun" ? join(platform, "bin", `bun${exe}`) : join(platform, `deno${exe}`);
    } catch {
      // Of another platform.
    }
  }
  return undefined;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}
