import { execFileSync } from "node:child_process";

/** The commit that is checked out, if the files are as it has them; `undefined` also where git or a repository is not there. */
export function commitOf(root: string): string | undefined {
  try {
    return git(root, "status", "--porcelain") === "" ? git(root, "rev-parse", "--short", "HEAD") : undefined;
  } catch {
    return undefined;
  }
}

function git(root: string, ...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
