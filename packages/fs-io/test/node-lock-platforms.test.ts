import { EventEmitter } from "node:events";
import { lstat, mkdir, readdir, symlink } from "node:fs/promises";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { NodeNet, NodeServer } from "../src/node-net.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";
import { pipesIn } from "./lock-net.ts";
import { NAME, fails, netWhere, take } from "./node-locks.ts";

describe("a volume on which no socket can be made", () => {
  const withListenError = (errno: string): NodeNet => ({
    ...netWhere(),
    createServer: () => {
      const server = Object.assign(new EventEmitter(), {
        listen: () => setImmediate(() => server.emit("error", platformError(errno))),
        close() {},
        unref() {},
      });
      return server as NodeServer;
    },
  });

  test.each([["EPERM"], ["ENOTSUP"], ["EOPNOTSUPP"], ["ENOSYS"]])(
    "says so for %s, and what can be done",
    async (errno) => {
      const directory = await temporaryDirectory();
      const attempt = take(directory, { net: withListenError(errno) });
      await expect(attempt).rejects.toMatchObject({ code: "FS_NOT_SUPPORTED", operation: "lock", path: directory });
      await expect(take(directory, { net: withListenError(errno) })).rejects.toThrow("local volume");
    },
  );

  test("is not mixed up with a directory that may not be written", async () => {
    const directory = await temporaryDirectory();
    const attempt = take(directory, { net: withListenError("EACCES") });
    await expect(attempt).rejects.toMatchObject({ code: "FS_NOT_PERMITTED" });
  });
});

describe("a directory whose path is too long for a socket's address", () => {
  const longDirectory = async (): Promise<string> => {
    const directory = join(await temporaryDirectory(), "long".repeat(40));
    await mkdir(directory);
    return directory;
  };
  const waysLeft = async (): Promise<string[]> => {
    const names = await readdir(process.env.TMPDIR!);
    return names.filter((name) => name.startsWith("hashlog-"));
  };

  afterEach(() => void vi.unstubAllEnvs());

  test.each([
    ["where there is no /proc", { platform: "darwin" }],
    ["where /proc is not mounted", { platform: "linux", fs: failing("stat", "ENOENT") }],
  ])("is reached by a link of this process's own %s, which release removes", async (_where, options) => {
    const directory = await longDirectory();
    vi.stubEnv("TMPDIR", await temporaryDirectory());
    const lock = await take(directory, options);
    expect(await readdir(directory)).toHaveLength(1);
    expect(await waysLeft()).toHaveLength(1);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
    expect(await waysLeft()).toEqual([]);
  });

  test("is locked for others although the link of the holder is gone", async () => {
    const directory = await longDirectory();
    const holder = net.createServer((socket) => socket.end("process 7 on mars\n"));
    onTestFinished(() => void holder.close());
    const way = join(await temporaryDirectory(), "d");
    await symlink(directory, way);
    await new Promise<void>((resolve) => holder.listen(`${way}/${NAME}-5`, resolve));
    vi.stubEnv("TMPDIR", await temporaryDirectory());
    await expect(take(directory, { platform: "darwin" })).rejects.toMatchObject({ holder: "process 7 on mars" });
    expect(await waysLeft()).toEqual([]);
  });

  test("leaves nothing behind when the link cannot be made", async () => {
    const directory = await longDirectory();
    vi.stubEnv("TMPDIR", await temporaryDirectory());
    const attempt = take(directory, { platform: "darwin", fs: failing("symlink", "EIO") });
    await expect(attempt).rejects.toMatchObject({ code: "FS_IO", operation: "lock", path: directory });
    expect(await waysLeft()).toEqual([]);
  });

  test("is FS_NOT_SUPPORTED where the temporary directory's path is too long as well", async () => {
    const directory = await longDirectory();
    vi.stubEnv("TMPDIR", directory);
    expect(tmpdir()).toBe(directory);
    const refusal = { code: "FS_NOT_SUPPORTED", operation: "lock", path: directory };
    await expect(take(directory, { platform: "darwin" })).rejects.toMatchObject(refusal);
  });
});

describe("on Windows the lock is a named pipe", () => {
  const pipes = async (): Promise<{ net: NodeNet; where: string }> => {
    const where = await temporaryDirectory();
    return { net: pipesIn(where), where };
  };

  test("whose name says which directory it is, and which leaves no file in it", async () => {
    const directory = await temporaryDirectory();
    const { net: windows, where } = await pipes();
    const lock = await take(directory, { platform: "win32", net: windows });
    const { dev, ino } = await lstat(directory);
    expect(await readdir(where)).toEqual([`hashlog-${dev}-${ino}-${NAME}`]);
    expect(await readdir(directory)).toEqual([]);
    await expect(take(directory, { platform: "win32", net: windows })).rejects.toMatchObject({ code: "FS_LOCKED" });
    await lock.release();
    await (await take(directory, { platform: "win32", net: windows })).release();
  });

  test("that another process has, which says who it is", async () => {
    const directory = await temporaryDirectory();
    const { net: windows, where } = await pipes();
    const { dev, ino } = await lstat(directory);
    const holder = net.createServer((socket) => socket.end("process 7 on mars\n"));
    onTestFinished(() => void holder.close());
    await new Promise<void>((resolve) => holder.listen(join(where, `hashlog-${dev}-${ino}-${NAME}`), resolve));
    const attempt = take(directory, { platform: "win32", net: windows });
    await expect(attempt).rejects.toMatchObject({ code: "FS_LOCKED", holder: "process 7 on mars" });
  });

  test.each([["EADDRINUSE"], ["EACCES"]])("that cannot be had because of %s is held by another", async (errno) => {
    const directory = await temporaryDirectory();
    const listening = (connect: (socket: EventEmitter) => void): NodeNet => ({
      ...netWhere(connect),
      createServer: () => {
        const server = Object.assign(new EventEmitter(), {
          listen: () => setImmediate(() => server.emit("error", platformError(errno))),
          close() {},
          unref() {},
        });
        return server as NodeServer;
      },
    });
    for (const connect of [fails("EPERM"), fails("ENOENT")]) {
      const attempt = take(directory, { platform: "win32", net: listening(connect) });
      await expect(attempt).rejects.toMatchObject({ code: "FS_LOCKED", holder: undefined });
    }
  });

  test("whose failure for another reason is told", async () => {
    const directory = await temporaryDirectory();
    const broken: NodeNet = {
      ...netWhere(),
      createServer: () => {
        throw platformError("EMFILE");
      },
    };
    const attempt = take(directory, { platform: "win32", net: broken });
    await expect(attempt).rejects.toMatchObject({ code: "FS_TOO_MANY_OPEN", operation: "lock" });
  });
});
