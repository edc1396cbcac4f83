import { open, type Store } from "@hashlog/engine";
import { nodeFileSystem, type FileSystem, type NodeFs } from "@hashlog/fs-io";
import * as fs from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { filler, rejection } from "./support/values.ts";
import { WindowsMachine } from "./support/windows-machine.ts";

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** From the making of a store to its second opening, by way of everything that makes, replaces, links or removes files. */
async function live(fileSystem: FileSystem, directory: string): Promise<void> {
  const db = await open(join(directory, "store"), { fileSystem, segmentBytesMax: 512 });
  for (let turn = 1; turn <= 12; turn += 1) await db.put(`key ${turn % 3}`, filler(430, turn));
  await db.compact();
  await db.checkpoint();
  await db.backup(join(directory, "backup"));
  await db.put("last", filler(10));
  await expectKeys(db, 4);
  expect(db.stats().failures.count).toBe(0);
  await db.close();
  const again = await open(join(directory, "store"), { fileSystem, segmentBytesMax: 512 });
  await expectKeys(again, 4);
  expect(again.stats().open).toMatchObject({ clean: true, filesRemoved: [] });
  await again.close();
  const backup = await open(join(directory, "backup"), { fileSystem });
  await expectKeys(backup, 3);
  await backup.close();
}

async function expectKeys(db: Store<string, Uint8Array, Uint8Array | string>, keys: number): Promise<void> {
  expect(await db.count()).toBe(keys);
  expect(await db.get("key 0")).toEqual(filler(430, 12));
}

describe("on Windows", () => {
  test("nothing that a store does needs what Windows refuses", async () => {
    const machine = new WindowsMachine(await temporaryDirectory());
    const directory = await temporaryDirectory();
    await live(nodeFileSystem(machine.options), directory);
    expect(machine.refusals).toEqual([]);
    expect((await readdir(join(directory, "store"))).filter((name) => name.startsWith("hashlog.lock"))).toEqual([]);
  });

  test("a file that somebody reads stays until the store is closed, and the merge is done all the same", async () => {
    const machine = new WindowsMachine(await temporaryDirectory());
    const directory = await temporaryDirectory();
    const options = { fileSystem: nodeFileSystem(machine.options), segmentBytesMax: 512 };
    const segments = async (): Promise<number> =>
      (await readdir(directory)).filter((name) => name.endsWith(".segment")).length;
    const db = await open(directory, options);
    for (const key of ["key", "other"]) await db.put(key, filler(430));
    const iterator = db.entries();
    await db.put("key", filler(430));
    await db.compact();
    expect(machine.refusals).toContain("unlink EPERM");
    const listed = db.stats().segments.length;
    expect(await segments()).toBeGreaterThan(listed);
    const first = await iterator.next();
    expect(first).toMatchObject({ value: [expect.any(String), filler(430)] });
    // The iterator goes on until the store is closed.
    await db.close();
    expect(await segments()).toBe(listed);
    expect(db.stats().failures.count).toBe(0);
  });

  test("the lock is a pipe: a second opening is refused, and nothing lies in the directory", async () => {
    const pipes = await temporaryDirectory();
    const fileSystem = nodeFileSystem(new WindowsMachine(pipes).options);
    const directory = await temporaryDirectory();
    const db = await open(directory, { fileSystem });
    expect(await rejection(open(directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_LOCKED" });
    expect(await readdir(pipes)).toHaveLength(1);
    expect((await readdir(directory)).filter((name) => name.startsWith("hashlog.lock"))).toEqual([]);
    await db.close();
    expect(await readdir(pipes)).toEqual([]);
  });
});

describe("on macOS", () => {
  test("every sync of files and of directories is an fsync, which is a full one there", async () => {
    const synced = { file: 0, directory: 0 };
    const spies: Partial<NodeFs> = {
      fsync: (fd, done) => {
        synced[fs.fstatSync(fd).isDirectory() ? "directory" : "file"] += 1;
        fs.fsync(fd, done);
      },
      fdatasync: () => expect.fail("a sync that is not known to be a full one"),
    };
    await live(nodeFileSystem({ platform: "darwin", fs: spies }), await temporaryDirectory());
    expect(synced.file).toBeGreaterThan(12);
    expect(synced.directory).toBeGreaterThan(12);
  });
});
