import { execFileSync } from "node:child_process";
import { dirname } from "node:path";

/**
 * Runs git in a folder, whatever repository this process was started for: in a hook git names its own in the environment,
 * and whoever inherits that works on the caller's. Nor is a repository meant that the folder only happens to lie in.
 * @throws Error if git is not there, or fails
 */
export function git(folder: string, ...args: readonly string[]): string {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = { ...Object.fromEntries(own), GIT_CEILING_DIRECTORIES: dirname(folder) };
  return execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env }).trim();
}
