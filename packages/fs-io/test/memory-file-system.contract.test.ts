import { describe, test } from "vitest";
import { memoryFileSystem } from "../src/memory-file-system.ts";
import { runFileSystemContract } from "../src/testing/file-system-contract.ts";

runFileSystemContract({ describe, test }, "the memory file system", async () => {
  return { fileSystem: memoryFileSystem(), directory: "/", dispose: async () => {} };
});
