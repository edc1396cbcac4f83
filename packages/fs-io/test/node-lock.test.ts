import { EventEmitter } from "node:events";
import * as fs from "node:fs";
import { lstat, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import * as net from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { nodeFileSystem, type NodeFileSystemOptions } from "../src/node-file-system.ts";
import type { NodeFs } from "../src/node-fs.ts";
import type { NodeNet, NodeServer, NodeSocket } from "../src/node-net.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";
import { FakeClock } from "./fake-clock.ts";
import { netAt, pipesIn } from "./lock-net.ts";

const NAME = "store.lock";

const take = (directory: string, options: NodeFileSystemOptions = {}): ReturnType<FileSystemLock> =>
  nodeFileSystem(options).lock(directory, NAME);
type FileSystemLock = ReturnType<typeof nodeFileSystem>["lock"];

/** `node:net` whose connections go as the test says, one after the other, the last one for ever. */
function netWhere(...connections: Array<(socket: EventEmitter) => void>): NodeNet {
  let made = 0;
  return {
    ...netAt((path) => path),
    connect: () => {
      const behave = connections[Math.min(made, connections.length - 1)];
      made += 1;
      const socket = Object.assign(new EventEmitter(), { end() {}, destroy() {}, unref() {} });
      setImmediate(() => behave(socket));
      return socket as NodeSocket;
    },
  };
}

const fails = (errno: string) => (socket: EventEmitter) => void socket.emit("error", platformError(errno));
const hangsUp = (socket: EventEmitter): void => void socket.emit("close");
const says = (text: string) => (socket: EventEmitter) => void socket.emit("data", new TextEncoder().encode(text));

describe("within one process", () => {
  test("the second is told that this process holds the lock, by whatever path it comes", async () => {
    const directory = await temporaryDirectory();
    const alias = join(await temporaryDirectory(), "alias");
    await symlink(directory, alias);
    const lock = await take(directory);
    const refusal = { code: "FS_LOCKED", path: alias, holder: `process ${process.pid} on ${hostname()}` };
    await expect(take(alias)).rejects.toMatchObject(refusal);
    await lock.release();
    await (await take(alias)).release();
  });

  test("a relative directory is locked where it is when the lock is taken", async () => {
    const directory = await temporaryDirectory();
    vi.spyOn(process, "cwd").mockReturnValue(directory);
    await mkdir(join(directory, "data"));
    const fs = { statSync: () => ({ dev: 1n, ino: 2n }) };
    const lock = await nodeFileSystem({ fs }).lock("data", NAME);
    vi.restoreAllMocks();
    expect(await readdir(join(directory, "data"))).toHaveLength(1);
    await lock.release();
    expect(await readdir(join(directory, "data"))).toEqual([]);
  });

  test("a lock that could not be taken can be taken afterwards", async () => {
    const directory = await temporaryDirectory();
    await expect(take(directory, { fs: failing("readdir", "EIO") })).rejects.toMatchObject({ code: "FS_IO" });
    await (await take(directory)).release();
  });
});

describe("what is no socket of a living process keeps nobody out", () => {
  test.each([
    ["an empty file", (path: string) => writeFile(path, "")],
    ["a file with a process id in it", (path: string) => writeFile(path, String(process.pid))],
    ["a link that leads nowhere", (path: string) => symlink("/nowhere", path)],
  ])("%s is removed", async (_what, make) => {
    const directory = await temporaryDirectory();
    await make(join(directory, `${NAME}-5`));
    const lock = await take(directory);
    expect(await readdir(directory)).toHaveLength(1);
    expect(await readdir(directory)).not.toContain(`${NAME}-5`);
    await lock.release();
  });

  test("a directory stays, and is not in the way", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, `${NAME}-5`));
    await (await take(directory)).release();
    await (await take(directory)).release();
    expect(await readdir(directory)).toEqual([`${NAME}-5`]);
  });

  test("names that are no numbered ones are not looked at", async () => {
    const directory = await temporaryDirectory();
    const names = ["0", "01", "-1", "1.5", "x", "", "9007199254740993", "99999999999999999"].map(
      (each) => `${NAME}-${each}`,
    );
    for (const name of names) await writeFile(join(directory, name), "");
    await writeFile(join(directory, "other.lock-3"), "");
    await (await take(directory)).release();
    expect((await readdir(directory)).toSorted()).toEqual([...names, "other.lock-3"].toSorted());
  });

  test("the lock's own socket can be asked by every user of the machine", async () => {
    const directory = await temporaryDirectory();
    const lock = await take(directory);
    const [name] = await readdir(directory);
    const stats = await lstat(join(directory, name));
    expect(stats.isSocket()).toBe(true);
    expect(stats.mode & 0o222).toBe(0o222);
    await lock.release();
  });
});

describe("a socket that was left there is judged by what a connection to it says", () => {
  const withLeftover = async (connect: NodeNet, clock = new FakeClock()): Promise<unknown> => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, `${NAME}-5`), "");
    return take(directory, { net: connect, clock }).then(
      async (lock) => {
        await lock.release();
        return "held";
      },
      (error: unknown) => error,
    );
  };

  test.each([["ECONNREFUSED"], ["ENOENT"], ["ENOTSOCK"]])("%s: dead", async (errno) => {
    expect(await withLeftover(netWhere(fails(errno)))).toBe("held");
  });

  test.each([["EAGAIN"], ["EBUSY"]])("%s, which is a full queue of askers: alive", async (errno) => {
    expect(await withLeftover(netWhere(fails(errno)))).toMatchObject({ code: "FS_LOCKED", holder: undefined });
  });

  test.each([["EACCES"], ["EPERM"]])("%s: it does not say, and neither does the lock", async (errno) => {
    expect(await withLeftover(netWhere(fails(errno)))).toMatchObject({ code: "FS_NOT_PERMITTED", operation: "lock" });
  });

  test("a line: alive, and the line says who", async () => {
    const answer = netWhere(says("process 7 on mars\n"));
    expect(await withLeftover(answer)).toMatchObject({ code: "FS_LOCKED", holder: "process 7 on mars" });
  });

  test("a line in pieces: the same", async () => {
    const answer = netWhere((socket) => {
      says("process 7")(socket);
      says(" on mars\n")(socket);
    });
    expect(await withLeftover(answer)).toMatchObject({ holder: "process 7 on mars" });
  });

  test("one that is still asking: it will get the lock, and is told as its holder", async () => {
    const answer = netWhere(says("asking process 7 on mars\n"));
    expect(await withLeftover(answer)).toMatchObject({ code: "FS_LOCKED", holder: "process 7 on mars" });
  });

  test("more than a line: alive, and a stranger", async () => {
    const answer = netWhere(says("x".repeat(5000)));
    expect(await withLeftover(answer)).toMatchObject({ code: "FS_LOCKED", holder: undefined });
  });

  test("a connection that ends without a line is made again, and shows that the process has ended", async () => {
    expect(await withLeftover(netWhere(hangsUp, fails("ECONNRESET"), fails("EPIPE"), fails("ECONNREFUSED")))).toBe(
      "held",
    );
  });

  test("connections that all end without a line: alive", async () => {
    expect(await withLeftover(netWhere(hangsUp))).toMatchObject({ code: "FS_LOCKED", holder: undefined });
  });

  test("no answer in half a second: alive, with an event loop that is blocked", async () => {
    const clock = new FakeClock();
    const answer = withLeftover(
      netWhere(() => clock.advance(500)),
      clock,
    );
    expect(await answer).toMatchObject({ code: "FS_LOCKED", holder: undefined });
  });
});

test("a place that was taken between looking and claiming is looked at again", async () => {
  const directory = await temporaryDirectory();
  const clock = new FakeClock();
  const taken = `${NAME}-${clock.now() * 1000 + (process.pid % 1000)}`;
  await writeFile(join(directory, taken), "");
  let looks = 0;
  const readdirFrom: NodeFs["readdir"] = (path, done) => {
    looks += 1;
    if (looks === 1) done(null, []);
    else fs.readdir(path, done);
  };
  const lock = await take(directory, { clock, fs: { readdir: readdirFrom } });
  expect(await readdir(directory)).not.toContain(taken);
  await lock.release();
});

test("an asker that is gone before the answer is does no harm, and one that stays ends with the lock", async () => {
  const directory = await temporaryDirectory();
  let connect: ((socket: NodeSocket) => void) | undefined;
  const real = netAt((path) => path);
  const lock = await take(directory, {
    net: { ...real, createServer: (onConnection) => ((connect = onConnection), real.createServer(onConnection)) },
  });
  const [gone, stays] = [0, 1].map(() => {
    return Object.assign(new EventEmitter(), { end() {}, destroy: vi.fn<() => void>(), unref() {} });
  });
  connect!(gone as NodeSocket);
  connect!(stays as NodeSocket);
  gone.emit("error", platformError("EPIPE"));
  gone.emit("close");
  expect([gone.destroy.mock.calls.length, stays.destroy.mock.calls.length]).toEqual([1, 0]);
  await lock.release();
  expect([gone.destroy.mock.calls.length, stays.destroy.mock.calls.length]).toEqual([1, 1]);
});

test("a socket that another took for a dead one's, and removed before it could be asked, is made again", async () => {
  const directory = await temporaryDirectory();
  const real = netAt((path) => path);
  let made = 0;
  const overtaken: NodeNet = {
    ...real,
    createServer: (onConnection) => {
      made += 1;
      // What Node throws where the file is gone when it is to be made writable for all.
      const listen = (): never => {
        throw platformError("ENOENT");
      };
      return made <= 2 ? { ...real.createServer(onConnection), listen } : real.createServer(onConnection);
    },
  };
  const lock = await take(directory, { net: overtaken });
  expect(made).toBe(3);
  expect(await readdir(directory)).toHaveLength(1);
  await lock.release();
});

test("a directory that is removed while it is locked is told as such", async () => {
  const directory = await temporaryDirectory();
  const real = netAt((path) => path);
  const overtaken: NodeNet = {
    ...real,
    createServer: (onConnection) => ({
      ...real.createServer(onConnection),
      listen: () => {
        fs.rmSync(directory, { recursive: true });
        throw platformError("ENOENT");
      },
    }),
  };
  await expect(take(directory, { net: overtaken })).rejects.toMatchObject({ code: "FS_NOT_FOUND" });
});

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
