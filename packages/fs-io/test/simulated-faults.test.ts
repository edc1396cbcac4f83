import { describe, expect, test } from "vitest";
import type { FsErrorCode } from "../src/errors.ts";
import {
  crashPointAt,
  DiskImage,
  fate,
  SimulatedDisk,
  type Fault,
  type SimulatedFileSystem,
} from "../src/testing/index.ts";
import { bytes, read, shown, write, writeDurably } from "./simulated-support.ts";

const CONTENT = bytes(10);

function booted(...faults: Fault[]): { disk: SimulatedDisk; fs: SimulatedFileSystem } {
  const disk = new SimulatedDisk({ faults });
  return { disk, fs: disk.boot() };
}

function code(expected: FsErrorCode): unknown {
  return expect.objectContaining({ name: "FsError", code: expected });
}

describe("a failed sync", () => {
  const afterFailure = async (): Promise<ReturnType<typeof booted>> => {
    const made = booted({ at: { operation: "sync", nth: 1 }, kind: "EIO" });
    const file = await writeDurably(made.fs, "/a", bytes(2, 1));
    file.append(bytes(2, 3), 0, 2);
    await expect(file.sync()).rejects.toEqual(code("FS_IO"));
    return made;
  };

  test("leaves bytes that read well, that a second sync does not write though it succeeds, and that are gone", async () => {
    const { disk, fs } = await afterFailure();
    const again = await fs.openAppend("/a");
    await again.sync();
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3, 4]);
    expect(disk.durableBytes("/a")).toBe(2);
    expect(shown(disk.powerCut())).toEqual({ "/a": [1, 2, 0, 0] });
  });

  test("leaves them to the next process as well, whose sync helps as little", async () => {
    const { disk } = await afterFailure();
    disk.kill();
    const next = disk.boot();
    expect([...(await read(next, "/a"))]).toEqual([1, 2, 3, 4]);
    const file = await next.openAppend("/a");
    file.append(bytes(2, 5), 0, 2);
    await file.sync();
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 0, 0, 5, 6] });
  });

  test("may lose the new length as well, until another sync makes that durable", async () => {
    const { disk, fs } = await afterFailure();
    expect(shown(crashPointAt(disk, disk.position).image([], "drop-all"))).toEqual({ "/a": [1, 2] });
    await (await fs.openAppend("/a")).sync();
    expect(shown(crashPointAt(disk, disk.position).image([], "drop-all"))).toEqual({ "/a": [1, 2, 0, 0] });
  });

  test("may have written any part of what it covered", async () => {
    const { disk } = await afterFailure();
    const point = crashPointAt(disk, disk.position);
    expect(point.units.map((unit) => unit.standing)).toEqual(["cache-only", "pending"]);
    expect(shown(point.image([fate("lost")]))).toEqual({ "/a": [1, 2, 3, 4] });
    expect(shown(point.image([fate("torn-prefix")]))).toEqual({ "/a": [1, 2, 3, 0] });
    expect(shown(point.image([fate("lost")], "ordered"))).toEqual({ "/a": [1, 2, 0, 0] });
  });

  test("does not lose what was appended after it was called", async () => {
    const { disk, fs } = booted({ at: { operation: "sync", nth: 1 }, kind: "EIO" });
    const file = await writeDurably(fs, "/a", bytes(2, 1));
    file.append(bytes(1, 3), 0, 1);
    const syncing = file.sync();
    file.append(bytes(1, 4), 0, 1);
    await expect(syncing).rejects.toEqual(code("FS_IO"));
    await file.sync();
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 0, 4] });
  });

  test("of a directory loses its entries in the same way", async () => {
    const { disk, fs } = booted({ at: { operation: "syncDirectory" }, kind: "EIO" });
    await fs.create("/a");
    await expect(fs.syncDirectory("/")).rejects.toEqual(code("FS_IO"));
    await fs.create("/b");
    await fs.syncDirectory("/");
    expect(await fs.list("/")).toEqual(["a", "b"]);
    expect(disk.isEntryDurable("/a")).toBe(false);
    expect(shown(crashPointAt(disk, disk.position).image([fate("lost")]))).toEqual({ "/a": [], "/b": [] });
    expect(shown(disk.powerCut())).toEqual({ "/b": [] });
  });

  test("of a directory does not keep later entries from becoming durable", async () => {
    const { disk, fs } = booted({ at: { operation: "syncDirectory", nth: 1 }, kind: "EIO" });
    await writeDurably(fs, "/a", bytes(1));
    await fs.remove("/a");
    await expect(fs.syncDirectory("/")).rejects.toEqual(code("FS_IO"));
    await writeDurably(fs, "/b", bytes(2));
    expect([disk.durableBytes("/a"), disk.durableBytes("/b")]).toEqual([0, 2]);
    await fs.replace("/a", bytes(3));
    expect([disk.durableBytes("/a"), disk.isEntryDurable("/a.new")]).toEqual([3, false]);
    await fs.remove("/b");
    expect([disk.durableBytes("/a"), disk.durableBytes("/b")]).toEqual([3, 0]);
    await fs.syncDirectory("/");
    expect(disk.isEntryDurable("/b")).toBe(false);
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 3] });
  });

  test("keeps the order of entries: what came after a lost removal is not undone by it", async () => {
    const { disk, fs } = booted({ at: { operation: "syncDirectory", nth: 1 }, kind: "EIO" });
    await writeDurably(fs, "/a", bytes(1, 1));
    await fs.remove("/a");
    await expect(fs.syncDirectory("/")).rejects.toEqual(code("FS_IO"));
    const file = await write(fs, "/a", bytes(1, 2));
    await file.sync();
    await fs.syncDirectory("/");
    const point = crashPointAt(disk, disk.position);
    expect(shown(point.image([0]))).toEqual({ "/a": [2] });
    expect(shown(point.image([fate("lost")]))).toEqual({ "/a": [2] });
    expect(point.units.map((unit) => [unit.standing, unit.fateIndex])).toEqual([
      ["cache-only", 0],
      ["durable", -1],
    ]);
  });
});

describe("a call that is not permitted", () => {
  test("does nothing, whatever it would have done to a path, and can be made again", async () => {
    const { disk, fs } = booted();
    const before = { "/a": [...CONTENT], "/d": "directory" };
    await writeDurably(fs, "/a", CONTENT);
    await fs.makeDirectory("/d");
    const calls: Record<string, () => Promise<unknown>> = {
      stat: () => fs.stat("/a"),
      list: () => fs.list("/"),
      openRead: () => fs.openRead("/a"),
      openAppend: () => fs.openAppend("/a"),
      create: () => fs.create("/b"),
      makeDirectory: () => fs.makeDirectory("/e"),
      link: () => fs.link("/a", "/c"),
      isLocked: () => fs.isLocked("/", "lock"),
      lock: () => fs.lock("/", "lock"),
      freeBytes: () => fs.freeBytes("/"),
      sharedVolume: () => fs.sharedVolume("/"),
      syncDirectory: () => fs.syncDirectory("/"),
      remove: () => fs.remove("/a"),
    };
    for (const [operation, call] of Object.entries(calls)) {
      disk.inject({ at: { operation }, kind: "EPERM" });
      await expect(call()).rejects.toMatchObject({ code: "FS_NOT_PERMITTED", operation, cause: { code: "EPERM" } });
      expect(shown(disk.image())).toEqual(before);
    }
    disk.clearFaults();
    for (const call of Object.values(calls)) await call();
    expect(shown(disk.image())).toEqual({ "/b": [], "/c": [...CONTENT], "/d": "directory", "/e": "directory" });
  });

  test("is none that uses an open file", async () => {
    const { disk, fs } = booted({ at: 1, kind: "EPERM", sticky: true });
    const file = await write(fs, "/a", CONTENT);
    await file.sync();
    const target = new Uint8Array(10);
    expect([file.readSync(target, 0, 10, 0), await file.read(target, 0, 10, 0)]).toEqual([10, 10]);
    expect([disk.faultableCalls, disk.firedFaults]).toEqual([5, 0]);
  });

  test.each(["EPERM", "EMFILE"] as const)(
    "(%s) leaves the entries of a directory to the next sync of it",
    async (kind) => {
      const { disk, fs } = booted({ at: { operation: "syncDirectory" }, kind });
      await fs.create("/a");
      await expect(fs.syncDirectory("/")).rejects.toMatchObject({ operation: "syncDirectory" });
      expect(disk.isEntryDurable("/a")).toBe(false);
      await fs.syncDirectory("/");
      expect(disk.isEntryDurable("/a")).toBe(true);
    },
  );

  test("leaves a replaced file as it was when it is the rename", async () => {
    const { disk, fs } = booted({ at: { operation: "replace.rename" }, kind: "EPERM" });
    const error = await fs.replace("/m", CONTENT).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "FS_NOT_PERMITTED", operation: "replace", outcome: "unknown" });
    expect(await fs.stat("/m")).toBeUndefined();
    expect(shown(disk.image())).toEqual({ "/m.new": [...CONTENT] });
  });
});

describe("a failing append", () => {
  test("leaves nothing, or as much as the fault says", async () => {
    const { fs } = booted(
      { at: { operation: "append" }, kind: "EIO" },
      { at: { operation: "append", nth: 1 }, kind: "ENOSPC", keepBytes: 3 },
    );
    const file = await fs.create("/a");
    expect(() => file.append(CONTENT, 0, 10)).toThrow(code("FS_IO") as Error);
    expect(file.size()).toBe(0);
    expect(() => file.append(CONTENT, 0, 10)).toThrow(code("FS_NO_SPACE") as Error);
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3]);
  });

  test("that is short leaves half, and says that there was no space", async () => {
    const { fs } = booted({ at: { operation: "append" }, kind: "short" });
    const file = await fs.create("/a");
    expect(() => file.append(CONTENT, 0, 10)).toThrow(code("FS_NO_SPACE") as Error);
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("a failing read", () => {
  test("throws, and the next one succeeds unless the fault is sticky", async () => {
    const { disk, fs } = booted({ at: { operation: "readSync" }, kind: "EIO" });
    const file = await write(fs, "/a", CONTENT);
    const target = new Uint8Array(10);
    expect(() => file.readSync(target, 0, 10, 0)).toThrow(code("FS_IO") as Error);
    expect(file.readSync(target, 0, 10, 0)).toBe(10);
    disk.inject({ at: { operation: "read" }, kind: "EIO", sticky: true });
    await expect(file.read(target, 0, 10, 0)).rejects.toEqual(code("FS_IO"));
    await expect(file.read(target, 0, 10, 0)).rejects.toEqual(code("FS_IO"));
    disk.clearFaults();
    expect(await file.read(target, 0, 10, 0)).toBe(10);
  });

  test("that is short returns less than there is", async () => {
    const { fs } = booted(
      { at: { operation: "readSync" }, kind: "short" },
      { at: { operation: "read" }, kind: "short", keepBytes: 1 },
    );
    const file = await write(fs, "/a", CONTENT);
    const target = new Uint8Array(10);
    expect(file.readSync(target, 0, 10, 0)).toBe(5);
    expect(await file.read(target, 0, 10, 0)).toBe(1);
    expect([...target]).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 0, 0]);
  });
});

describe("a failing replace", () => {
  const steps = ["write", "sync", "rename", "syncDirectory"];
  const attempt = async (step: string): Promise<{ outcome: unknown; seen: unknown; durable: unknown }> => {
    const disk = new SimulatedDisk({
      image: DiskImage.of({ "/m": bytes(1, 1) }),
      faults: [{ at: { operation: `replace.${step}` }, kind: "EIO" }],
    });
    const error = await disk
      .boot()
      .replace("/m", bytes(2, 8))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "FS_IO", operation: "replace", path: "/m", cause: { code: "EIO" } });
    const seen = shown(disk.image());
    return { outcome: (error as { outcome: unknown }).outcome, seen, durable: shown(disk.powerCut([])) };
  };

  test("says whether the old content certainly stands, and so it is", async () => {
    expect(await Promise.all(steps.map(attempt))).toEqual([
      { outcome: "unchanged", seen: { "/m": [1] }, durable: { "/m": [1] } },
      { outcome: "unchanged", seen: { "/m": [1] }, durable: { "/m": [1] } },
      { outcome: "unknown", seen: { "/m": [1], "/m.new": [8, 9] }, durable: { "/m": [1], "/m.new": [8, 9] } },
      { outcome: "unknown", seen: { "/m": [8, 9] }, durable: { "/m": [1] } },
    ]);
  });

  test("for lack of space, of handles or of permission leaves nothing behind", async () => {
    const codes = {
      ENOSPC: "FS_NO_SPACE",
      EMFILE: "FS_TOO_MANY_OPEN",
      EPERM: "FS_NOT_PERMITTED",
      short: "FS_NO_SPACE",
    };
    for (const kind of ["ENOSPC", "EMFILE", "EPERM", "short"] as const) {
      const { disk, fs } = booted({ at: { operation: "replace" }, kind });
      await expect(fs.replace("/m", CONTENT)).rejects.toEqual(code(codes[kind] as FsErrorCode));
      expect(shown(disk.image())).toEqual({});
    }
  });

  test("when somebody else took away the prepared content has nothing to rename", async () => {
    const { disk, fs } = booted();
    disk.pause();
    const replacing = fs.replace("/m", CONTENT);
    disk.release();
    const removing = fs.remove("/m.new");
    disk.release();
    disk.resume();
    await removing;
    await expect(replacing).rejects.toMatchObject({ code: "FS_NOT_FOUND", outcome: "unchanged" });
  });
});

describe("a fault", () => {
  test("at a number hits the call of that number, if its kind applies there", async () => {
    const failedCalls = async (fault: Fault): Promise<string> => {
      const { disk, fs } = booted(fault);
      const failed: string[] = [];
      const note = (name: string) => () => failed.push(name);
      await fs.makeDirectory("/d").catch(note("makeDirectory"));
      await fs.replace("/m", CONTENT).catch(note("replace"));
      await fs.stat("/d").catch(note("stat"));
      expect(disk.firedFaults).toBe(failed.length);
      return failed.join(" ");
    };
    const atEach = (kind: Fault["kind"]): Promise<string[]> =>
      Promise.all([0, 1, 2, 3, 4, 5, 6].map((at) => failedCalls({ at, kind })));
    expect(await atEach("EIO")).toEqual(["makeDirectory", "replace", "replace", "replace", "replace", "stat", ""]);
    expect(await atEach("ENOSPC")).toEqual(["makeDirectory", "replace", "replace", "", "replace", "", ""]);
    expect(await atEach("EMFILE")).toEqual(["", "replace", "", "", "replace", "", ""]);
    expect(await atEach("EPERM")).toEqual(["makeDirectory", "replace", "", "replace", "replace", "stat", ""]);
    expect(await atEach("short")).toEqual(["", "replace", "", "", "", "", ""]);
  });

  test("that is sticky hits everything from there on to which its kind applies", async () => {
    const { disk, fs } = booted({ at: 1, kind: "ENOSPC", sticky: true });
    const file = await fs.create("/a");
    expect(() => file.append(CONTENT, 0, 10)).toThrow(code("FS_NO_SPACE") as Error);
    expect(await fs.list("/")).toEqual(["a"]);
    await expect(fs.makeDirectory("/d")).rejects.toEqual(code("FS_NO_SPACE"));
    await fs.remove("/a");
    expect([disk.faultableCalls, disk.firedFaults]).toEqual([5, 2]);
  });

  test("with a filter hits the calls that it lets through", async () => {
    const { fs } = booted({ at: { operation: "openRead", path: ".hint", nth: 1 }, kind: "EMFILE" });
    await write(fs, "/a.hint", CONTENT);
    await write(fs, "/a.log", CONTENT);
    await fs.openRead("/a.hint");
    await fs.openRead("/a.log");
    await expect(fs.openRead("/a.hint")).rejects.toEqual(code("FS_TOO_MANY_OPEN"));
    await fs.openRead("/a.hint");
  });

  test("without any restriction hits the first call that it can", async () => {
    const { fs } = booted({ at: {}, kind: "EMFILE" });
    await fs.stat("/");
    await expect(fs.create("/a")).rejects.toEqual(code("FS_TOO_MANY_OPEN"));
    await fs.create("/a");
  });
});

describe("a disk with a capacity", () => {
  test("takes what fits, refuses the rest, and tells what is free", async () => {
    const disk = new SimulatedDisk({ capacityBytes: 25 });
    const fs = disk.boot();
    const file = await write(fs, "/a", CONTENT);
    expect(await fs.freeBytes("/")).toBe(15);
    await fs.replace("/m", CONTENT);
    expect(() => file.append(CONTENT, 0, 10)).toThrow(code("FS_NO_SPACE") as Error);
    expect([file.size(), await fs.freeBytes("/"), disk.usedBytes]).toEqual([15, 0, 25]);
    await expect(fs.replace("/m", bytes(1))).rejects.toMatchObject({ code: "FS_NO_SPACE", outcome: "unchanged" });
    expect(shown(disk.image())).toEqual({ "/a": [...CONTENT, 1, 2, 3, 4, 5], "/m": [...CONTENT] });
  });

  test("has room again when the last name and the last handle of a file are gone", async () => {
    const disk = new SimulatedDisk({ capacityBytes: 10 });
    const fs = disk.boot();
    const file = await write(fs, "/a", CONTENT);
    await fs.link("/a", "/b");
    await fs.remove("/a");
    expect(await fs.freeBytes("/")).toBe(0);
    await fs.remove("/b");
    expect(await fs.freeBytes("/")).toBe(0);
    await file.close();
    expect(await fs.freeBytes("/")).toBe(10);
    await write(fs, "/c", CONTENT);
    await fs.remove("/c");
    disk.kill();
    expect(await disk.boot().freeBytes("/")).toBe(10);
  });

  test("has room again when it grows, and none when it shrinks", async () => {
    const disk = new SimulatedDisk({ capacityBytes: 10 });
    const fs = disk.boot();
    const file = await write(fs, "/a", CONTENT);
    disk.capacityBytes += 5;
    file.append(CONTENT, 0, 5);
    disk.capacityBytes = 3;
    expect([disk.capacityBytes, await fs.freeBytes("/")]).toEqual([3, 0]);
    disk.capacityBytes = Infinity;
    expect(await fs.freeBytes("/")).toBe(Infinity);
  });
});
