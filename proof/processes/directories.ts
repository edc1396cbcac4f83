import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory of the machine's file system, empty, and removed when the test ends. */
export async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-killed-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
