import * as fs from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import type { AppendFile } from "../src/file-system.ts";
import { nodeFileSystem, type NodeFileSystemOptions } from "../src/node-file-system.ts";
import { PIECE_BYTES_MAX } from "../src/node-file.ts";
import type { Done, NodeFs } from "../src/node-fs.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";

async function created(options: NodeFileSystemOptions = {}): Promise<AppendFile> {
  const fileSystem = nodeFileSystem(options);
  return fileSystem.create(join(await temporaryDirectory(), "file"));
}

const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);

describe("appending", () => {
  test("goes on after a short write from the right place", async () => {
    const writeSync: NodeFs["writeSync"] = (fd, source, at, count) => fs.writeSync(fd, source, at, Math.min(count, 7));
    const file = await created({ fs: { writeSync } });
    file.append(bytes, 10, 90);
    expect(new Uint8Array(await readFile(file.path))).toEqual(bytes.slice(10, 90));
    await file.close();
  });

  test("hands over at most a gigabyte at a time, as node refuses two", async () => {
    const pieces: number[][] = [];
    const writeSync: NodeFs["writeSync"] = (_fd, _source, at, count) => {
      pieces.push([at, count]);
      return count;
    };
    const file = await created({ fs: { writeSync } });
    const large = new Uint8Array(2 * PIECE_BYTES_MAX + 5);
    file.append(large, 2, large.length);
    expect(pieces).toEqual([
      [2, PIECE_BYTES_MAX],
      [2 + PIECE_BYTES_MAX, PIECE_BYTES_MAX],
      [2 + 2 * PIECE_BYTES_MAX, 3],
    ]);
    await file.close();
  });

  test.each([
    ["ENOSPC", "FS_NO_SPACE"],
    ["EIO", "FS_IO"],
  ])("fails for good after %s in the middle: the file may end in a part of the bytes", async (errno, code) => {
    const writeSync = vi.fn<NodeFs["writeSync"]>(() => 30);
    writeSync.mockImplementationOnce((fd, source, at) => fs.writeSync(fd, source, at, 30));
    writeSync.mockImplementationOnce(() => {
      throw platformError(errno);
    });
    const file = await created({ fs: { writeSync } });
    const refusal = expect.objectContaining({ code, operation: "append", path: file.path });
    expect(() => file.append(bytes, 0, 100)).toThrow(refusal);
    expect(file.size()).toBe(30);
    expect(() => file.append(bytes, 0, 1)).toThrow(refusal);
    expect(writeSync).toHaveBeenCalledTimes(2);
    await file.close();
  });

  test("fails when the system takes nothing and calls it success", async () => {
    const file = await created({ fs: { writeSync: () => 0 } });
    expect(() => file.append(bytes, 0, 1)).toThrow(expect.objectContaining({ code: "FS_IO", operation: "append" }));
    await file.close();
  });

  test.each([
    [-1, 5],
    [5, 4],
    [0, 101],
    [0.5, 2],
    [0, Number.NaN],
  ])("refuses [%d, %d), which is no range of its 100 bytes, and stays usable", async (start, end) => {
    const file = await created();
    expect(() => file.append(bytes, start, end)).toThrow(expect.objectContaining({ code: "FS_INVALID_ARGUMENT" }));
    file.append(bytes, 0, 2);
    expect(file.size()).toBe(2);
    await file.close();
  });
});

describe("syncing", () => {
  test.each([
    ["linux", "fdatasync"],
    ["win32", "fdatasync"],
    ["darwin", "fsync"],
  ])("is on %s a %s", async (platform, name) => {
    const calls: string[] = [];
    const fsync: NodeFs["fsync"] = (_, done) => (calls.push("fsync"), done(null));
    const fdatasync: NodeFs["fdatasync"] = (_, done) => (calls.push("fdatasync"), done(null));
    const file = await created({ platform, fs: { fsync, fdatasync } });
    await file.sync();
    expect(calls).toEqual([name]);
    await file.close();
  });

  test.each([
    ["ENOSPC", "FS_NO_SPACE"],
    ["EIO", "FS_IO"],
  ])("is not tried again after %s, as a second try would succeed", async (errno, code) => {
    const fdatasync = vi.fn<NodeFs["fdatasync"]>((_, done) => done(null));
    fdatasync.mockImplementationOnce((_, done) => done(platformError(errno)));
    const file = await created({ platform: "linux", fs: { fdatasync } });
    file.append(bytes, 0, 10);
    const first: unknown = await file.sync().catch((error: unknown) => error);
    expect(first).toMatchObject({ code, operation: "sync", path: file.path });
    await expect(file.sync()).rejects.toBe(first);
    expect(fdatasync).toHaveBeenCalledOnce();
    await file.close();
  });
});

describe("reading", () => {
  async function opened(options: NodeFileSystemOptions): ReturnType<ReturnType<typeof nodeFileSystem>["openRead"]> {
    const path = join(await temporaryDirectory(), "file");
    await writeFile(path, bytes);
    return nodeFileSystem(options).openRead(path);
  }

  test("goes on after a short read, in both forms", async () => {
    const read: NodeFs["read"] = (fd, target, at, count, position, done) =>
      fs.read(fd, target, at, Math.min(count, 9), position, done);
    const readSync: NodeFs["readSync"] = (fd, target, at, count, position) =>
      fs.readSync(fd, target, at, Math.min(count, 9), position);
    const file = await opened({ fs: { read, readSync } });
    for (const form of [file.read.bind(file), file.readSync.bind(file)]) {
      const target = new Uint8Array(120);
      expect(await form(target, 10, 60, 20)).toBe(60);
      expect(target.subarray(10, 70)).toEqual(bytes.subarray(20, 80));
      expect(await form(target, 0, 50, 70)).toBe(30);
    }
    await file.close();
  });

  test("asks for at most a gigabyte at a time", async () => {
    const asked: number[] = [];
    const read: NodeFs["read"] = (_fd, _target, _at, count, _position, done) => (asked.push(count), done(null, count));
    const readSync: NodeFs["readSync"] = (_fd, _target, _at, count) => (asked.push(count), count);
    const file = await opened({ fs: { read, readSync } });
    const target = new Uint8Array(PIECE_BYTES_MAX + 1);
    expect(await file.read(target, 0, target.length, 0)).toBe(target.length);
    expect(file.readSync(target, 0, target.length, 0)).toBe(target.length);
    expect(asked).toEqual([PIECE_BYTES_MAX, 1, PIECE_BYTES_MAX, 1]);
    await file.close();
  });

  test("fails with FS_IO when the disk does, and can be tried again", async () => {
    const file = await opened({ fs: { ...failing("read", "EIO"), ...failing("readSync", "EIO") } });
    const refusal = (operation: string): object =>
      expect.objectContaining({ code: "FS_IO", operation, path: file.path }) as object;
    await expect(file.read(new Uint8Array(1), 0, 1, 0)).rejects.toEqual(refusal("read"));
    await expect(file.read(new Uint8Array(1), 0, 1, 0)).rejects.toEqual(refusal("read"));
    expect(() => file.readSync(new Uint8Array(1), 0, 1, 0)).toThrow(refusal("readSync") as Error);
    await file.close();
  });

  test("refuses a range that does not lie in the target, and a negative position", async () => {
    const file = await opened({});
    const ranges: ReadonlyArray<[number, number, number]> = [
      [0, 11, 0],
      [-1, 2, 0],
      [0, -1, 0],
      [0, 1, -1],
      [0, 1, 0.5],
    ];
    for (const range of ranges) {
      const refusal = { code: "FS_INVALID_ARGUMENT", path: file.path };
      await expect(file.read(new Uint8Array(10), ...range)).rejects.toMatchObject(refusal);
      expect(() => file.readSync(new Uint8Array(10), ...range)).toThrow(expect.objectContaining(refusal));
    }
    await file.close();
  });

  test("the size of a file that cannot be asked is FS_IO", async () => {
    const file = await opened({ fs: failing("fstatSync", "EIO") });
    expect(() => file.size()).toThrow(expect.objectContaining({ code: "FS_IO", operation: "size" }));
    await file.close();
  });
});

describe("closing", () => {
  test("waits for a read in the thread pool, as its descriptor might be another file's by then", async () => {
    let finishRead: Done<number> | undefined;
    const closed: number[] = [];
    const file = await created({
      fs: {
        read: (_fd, _target, _at, _bytes, _position, done) => (finishRead = done),
        close: (fd, done) => (closed.push(fd), fs.close(fd, done)),
      },
    });
    const reading = file.read(new Uint8Array(4), 0, 4, 0);
    const closing = file.close();
    await expect(file.read(new Uint8Array(4), 0, 4, 0)).rejects.toMatchObject({ code: "FS_CLOSED" });
    expect(closed).toEqual([]);
    finishRead!(null, 0);
    expect(await reading).toBe(0);
    await closing;
    expect(closed).toHaveLength(1);
  });

  test("waits for a sync, also for one that fails", async () => {
    let finishSync: Done | undefined;
    const file = await created({ platform: "linux", fs: { fdatasync: (_, done) => (finishSync = done) } });
    const syncing = file.sync();
    const closing = file.close();
    finishSync!(platformError("EIO"), undefined);
    await expect(syncing).rejects.toMatchObject({ code: "FS_IO" });
    await closing;
  });

  test("never rejects", async () => {
    const close: NodeFs["close"] = (fd, done) => fs.close(fd, () => done(platformError("EIO")));
    const file = await created({ fs: { close } });
    await expect(file.close()).resolves.toBeUndefined();
  });
});

test("what is no view to read into is refused as an error of a file system, and keeps no handle in use", async () => {
  const file = await created();
  // To the platform it is an object like any other.
  const target = altered(new Uint8Array(10), {});
  await expect(file.read(target, 0, 5, 0)).rejects.toMatchObject({ code: "FS_INVALID_ARGUMENT", operation: "read" });
  await file.close();
});
