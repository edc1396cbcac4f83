/** The contract suites that the packages export, run on what the packages bring. */
import { bitcaskStrategy, sizeTieredStrategy } from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";
import { memoryFileSystem, nodeFileSystem } from "@hashlog/fs-io";
import { runFileSystemContract } from "@hashlog/fs-io/testing";
import { hashKeydir } from "@hashlog/index";
import { runIndexContract } from "@hashlog/index/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "./harness.mjs";

runFileSystemContract({ describe, test }, "the machine's file system", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-"));
  return {
    fileSystem: nodeFileSystem(),
    directory,
    dispose: () => rm(directory, { recursive: true, force: true, maxRetries: 10 }),
  };
});

runFileSystemContract({ describe, test }, "the one in memory", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.makeDirectory("/store");
  return { fileSystem, directory: "/store", dispose: async () => {} };
});

runIndexContract({ describe, test }, "the one in typed arrays", hashKeydir);

runStrategyContract({ describe, test }, "the one that Bitcask has", bitcaskStrategy);

runStrategyContract({ describe, test }, "the one by sizes", sizeTieredStrategy);
