import { expect, test } from "vitest";
import { memoryFileSystem } from "../src/memory-file-system.ts";

test("each memory file system is a world of its own", async () => {
  const [one, other] = [memoryFileSystem(), memoryFileSystem()];
  await one.replace("/a", new Uint8Array(3));
  expect(await other.stat("/a")).toBeUndefined();
  await one.lock("/", "store.lock");
  await (await other.lock("/", "store.lock")).release();
});

test("a path has many spellings, and relative ones start at the root", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.makeDirectory("./data");
  await fileSystem.replace("data//users", new Uint8Array(3));
  for (const path of ["/data/users", "data/users", "./data/../data/./users", "/../data/users"]) {
    expect(await fileSystem.stat(path)).toEqual({ kind: "file", bytes: 3 });
  }
  expect(fileSystem.parent("data/users")).toBe("/data");
  expect(fileSystem.parent("./data")).toBe("/");
  expect(fileSystem.parent("/")).toBe("/");
  expect(fileSystem.join("/", "data")).toBe("/data");
});

test("one lock is one lock, however its directory is spelt", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.makeDirectory("/data");
  await fileSystem.lock("data", "store.lock");
  const refusal = { code: "FS_LOCKED", holder: "this process" };
  await expect(fileSystem.lock("/data/", "store.lock")).rejects.toMatchObject(refusal);
});

test("a directory is no file: it cannot be opened, replaced or removed as one", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.makeDirectory("/data");
  await expect(fileSystem.openRead("/data")).rejects.toMatchObject({ code: "FS_IO", operation: "openRead" });
  await expect(fileSystem.remove("/data")).rejects.toMatchObject({ code: "FS_IO", operation: "remove" });
  const refusal = { code: "FS_IO", operation: "replace", outcome: "unchanged" };
  await expect(fileSystem.replace("/data", new Uint8Array(1))).rejects.toMatchObject(refusal);
});

test("a file is no directory: nothing can be made below it", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.replace("/file", new Uint8Array(1));
  const refusal = { code: "FS_NOT_A_DIRECTORY" };
  await expect(fileSystem.create("/file/below")).rejects.toMatchObject(refusal);
  await expect(fileSystem.makeDirectory("/file/below")).rejects.toMatchObject(refusal);
  await expect(fileSystem.replace("/file/below", new Uint8Array(1))).rejects.toMatchObject(refusal);
});

test("there is no end of memory, and nobody else's volume", async () => {
  const fileSystem = memoryFileSystem();
  expect(await fileSystem.freeBytes("/")).toBe(Infinity);
  expect(await fileSystem.sharedVolume("/")).toBeUndefined();
});

test("replacing takes away what a crash left where the new content is prepared, as a rename does", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.replace("/file.new", new Uint8Array(9));
  await fileSystem.replace("/file", new Uint8Array(1));
  expect(await fileSystem.list("/")).toEqual(["file"]);
});
