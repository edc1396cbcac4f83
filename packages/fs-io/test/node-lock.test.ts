import { EventEmitter } from "node:events";
import * as fs from "node:fs";
import { lstat, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { nodeFileSystem } from "../src/node-file-system.ts";
import type { NodeFs } from "../src/node-fs.ts";
import type { NodeNet, NodeSocket } from "../src/node-net.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";
import { FakeClock } from "./fake-clock.ts";
import { netAt } from "./lock-net.ts";
import { NAME, fails, netWhere, says, take } from "./node-locks.ts";

const hangsUp = (socket: EventEmitter): void => void socket.emit("close");

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

test("a lock is taken, and held, under a clock whose time is too large for a number of its own", async () => {
  const directory = await temporaryDirectory();
  const clock = new FakeClock();
  clock.advance(Date.UTC(2300, 0) - clock.now());
  const lock = await take(directory, { clock });
  await expect(take(directory, { clock })).rejects.toMatchObject({ code: "FS_LOCKED" });
  await lock.release();
  await (await take(directory, { clock })).release();
});
