import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { git } from "../world/git.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILES = ["package.json", "vitest.config.ts", "tsconfig.base.json", "tsconfig.json", "tsconfig.tests.json"];
const FOLDERS = ["packages", "proof", "test", "scripts"];
const LEFT_OUT = new Set(["node_modules", "dist", ".turbo", "coverage"]);

/**
 * A copy of the sources, of the proof and of their tests, in which something may be broken. What is installed is not
 * copied but linked, and the workspace's own packages are those of the copy.
 */
export class ScratchCopy {
  readonly root: string = mkdtempSync(join(tmpdir(), "hashlog-mutant-"));

  constructor() {
    for (const name of FILES) cpSync(join(ROOT, name), join(this.root, name));
    for (const name of FOLDERS) copyFolder(join(ROOT, name), join(this.root, name));
    const modules = join(this.root, "node_modules");
    mkdirSync(join(modules, "@hashlog"), { recursive: true });
    for (const name of readdirSync(join(this.root, "packages"))) {
      symlinkSync(join(this.root, "packages", name), join(modules, "@hashlog", name));
    }
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      if (name !== "@hashlog") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    }
  }

  /** @throws Error if the patch does not apply */
  apply(patch: string): void {
    applyPatch(this.root, patch);
  }

  remove(): void {
    // Whoever ran in it may be on its way out still, and write a last file.
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Throws if the patch does not apply to the present sources. Changes nothing. */
export function checkPatch(patch: string): void {
  applyPatch(ROOT, patch, "--check");
}

// Lines are found by what stands around them, so that a patch outlives changes elsewhere in its file.
function applyPatch(root: string, patch: string, ...more: string[]): void {
  git(root, "apply", "--recount", "-C1", "--whitespace=nowarn", ...more, patch);
}

function copyFolder(from: string, to: string): void {
  if (!existsSync(from)) return;
  cpSync(from, to, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
}
