import { writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { processHost } from "@hashlog/cli";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { onTestFinished, expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

async function storeIn(directory: string): Promise<string> {
  const store = join(directory, "store");
  await printed(["put", store, "ada", "1815", "--create"]);
  return store;
}

test("what has the name of an unfinished export is not touched, and never removed with what is in it", async () => {
  const directory = await temporaryDirectory();
  const store = await storeIn(directory);
  const file = join(directory, "all");
  await mkdir(`${file}.partial`);
  await writeFile(join(`${file}.partial`, "precious"), "1");
  for (const more of [[], ["--force"]]) {
    const ended = await hashlog(["export", store, file, ...more]);
    expect(ended.exitCode, more.join()).toBe(2);
    expect(ended.stderr).toMatch(/all\.partial is there already|all\.partial is a directory: name a file in it/);
    expect(await readFile(join(`${file}.partial`, "precious"), "utf8")).toBe("1");
  }
  const other = join(directory, "other");
  await writeFile(`${other}.partial`, "of another export, which may be under way");
  const refused = await hashlog(["export", store, other]);
  expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
  expect(refused.stderr).toMatch(/other\.partial is there already.*--force/);
  expect(await readFile(`${other}.partial`, "utf8")).toBe("of another export, which may be under way");
  await printed(["export", store, other, "--force"]);
  expect((await readFile(other, "utf8")).split("\n").length).toBe(4);
  expect((await readdir(directory)).includes("other.partial")).toBe(false);
});

test("only a file is taken the place of: no directory, and nothing that is a device, a pipe or a socket", async () => {
  const directory = await temporaryDirectory();
  const store = await storeIn(directory);
  const socket = join(directory, "socket");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  for (const target of [socket, directory]) {
    const ended = await hashlog(["export", store, target, "--force"]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/is no file|is a directory: name a file in it/);
  }
  expect((await stat(socket)).isSocket()).toBe(true);
  expect((await readdir(directory)).toSorted()).toEqual(["socket", "store"]);
});

test("an export that fails leaves nothing behind, also where its file is slow to close", async () => {
  const directory = await temporaryDirectory();
  const store = await storeIn(directory);
  const file = join(directory, "all");
  const order: string[] = [];
  const { files } = processHost;
  const host = {
    files: {
      ...files,
      write: () =>
        new Writable({
          write: (_chunk, _encoding, callback) => callback(Object.assign(new Error("no room"), { code: "ENOSPC" })),
          destroy: (error, callback) => {
            setImmediate(() => {
              order.push("closed");
              callback(error);
            });
          },
        }),
      remove: (path: string) => {
        order.push("removed");
        return files.remove(path);
      },
    },
  };
  const ended = await hashlog(["export", store, file], { host });
  expect(ended.exitCode).toBe(6);
  expect(order).toEqual(["closed", "removed"]);
});

test("a file that another export makes at the last moment stays that one's", async () => {
  const directory = await temporaryDirectory();
  const store = await storeIn(directory);
  const file = join(directory, "all");
  const { files } = processHost;
  const write = (path: string): Writable => {
    writeFileSync(path, "of another");
    return files.write(path);
  };
  const ended = await hashlog(["export", store, file], { host: { files: { ...files, write } } });
  expect(ended.exitCode).toBe(6);
  expect(await readFile(`${file}.partial`, "utf8")).toBe("of another");
});

test("an export has its name only when its file is closed, and what fails then is a failure", async () => {
  const directory = await temporaryDirectory();
  const store = await storeIn(directory);
  const { files } = processHost;
  const order: string[] = [];
  const write = (path: string): Writable => {
    const file = files.write(path);
    return file.on("close", () => void order.push("closed"));
  };
  const rename = (from: string, to: string): Promise<void> => {
    order.push("renamed");
    return files.rename(from, to);
  };
  await printed(["export", store, join(directory, "all")], { host: { files: { ...files, write, rename } } });
  await printed(["export", store, join(directory, "all.gz")], { host: { files: { ...files, write, rename } } });
  expect(order).toEqual(["closed", "renamed", "closed", "renamed"]);
  const failing = (): Writable =>
    new Writable({
      write: (_chunk, _encoding, callback) => callback(),
      destroy: (error, callback) =>
        callback(error ?? Object.assign(new Error("fsync"), { syscall: "fsync", code: "EIO" })),
    });
  const ended = await hashlog(["export", store, join(directory, "no")], {
    host: { files: { ...files, write: failing } },
  });
  expect(ended).toMatchObject({ exitCode: 6 });
  expect((await readdir(directory)).toSorted()).toEqual(["all", "all.gz", "store"]);
});

test("the name of an export is made durable, and where it cannot be, the failure is told unless nobody may", async () => {
  const directory = await temporaryDirectory();
  const store = await storeIn(directory);
  const synced: string[] = [];
  const failure = { code: undefined as FsError["code"] | undefined };
  const fileSystem = altered<FileSystem>(processHost.fileSystem, {
    syncDirectory: async (path) => {
      synced.push(path);
      if (failure.code === undefined) return processHost.fileSystem.syncDirectory(path);
      throw new FsError(failure.code, "made to fail", { operation: "syncDirectory", path });
    },
  });
  await printed(["export", store, join(directory, "one")], { host: { fileSystem } });
  expect(synced).toEqual([directory]);
  failure.code = "FS_NOT_PERMITTED";
  await printed(["export", store, join(directory, "two")], { host: { fileSystem } });
  failure.code = "FS_IO";
  const ended = await hashlog(["export", store, join(directory, "three")], { host: { fileSystem } });
  expect(ended).toMatchObject({ exitCode: 6 });
  expect(ended.stderr).toContain(`writing ${join(directory, "three")} failed: made to fail`);
});
