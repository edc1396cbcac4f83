import { git } from "../world/git.ts";

/** The commit that is checked out, if the files are as it has them; `undefined` also where git or a repository is not there. */
export function commitOf(root: string): string | undefined {
  try {
    return git(root, "status", "--porcelain") === "" ? git(root, "rev-parse", "--short", "HEAD") : undefined;
  } catch {
    return undefined;
  }
}
