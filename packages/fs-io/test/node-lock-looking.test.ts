import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../src/node-file-system.ts";
import type { NodeNet } from "../src/node-net.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";
import { LockChild } from "./lock-children.ts";
import { netAt, pipesIn } from "./lock-net.ts";

const NAME = "store.lock";

/** `node:net` whose connections fail with that error. */
function netThatFails(errno: string): NodeNet {
  const net = netAt((path) => path);
  return {
    ...net,
    connect: (options) => {
      const socket = net.connect({ path: `${options.path}-elsewhere` });
      const on = socket.on.bind(socket) as (event: string, listener: (error: Error) => void) => unknown;
      return Object.assign(socket, {
        on: (event: string, listener: (error: Error) => void) =>
          on(event, event === "error" ? () => listener(platformError(errno)) : listener),
      });
    },
  };
}

describe("whether a lock is held is seen", () => {
  test("of another process, also of one that is stopped and cannot answer, until that is killed", async () => {
    const directory = await temporaryDirectory();
    const fileSystem = nodeFileSystem();
    expect(await fileSystem.isLocked(directory, NAME)).toBe(false);
    const child = new LockChild();
    await child.lock(directory);
    expect(await fileSystem.isLocked(directory, NAME)).toBe(true);
    child.process.kill("SIGSTOP");
    const begun = performance.now();
    expect(await fileSystem.isLocked(directory, NAME)).toBe(true);
    // Nobody waits for an answer.
    expect(performance.now() - begun).toBeLessThan(400);
    const before = await readdir(directory);
    await child.end("SIGKILL");
    expect(await fileSystem.isLocked(directory, NAME)).toBe(false);
    // What it left is not the asker's to remove.
    expect(await readdir(directory)).toEqual(before);
  });

  test("through what is no socket, and what dead holders left", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, `${NAME}-1`), "");
    const child = new LockChild();
    await child.lock(directory);
    await writeFile(join(directory, `${NAME}-9007199254740991`), "");
    await writeFile(join(directory, `${NAME}-x`), "");
    expect(await nodeFileSystem().isLocked(directory, NAME)).toBe(true);
    await child.end("SIGKILL");
    expect(await nodeFileSystem().isLocked(directory, NAME)).toBe(false);
  });

  test("of this process, by whatever file system", async () => {
    const directory = await temporaryDirectory();
    const lock = await nodeFileSystem().lock(directory, NAME);
    expect(await nodeFileSystem({ net: netThatFails("ECONNREFUSED") }).isLocked(directory, NAME)).toBe(true);
    await lock.release();
    expect(await nodeFileSystem().isLocked(directory, NAME)).toBe(false);
  });

  test("in a directory whose path is too long for a socket's address", async () => {
    const directory = join(await temporaryDirectory(), "long".repeat(40));
    await mkdir(directory);
    const child = new LockChild();
    await child.lock(directory);
    expect(await nodeFileSystem().isLocked(directory, NAME)).toBe(true);
    await child.end("SIGKILL");
    expect(await nodeFileSystem().isLocked(directory, NAME)).toBe(false);
  });

  test("by the pipe on Windows", async () => {
    const directory = await temporaryDirectory();
    const net = pipesIn(await temporaryDirectory());
    const fileSystem = nodeFileSystem({ platform: "win32", net });
    expect(await fileSystem.isLocked(directory, NAME)).toBe(false);
    const lock = await fileSystem.lock(directory, NAME);
    expect(await fileSystem.isLocked(directory, NAME)).toBe(true);
    await lock.release();
    expect(await fileSystem.isLocked(directory, NAME)).toBe(false);
  });
});

describe("what a connection to a socket says that was left there", () => {
  test.each([
    ["ECONNREFUSED", false],
    ["ENOENT", false],
    ["ENOTSOCK", false],
    ["EAGAIN", true],
    ["ECONNRESET", true],
    ["EACCES", true],
  ])("%s: it is locked: %s", async (errno, isLocked) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, `${NAME}-1`), "");
    expect(await nodeFileSystem({ net: netThatFails(errno) }).isLocked(directory, NAME)).toBe(isLocked);
  });
});

test("where it cannot be told, a lock counts as held", async () => {
  const directory = await temporaryDirectory();
  expect(await nodeFileSystem({ fs: failing("readdir", "EACCES") }).isLocked(directory, NAME)).toBe(true);
});

test("in what is no directory, it is FS_NOT_A_DIRECTORY", async () => {
  const file = join(await temporaryDirectory(), "file");
  await writeFile(file, "");
  await expect(nodeFileSystem().isLocked(file, NAME)).rejects.toMatchObject({ code: "FS_NOT_A_DIRECTORY", path: file });
});

test("in a directory that goes meanwhile, it is FS_NOT_FOUND", async () => {
  const directory = await temporaryDirectory();
  const attempt = nodeFileSystem({ fs: failing("readdir", "ENOENT") }).isLocked(directory, NAME);
  await expect(attempt).rejects.toMatchObject({ code: "FS_NOT_FOUND", operation: "isLocked", path: directory });
});
