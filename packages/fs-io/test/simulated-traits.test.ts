import { describe, expect, test } from "vitest";
import {
  crashPointAt,
  diskAt,
  enumerateFates,
  fate,
  hashImage,
  imageAt,
  legalImages,
  PROFILES,
  SimulatedDisk,
  type SimulatedFileSystem,
} from "../src/testing/index.ts";
import { bytes, read, shown, write, writeDurably } from "./simulated-support.ts";

const LOST = fate("lost");

describe("safe file flush", () => {
  const disks = (): readonly SimulatedDisk[] => [new SimulatedDisk(), new SimulatedDisk({ safeFileFlush: true })];

  /** What is certain to be there after the program, without it and with it. */
  async function certain(work: (fs: SimulatedFileSystem) => Promise<unknown>): Promise<readonly unknown[]> {
    const left: unknown[] = [];
    for (const disk of disks()) {
      await work(disk.boot());
      left.push(shown(disk.powerCut([], "drop-all")));
    }
    return left;
  }

  test("makes the name durable with the file, and is not the default", async () => {
    const saved = async (fs: SimulatedFileSystem): Promise<void> => (await write(fs, "/a", bytes(3))).sync();
    expect(await certain(saved)).toEqual([{}, { "/a": [1, 2, 3] }]);
  });

  test("makes the directories above it durable, and no name beside it", async () => {
    const saved = async (fs: SimulatedFileSystem): Promise<void> => {
      await fs.makeDirectory("/d");
      await fs.makeDirectory("/d/e");
      await fs.create("/d/other");
      await (await write(fs, "/d/e/a", bytes(3))).sync();
    };
    const tree = { "/d": "directory", "/d/e": "directory", "/d/e/a": [1, 2, 3] };
    expect(await certain(saved)).toEqual([{}, tree]);
  });

  test("covers every name of the file, and a rename to it", async () => {
    const linked = async (fs: SimulatedFileSystem): Promise<void> => {
      const file = await write(fs, "/a", bytes(3));
      await fs.link("/a", "/b");
      await file.sync();
    };
    expect(await certain(linked)).toEqual([{}, { "/a": [1, 2, 3], "/b": [1, 2, 3] }]);
    const disk = new SimulatedDisk({ safeFileFlush: true });
    const fs = disk.boot();
    disk.stopAt(4);
    void fs.replace("/m", bytes(2));
    await disk.stopped;
    disk.kill();
    await (await disk.boot().openAppend("/m")).sync();
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/m": [1, 2] });
  });

  test("does not cover removals, nor what was issued after the sync was called", async () => {
    const disk = new SimulatedDisk({ safeFileFlush: true });
    const fs = disk.boot();
    const file = await writeDurably(fs, "/a", bytes(1));
    await fs.link("/a", "/b");
    await fs.remove("/a");
    await Promise.all([fs.link("/b", "/c"), file.sync()]);
    expect(shown(imageAt(disk, disk.position, [], "drop-all"))).toEqual({ "/a": [1], "/b": [1] });
  });

  test("says what is durable from then on, and comes with the disk that goes on", async () => {
    const disk = new SimulatedDisk({ safeFileFlush: true });
    const file = await write(disk.boot(), "/a", bytes(3));
    await file.sync();
    expect([disk.durableBytes("/a"), disk.isEntryDurable("/a")]).toEqual([3, true]);
    const fork = diskAt(disk, disk.position);
    await (await write(fork.boot(), "/b", bytes(2))).sync();
    expect(fork.durableBytes("/b")).toBe(2);
    const strict = diskAt(disk, disk.position, { safeFileFlush: false });
    await (await write(strict.boot(), "/b", bytes(2))).sync();
    expect(strict.durableBytes("/b")).toBe(0);
  });

  test("covers nothing when the sync fails", async () => {
    const disk = new SimulatedDisk({ safeFileFlush: true, faults: [{ at: { operation: "sync" }, kind: "EIO" }] });
    const file = await write(disk.boot(), "/a", bytes(3));
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
    expect(disk.isEntryDurable("/a")).toBe(false);
  });
});

describe("a disk that lies about its syncs", () => {
  test("loses what every sync covered, names included, and is not deceived itself", async () => {
    const disk = new SimulatedDisk({ lyingSyncs: true });
    const fs = disk.boot();
    await writeDurably(fs, "/a", bytes(3));
    await fs.replace("/m", bytes(2));
    expect([disk.durableBytes("/a"), disk.isEntryDurable("/a"), disk.isEntryDurable("/m")]).toEqual([0, false, false]);
    expect(shown(imageAt(disk, disk.position, [], "drop-all"))).toEqual({});
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3]);
  });

  test("leaves some earlier state of the whole disk under prefix, and parts of later ones under others", async () => {
    const disk = new SimulatedDisk({ lyingSyncs: true });
    const fs = disk.boot();
    await writeDurably(fs, "/first", bytes(2, 1));
    await writeDurably(fs, "/second", bytes(2, 7));
    const point = crashPointAt(disk, disk.position);
    expect([...legalImages(point, { profile: "prefix" })].map(shown)).toEqual([
      { "/first": [1, 2], "/second": [7, 8] },
      {},
      { "/first": [] },
      { "/first": [1] },
      { "/first": [1, 2] },
      { "/first": [1, 2], "/second": [] },
      { "/first": [1, 2], "/second": [7] },
    ]);
    expect([...legalImages(point, { profile: "ordered" })].map(shown)).toContainEqual({
      "/first": [],
      "/second": [7, 8],
    });
  });

  test("still fails the syncs that are to fail", async () => {
    const disk = new SimulatedDisk({ lyingSyncs: true, faults: [{ at: { operation: "sync" }, kind: "EIO" }] });
    const file = await write(disk.boot(), "/a", bytes(3));
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
  });
});

describe("a disk with the manners of Windows", () => {
  function windows(): { disk: SimulatedDisk; fs: SimulatedFileSystem } {
    const disk = new SimulatedDisk({ platform: "windows" });
    return { disk, fs: disk.boot() };
  }

  test("does not remove a file that anybody has open, under any of its names, until it is closed", async () => {
    const { disk, fs } = windows();
    const file = await write(fs, "/a", bytes(3));
    await fs.link("/a", "/b");
    for (const name of ["/a", "/b"]) {
      await expect(disk.boot().remove(name)).rejects.toMatchObject({
        code: "FS_BUSY",
        operation: "remove",
        path: name,
      });
    }
    await file.close();
    await fs.remove("/a");
    expect(await fs.list("/")).toEqual(["b"]);
  });

  test("lets the files of a killed process go", async () => {
    const { disk, fs } = windows();
    await write(fs, "/a", bytes(3));
    disk.kill(fs);
    await disk.boot().remove("/a");
    expect(shown(disk.image())).toEqual({});
  });

  test("does not replace a file that is open: the old content stands, and the outcome is unknown", async () => {
    const { disk, fs } = windows();
    await fs.replace("/m", bytes(1, 1));
    const reader = await fs.openRead("/m");
    const refusal = { code: "FS_NOT_PERMITTED", operation: "replace", path: "/m", outcome: "unknown" };
    await expect(fs.replace("/m", bytes(1, 2))).rejects.toMatchObject(refusal);
    expect(shown(disk.image())).toEqual({ "/m": [1], "/m.new": [2] });
    await reader.close();
    await fs.replace("/m", bytes(1, 3));
    expect(shown(disk.image())).toEqual({ "/m": [3] });
  });

  test("does not replace through prepared content that is open, before or after it was written", async () => {
    const { disk, fs } = windows();
    const left = await write(fs, "/m.new", bytes(1, 9));
    const unchanged = { code: "FS_NOT_PERMITTED", outcome: "unchanged" };
    await expect(fs.replace("/m", bytes(1, 1))).rejects.toMatchObject(unchanged);
    expect(shown(disk.image())).toEqual({ "/m.new": [9] });
    await left.close();
    disk.pause();
    const replacing = fs.replace("/m", bytes(1, 2));
    disk.release();
    const scanning = disk.boot().openRead("/m.new");
    disk.release();
    await scanning;
    disk.resume();
    await expect(replacing).rejects.toMatchObject({ code: "FS_NOT_PERMITTED", outcome: "unknown" });
  });

  test("removes and replaces open files elsewhere", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(3));
    await fs.replace("/a", bytes(1));
    await fs.remove("/a");
    expect(file.size()).toBe(3);
  });

  test("does nothing when a directory is to be synced, whether it is there or not", async () => {
    const { disk, fs } = windows();
    await fs.create("/a");
    disk.inject({ at: { operation: "syncDirectory" }, kind: "EIO" });
    await fs.syncDirectory("/");
    await fs.syncDirectory("/missing");
    expect([disk.position, disk.isEntryDurable("/a")]).toEqual([1, false]);
  });

  test("syncs a replaced file again under its new name, as there is no directory to sync", async () => {
    const { disk, fs } = windows();
    await fs.replace("/m", bytes(1));
    expect(disk.recording.operations.map(({ kind }) => kind)).toEqual(["link", "append", "sync", "rename", "sync"]);
    expect(disk.isEntryDurable("/m")).toBe(true);
  });

  test("keeps its directory operations in their order, whatever the profile is, all directories together", async () => {
    const { disk, fs } = windows();
    await fs.makeDirectory("/d");
    await (await fs.create("/a")).close();
    await fs.create("/d/b");
    await fs.remove("/a");
    const states = [{}, { "/d": "directory" }, { "/a": [], "/d": "directory" }];
    const all = [...states, { "/a": [], "/d": "directory", "/d/b": [] }, { "/d": "directory", "/d/b": [] }];
    const point = crashPointAt(disk, disk.position);
    for (const profile of PROFILES.slice(2)) {
      const left = [...legalImages(point, { profile })].map(shown);
      expect(left).toHaveLength(5);
      expect(left).toEqual(expect.arrayContaining(all));
    }
    expect([...legalImages(point, { profile: "hostile" })]).toHaveLength(5);
  });

  test("makes all of them durable when a file is synced: those that were issued before", async () => {
    const { disk, fs } = windows();
    await (await writeDurably(fs, "/old", bytes(1))).close();
    const file = await write(fs, "/a", bytes(3));
    await fs.makeDirectory("/d");
    await fs.remove("/old");
    await Promise.all([fs.create("/d/late"), file.sync()]);
    expect(shown(disk.powerCut([LOST], "drop-all"))).toEqual({ "/a": [1, 2, 3], "/d": "directory" });
  });

  test("never tears a rename", async () => {
    const { disk, fs } = windows();
    await fs.replace("/m", bytes(1, 1));
    await fs.replace("/m", bytes(1, 2));
    // Right after the rename, before the sync that follows it.
    const point = crashPointAt(disk, disk.position - 1);
    const left = new Set(
      [...enumerateFates(point, { profile: "hostile" })].map((fates) => hashImage(point.image(fates, "hostile"))),
    );
    expect(left.size).toBe(2);
    expect(shown(point.image([fate("torn-suffix")], "hostile"))).toEqual({ "/m": [1], "/m.new": [2] });
  });
});
