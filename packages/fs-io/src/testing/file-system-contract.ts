import type { ContractTest, FileSystemFixture, TestFunctions } from "./contract-support.ts";
import { appendingContract } from "./contract-appending.ts";
import { directoryContract } from "./contract-directories.ts";
import { lockContract } from "./contract-lock.ts";
import { readingContract } from "./contract-reading.ts";
import { replacingContract } from "./contract-replacing.ts";

export type { FileSystemFixture, TestFunctions } from "./contract-support.ts";

/**
 * The prose of the `FileSystem` port as a suite: each sentence that can be checked without a crash or a failing disk is
 * a test. An implementation that passes can be handed to the engine.
 *
 *     runFileSystemContract({ describe, test }, "my file system", async () => ({
 *       fileSystem, directory, dispose: async () => {},
 *     }));
 *
 * It brings its own assertions, so that it runs under any runner (`describe` and `test` are the runner's), in a browser
 * too. `makeFileSystem` is called for each test and gives a file system with an empty directory; `dispose` is called
 * at the test's end, also when it failed.
 */
export function runFileSystemContract(
  runner: TestFunctions,
  name: string,
  makeFileSystem: () => Promise<FileSystemFixture>,
): void {
  const contractTest: ContractTest = (sentence, body) => {
    runner.test(sentence, async () => {
      const fixture = await makeFileSystem();
      try {
        await body(fixture);
      } finally {
        await fixture.dispose();
      }
    });
  };
  runner.describe(`the FileSystem contract, kept by ${name}`, () => {
    runner.describe("paths and directories", () => directoryContract(contractTest));
    runner.describe("creating and appending", () => appendingContract(contractTest));
    runner.describe("reading", () => readingContract(contractTest));
    runner.describe("replacing, removing and linking", () => replacingContract(contractTest));
    runner.describe("the volume and its lock", () => lockContract(contractTest));
  });
}
