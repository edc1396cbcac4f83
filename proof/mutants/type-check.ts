import { spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScratchCopy } from "./scratch-copy.ts";

/** A patch, and the files that it changes. */
export interface Planted {
  readonly name: string;
  readonly path: string;
  readonly files: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONFIG = "tsconfig.patched.json";

/**
 * Checks the types of the packages' sources with patches in them: a patch goes on applying when what it calls has another
 * name by now, or lies elsewhere, and what comes of it does not load. Several patches are checked at once, as that takes
 * no longer than one.
 */
export class TypeCheck {
  readonly #copy = new ScratchCopy();

  /** @param files that the patches change: the sources of their packages are what is checked */
  constructor(files: readonly string[]) {
    const compilerOptions = {
      // Of what a patch leaves unused nobody minds.
      noUnusedLocals: false,
      noUnusedParameters: false,
      // Of what did not change since the last time nothing is checked again.
      incremental: true,
      tsBuildInfoFile: "./patched.tsbuildinfo",
    };
    const config = { extends: "./tsconfig.tests.json", compilerOptions, include: packagesOf(files) };
    writeFileSync(join(this.#copy.root, CONFIG), JSON.stringify(config));
  }

  /**
   * What the compiler has to say with all of these patches applied, no two of which may change the same file; each complaint
   * with the name of the patch whose file it is of. Takes the patches out again.
   * @throws Error if one of them does not apply, or there is no compiler
   */
  complaints(patches: readonly Planted[]): string[] {
    const { root } = this.#copy;
    const owners = new Map(patches.flatMap(({ name, files }) => files.map((file) => [file, name] as const)));
    try {
      for (const { path } of patches) this.#copy.apply(path);
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      const { status, stdout, error } = spawnSync(process.execPath, [tsc, "-p", CONFIG], {
        cwd: root,
        encoding: "utf8",
      });
      if (error !== undefined) throw error;
      // What belongs to a complaint and goes on is indented.
      const lines = stdout.split("\n").filter((line) => /^\S/.test(line));
      if (status !== 0 && lines.length === 0) throw new Error(`the compiler ended with ${status}`);
      return lines.map((line) => `${owners.get(line.split("(")[0]!) ?? "some patch"}: ${line}`);
    } finally {
      for (const file of owners.keys()) cpSync(join(ROOT, file), join(root, file));
    }
  }

  remove(): void {
    this.#copy.remove();
  }
}

function packagesOf(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => /^packages\/[^/]+\/src(?=\/)/.exec(file)![0]))];
}
