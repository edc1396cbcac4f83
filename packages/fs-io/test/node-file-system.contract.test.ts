import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { nodeFileSystem } from "../src/node-file-system.ts";
import { runFileSystemContract } from "../src/testing/file-system-contract.ts";

runFileSystemContract({ describe, test }, "the node file system", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-"));
  return { fileSystem: nodeFileSystem(), directory, dispose: () => rm(directory, { recursive: true }) };
});
