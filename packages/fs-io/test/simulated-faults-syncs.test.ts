import { describe, expect, test } from "vitest";
import { crashPointAt, diskAt, fate, hashImage, imageAt, PROFILES, SimulatedDisk } from "../src/testing/index.ts";
import { aboutToFail, bytes, read, shown, write, type Writing } from "./simulated-support.ts";

/** What file systems make of bytes that they could not write; that they keep them is in simulated-faults.test.ts. */

describe("a sync that fails and reverts the file", () => {
  const afterFailure = async (): Promise<Writing> => {
    const failed = await aboutToFail("reverted");
    await expect(failed.file.sync()).rejects.toMatchObject({ code: "FS_IO", operation: "sync", path: "/a" });
    return failed;
  };

  test("leaves nothing but what was durable, to those who read it and to a power cut", async () => {
    const { disk, fs, file } = await afterFailure();
    expect(file.size()).toBe(2);
    expect([...(await read(fs, "/a"))]).toEqual([1, 2]);
    expect(disk.durableBytes("/a")).toBe(2);
    expect(crashPointAt(disk, disk.position).units).toEqual([]);
    for (const profile of PROFILES) expect(shown(imageAt(disk, disk.position, [], profile))).toEqual({ "/a": [1, 2] });
  });

  test("takes what was appended while it ran", async () => {
    const { disk, fs, file } = await aboutToFail("reverted");
    const syncing = file.sync();
    file.append(bytes(1, 5), 0, 1);
    await expect(syncing).rejects.toMatchObject({ code: "FS_IO" });
    expect([...(await read(fs, "/a"))]).toEqual([1, 2]);
    expect(disk.usedBytes).toBe(2);
  });

  test("leaves what was there before it at the crash points before it", async () => {
    const { disk, file } = await afterFailure();
    const before = disk.position - 1;
    file.append(bytes(3, 101), 0, 3);
    await file.sync();
    expect(shown(imageAt(disk, before))).toEqual({ "/a": [1, 2, 3, 4] });
    expect(shown(imageAt(disk, before + 1))).toEqual({ "/a": [1, 2] });
    expect(shown(imageAt(disk, disk.position))).toEqual({ "/a": [1, 2, 101, 102, 103] });
    expect(shown(imageAt(disk, before))).toEqual({ "/a": [1, 2, 3, 4] });
    expect(disk.durableBytes("/a")).toBe(5);
  });

  test("is followed by what goes on on a disk of its own as on the first one", async () => {
    const { disk } = await afterFailure();
    for (const ordinal of [disk.position - 1, disk.position]) {
      const fork = diskAt(disk, ordinal);
      expect(shown(fork.image())).toEqual(shown(imageAt(disk, ordinal, [], "kill")));
      const file = await fork.boot().openAppend("/a");
      file.append(bytes(1, 9), 0, 1);
      await file.sync();
      const expected = ordinal === disk.position ? [1, 2, 9] : [1, 2, 3, 4, 9];
      expect(shown(fork.powerCut([], "drop-all"))).toEqual({ "/a": expected });
      expect(shown(imageAt(fork, disk.position - 1, [], "kill"))).toEqual({ "/a": [1, 2, 3, 4] });
    }
  });

  test("leaves zeros where an earlier sync had failed and kept its bytes in the cache", async () => {
    const disk = new SimulatedDisk({
      faults: [
        { at: { operation: "sync" }, kind: "EIO" },
        { at: { operation: "sync", nth: 2 }, kind: "EIO", failedSync: "reverted" },
      ],
    });
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(2, 1));
    await fs.syncDirectory("/");
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
    file.append(bytes(2, 3), 0, 2);
    await file.sync();
    file.append(bytes(2, 5), 0, 2);
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
    expect([...(await read(fs, "/a"))]).toEqual([0, 0, 3, 4]);
    expect(shown(disk.powerCut())).toEqual({ "/a": [0, 0, 3, 4] });
  });

  test("reverts the new content that `replace` prepares, and removes it", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: {}, kind: "ENOSPC", failedSync: "reverted" }] });
    const fs = disk.boot();
    await expect(fs.replace("/m", bytes(3))).rejects.toMatchObject({ code: "FS_NO_SPACE", outcome: "unchanged" });
    expect(shown(disk.image())).toEqual({});
  });
});

describe("a sync that fails late", () => {
  const afterLie = async (): Promise<Writing> => {
    const failed = await aboutToFail("late");
    await failed.file.sync();
    return failed;
  };

  test("succeeds, and has written nothing", async () => {
    const { disk, fs } = await afterLie();
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3, 4]);
    expect([disk.durableBytes("/a"), disk.firedFaults]).toEqual([2, 1]);
    expect(shown(imageAt(disk, disk.position))).toEqual({ "/a": [1, 2, 0, 0] });
    expect(shown(imageAt(disk, disk.position, [fate("lost")]))).toEqual({ "/a": [1, 2, 3, 4] });
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2] });
  });

  test("is told by the next sync, which writes nothing either, and by that one alone", async () => {
    const { disk, fs, file } = await afterLie();
    file.append(bytes(1, 5), 0, 1);
    const other = await fs.openAppend("/a");
    await expect(other.sync()).rejects.toMatchObject({ code: "FS_IO", cause: { code: "EIO" } });
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3, 4, 5]);
    expect(disk.durableBytes("/a")).toBe(2);
    file.append(bytes(1, 6), 0, 1);
    await file.sync();
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 0, 0, 0, 6] });
  });

  test("is told to the next process, if this one dies without having asked", async () => {
    const { disk } = await afterLie();
    const fork = diskAt(disk, disk.position);
    for (const world of [disk, fork]) {
      world.kill();
      const next = await world.boot().openAppend("/a");
      await expect(next.sync()).rejects.toMatchObject({ code: "FS_IO" });
      expect(world.durableBytes("/a")).toBe(2);
    }
  });

  test("is told to nobody once the power was cut", async () => {
    const { disk } = await afterLie();
    disk.powerCut();
    await (await disk.boot().openAppend("/a")).sync();
    expect(disk.durableBytes("/a")).toBe(4);
  });

  test("can happen again and again: each sync is told of the one before", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: {}, kind: "EIO", failedSync: "late", sticky: true }] });
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(1));
    await file.sync();
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
    disk.clearFaults();
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
    await file.sync();
    expect(disk.durableBytes("/a")).toBe(0);
  });

  test("lets `replace` succeed with content that a power cut takes", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: {}, kind: "EIO", failedSync: "late" }] });
    await disk.boot().replace("/m", bytes(3));
    expect(shown(disk.image())).toEqual({ "/m": [1, 2, 3] });
    expect([disk.isEntryDurable("/m"), disk.durableBytes("/m")]).toEqual([true, 0]);
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/m": [] });
  });
});

describe("a sync that fails in whatever way", () => {
  test.each(["kept", "evicted", "reverted", "late"] as const)(
    "(%s) is replayed from the recording as it happened",
    async (way) => {
      const { disk, fs, file } = await aboutToFail(way);
      const seen: string[] = [];
      const durable: number[] = [];
      disk.onOperation = (event) => {
        if (event.type !== "step") return;
        seen[event.ordinal + 1] = hashImage(disk.image());
        durable[event.ordinal + 1] = disk.durableBytes("/a");
      };
      await file.sync().catch(() => undefined);
      const other = await fs.openAppend("/a");
      other.append(bytes(2, 7), 0, 2);
      await other.sync().catch(() => undefined);
      other.append(bytes(2, 9), 0, 2);
      await other.sync();
      expect(Object.keys(seen).length).toBeGreaterThan(4);
      for (const ordinal of Object.keys(seen).map(Number)) {
        expect(hashImage(imageAt(disk, ordinal, [], "kill"))).toBe(seen[ordinal]);
        expect(hashImage(diskAt(disk, ordinal).image())).toBe(seen[ordinal]);
        expect(crashPointAt(disk, ordinal).durableBytes("/a")).toBe(durable[ordinal]);
        expect(diskAt(disk, ordinal).durableBytes("/a")).toBe(durable[ordinal]);
      }
    },
  );

  test("other than keeping its bytes is the sync of a file, never of a directory", async () => {
    for (const failedSync of ["evicted", "reverted", "late"] as const) {
      const disk = new SimulatedDisk({ faults: [{ at: {}, kind: "EIO", failedSync, sticky: true }] });
      const fs = disk.boot();
      await fs.makeDirectory("/d");
      await fs.syncDirectory("/");
      const file = await fs.create("/a");
      file.append(bytes(1), 0, 1);
      expect([disk.firedFaults, disk.isEntryDurable("/d")]).toEqual([0, true]);
      await file.sync().catch(() => undefined);
      expect(disk.firedFaults).toBe(1);
    }
  });
});
