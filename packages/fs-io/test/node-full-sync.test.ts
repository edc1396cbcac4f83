import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FsError } from "../src/errors.ts";
import type { FileSystem } from "../src/file-system.ts";
import { nodeFileSystem } from "../src/node-file-system.ts";
import { runtimeAtHand } from "../src/node-full-sync.ts";
import { temporaryDirectory } from "./directories.ts";

const BUN_ON_MACOS = { platform: "darwin", runtime: "bun" };

describe("under Bun on macOS, where a sync leaves the bytes in the drive's own cache", () => {
  const durable: ReadonlyArray<[keyof FileSystem, (fileSystem: FileSystem, path: string) => Promise<unknown>]> = [
    ["makeDirectory", (fileSystem, path) => fileSystem.makeDirectory(path)],
    ["create", (fileSystem, path) => fileSystem.create(path)],
    ["openAppend", (fileSystem, path) => fileSystem.openAppend(path)],
    ["replace", (fileSystem, path) => fileSystem.replace(path, new Uint8Array(1))],
    ["syncDirectory", (fileSystem, path) => fileSystem.syncDirectory(path)],
  ];

  test.each(durable)("%s is refused, changes nothing, and says what can be done", async (operation, call) => {
    const directory = await temporaryDirectory();
    const path = join(directory, "file");
    const error: unknown = await call(nodeFileSystem(BUN_ON_MACOS), path).catch((reason: unknown) => reason);
    const outcome = operation === "replace" ? "unchanged" : undefined;
    expect(FsError.is(error)).toBe(true);
    expect(error).toMatchObject({ code: "FS_NOT_SUPPORTED", operation, path, outcome });
    expect(String(error)).toMatch(/Use Node or Deno, or nodeFileSystem\(\{ allowDriveCache: true \}\)/);
    expect(await readdir(directory)).toEqual([]);
  });

  test("what promises nothing goes on: reading, looking, removing", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "file");
    await writeFile(path, "12345");
    const fileSystem = nodeFileSystem(BUN_ON_MACOS);
    const file = await fileSystem.openRead(path);
    expect(file.size()).toBe(5);
    await file.close();
    expect(await fileSystem.list(directory)).toEqual(["file"]);
    await fileSystem.remove(path);
    expect(await readdir(directory)).toEqual([]);
  });

  test("everything is done where a power cut need not be survived", async () => {
    const directory = await temporaryDirectory();
    const fileSystem = nodeFileSystem({ ...BUN_ON_MACOS, allowDriveCache: true });
    await fileSystem.makeDirectory(join(directory, "inner"));
    const file = await fileSystem.create(join(directory, "file"));
    file.append(new Uint8Array(10), 0, 10);
    await file.sync();
    await file.close();
    await (await fileSystem.openAppend(join(directory, "file"))).close();
    await fileSystem.replace(join(directory, "small"), new Uint8Array(1));
    await fileSystem.syncDirectory(directory);
    expect((await readdir(directory)).toSorted()).toEqual(["file", "inner", "small"]);
  });
});

test.each([
  ["darwin", "node"],
  ["linux", "bun"],
  ["win32", "bun"],
])("on %s under %s syncs are what they should be, and nothing is refused", async (platform, runtime) => {
  const directory = await temporaryDirectory();
  const fileSystem = nodeFileSystem({ platform, runtime });
  await fileSystem.replace(join(directory, "small"), new Uint8Array(1));
  expect(await readdir(directory)).toEqual(["small"]);
});

test.each([
  [{ node: "24.21.0", v8: "13.6" }, "node"],
  [{ node: "26.3.0", deno: "2.9.6" }, "node"],
  [{ node: "26.3.0", bun: "1.4.5" }, "bun"],
])("the runtime of versions %j is %s", (versions, runtime) => {
  expect(runtimeAtHand(versions)).toBe(runtime);
});
