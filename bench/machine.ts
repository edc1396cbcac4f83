import { execFile } from "node:child_process";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { promisify } from "node:util";

/** On what something was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly date: string;
  readonly commit: string;
}

/** What this runs on; the commit is followed by "and changes" where files differ from it. */
export async function thisMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}, ${process.arch}`,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
  };
}

async function commit(): Promise<string> {
  try {
    const name = await git("rev-parse", "--short=12", "HEAD");
    return (await git("status", "--porcelain")) === "" ? name : `${name} and changes`;
  } catch {
    return "unknown";
  }
}

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", args, { cwd: import.meta.dirname });
  return stdout.trim();
}
