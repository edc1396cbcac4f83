import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { nodeFileSystem } from "../src/node-file-system.ts";
import { systemClock } from "../src/clock.ts";
import { temporaryDirectory } from "./directories.ts";
import { LockChild } from "./lock-children.ts";

const NAME = "store.lock";
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);

test("a second process is refused, and told who holds the lock", async () => {
  const directory = await temporaryDirectory();
  const child = new LockChild();
  expect(await child.lock(directory)).toEqual({ held: true });
  await expect(nodeFileSystem().lock(directory, NAME)).rejects.toMatchObject({
    code: "FS_LOCKED",
    operation: "lock",
    path: directory,
    holder: `process ${child.processId} on ${hostname()}`,
  });
});

test("a process that asks this one is told so, and gets the lock when it is released", async () => {
  const directory = await temporaryDirectory();
  const lock = await nodeFileSystem().lock(directory, NAME);
  const child = new LockChild();
  const holder = `process ${process.pid} on ${hostname()}`;
  expect(await child.lock(directory)).toEqual({ held: false, code: "FS_LOCKED", holder });
  await lock.release();
  expect(await child.lock(directory)).toEqual({ held: true });
});

test("a released lock leaves nothing in the directory", async () => {
  const directory = await temporaryDirectory();
  const lock = await nodeFileSystem().lock(directory, NAME);
  expect(await readdir(directory)).toHaveLength(1);
  await lock.release();
  expect(await readdir(directory)).toEqual([]);
});

test("what killed holders left behind keeps nobody out, and is removed by the next", async () => {
  const directory = await temporaryDirectory();
  for (const leftovers of [1, 1, 1]) {
    const child = new LockChild();
    expect(await child.lock(directory)).toEqual({ held: true });
    await child.end("SIGKILL");
    expect(await readdir(directory)).toHaveLength(leftovers);
  }
  const lock = await nodeFileSystem().lock(directory, NAME);
  expect(await readdir(directory)).toHaveLength(1);
  await lock.release();
});

test("a holder whose event loop is blocked still holds, though it cannot say who it is", async () => {
  const directory = await temporaryDirectory();
  const child = new LockChild();
  await child.lock(directory);
  expect(await child.order({ order: "block" })).toBe("blocked");
  await expect(impatient().lock(directory, NAME)).rejects.toMatchObject({ code: "FS_LOCKED", holder: undefined });
});

test("a holder that is stopped still holds, and nobody does once it is killed", async () => {
  const directory = await temporaryDirectory();
  const child = new LockChild();
  await child.lock(directory);
  child.process.kill("SIGSTOP");
  await expect(impatient().lock(directory, NAME)).rejects.toMatchObject({ code: "FS_LOCKED" });
  await child.end("SIGKILL");
  await (await impatient().lock(directory, NAME)).release();
});

test("a held lock does not keep its process alive", async () => {
  const directory = await temporaryDirectory();
  const child = new LockChild();
  expect(await child.lock(directory)).toEqual({ held: true });
  expect(await child.letGo()).toBe(0);
  await (await nodeFileSystem().lock(directory, NAME)).release();
});

test("of eight processes that race for the lock exactly one gets it, twenty times over", async () => {
  const directory = await temporaryDirectory();
  const children = Array.from({ length: 8 }, () => new LockChild());
  for (let round = 0; round < 20; round += 1) {
    const replies = await Promise.all(children.map((child) => child.lock(directory)));
    const holders = children.filter((_, index) => replies[index].held);
    expect(holders).toHaveLength(1);
    expect(await holders[0].order({ order: "release" })).toBe("released");
  }
});

test("of eight processes that race for a killed holder's lock exactly one gets it", async () => {
  const directory = await temporaryDirectory();
  const children = Array.from({ length: 8 }, () => new LockChild());
  while (children.length > 1) {
    const replies = await Promise.all(children.map((child) => child.lock(directory)));
    const holder = replies.findIndex((reply) => reply.held);
    expect(replies.filter((reply) => reply.held)).toHaveLength(1);
    await children[holder].end("SIGKILL");
    children.splice(holder, 1);
  }
});

test.each([
  ["sockets", 0],
  ["named pipes", 1],
])("of two workers of a cluster one gets the lock, by %s", async (_, pipeDirectories) => {
  const directory = await temporaryDirectory();
  const pipes = await Promise.all(Array.from({ length: pipeDirectories }, () => temporaryDirectory()));
  const primary = fork(fixture("lock-cluster.ts"), [directory, ...pipes], { execArgv: [] });
  onTestFinished(() => void primary.kill("SIGKILL"));
  const [replies] = (await once(primary, "message")) as [string[]];
  expect(replies.toSorted()).toEqual(["FS_LOCKED", "held"]);
});

test("threads of one process exclude each other, and one that is terminated leaves nothing in the way", async () => {
  const directory = await temporaryDirectory();
  const thread = new Worker(fixture("lock-thread.ts"), { workerData: directory, execArgv: [] });
  expect(await once(thread, "message")).toEqual(["held"]);
  await expect(nodeFileSystem().lock(directory, NAME)).rejects.toMatchObject({ code: "FS_LOCKED" });
  await thread.terminate();
  await (await nodeFileSystem().lock(directory, NAME)).release();
});

test("a directory whose path is too long for a socket's address is locked all the same", async () => {
  const directory = join(await temporaryDirectory(), "long".repeat(50), "longer".repeat(30));
  await mkdir(directory, { recursive: true });
  const child = new LockChild();
  expect(await child.lock(directory)).toEqual({ held: true });
  expect(await readdir(directory)).toHaveLength(1);
  await expect(nodeFileSystem().lock(directory, NAME)).rejects.toMatchObject({ code: "FS_LOCKED" });
  await child.end("SIGKILL");
  const lock = await nodeFileSystem().lock(directory, NAME);
  await lock.release();
  expect(await readdir(directory)).toEqual([]);
});

/** A file system that does not wait long for a holder to say who it is. */
function impatient(): ReturnType<typeof nodeFileSystem> {
  return nodeFileSystem({ clock: { ...systemClock, setTimer: (callback) => systemClock.setTimer(callback, 20) } });
}
