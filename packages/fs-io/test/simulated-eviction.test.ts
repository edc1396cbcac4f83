import { describe, expect, test } from "vitest";
import { crashPointAt, diskAt, fate, imageAt, SimulatedDisk, type FailedSync } from "../src/testing/index.ts";
import { aboutToFail, bytes, read, shown, write, type Writing } from "./simulated-support.ts";

/** A file that holds 1 and 2 durably, and then 3 and 4, the sync of which has failed. */
async function afterFailure(failedSync: FailedSync = "kept"): Promise<Writing> {
  const failed = await aboutToFail(failedSync);
  await expect(failed.file.sync()).rejects.toMatchObject({ code: "FS_IO" });
  return failed;
}

describe("the eviction of what is in the cache alone", () => {
  test("has programs read zeros, through open handles and new ones, in a file as long as it was", async () => {
    const { disk, fs, file } = await afterFailure();
    disk.evict();
    const target = new Uint8Array(4);
    expect([file.size(), file.readSync(target, 0, 4, 0)]).toEqual([4, 4]);
    expect([...target]).toEqual([1, 2, 0, 0]);
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 0, 0]);
  });

  test("makes nothing durable: a power cut may still take the new length, a sync only makes that last", async () => {
    const { disk, fs } = await afterFailure();
    disk.evict();
    expect(disk.durableBytes("/a")).toBe(2);
    expect(shown(imageAt(disk, disk.position, [], "drop-all"))).toEqual({ "/a": [1, 2] });
    await (await fs.openAppend("/a")).sync();
    expect(shown(imageAt(disk, disk.position, [], "drop-all"))).toEqual({ "/a": [1, 2, 0, 0] });
  });

  test("brings nothing back: not even a crash that had written it after all finds what nobody reads any more", async () => {
    const { disk } = await afterFailure();
    expect(shown(imageAt(disk, disk.position, [fate("lost")]))).toEqual({ "/a": [1, 2, 3, 4] });
    disk.evict();
    expect(shown(imageAt(disk, disk.position, [fate("lost")]))).toEqual({ "/a": [1, 2, 0, 0] });
  });

  test("spares what is on its way to the disk, and what is there", async () => {
    const { disk, fs } = await afterFailure();
    const again = await fs.openAppend("/a");
    again.append(bytes(1, 5), 0, 1);
    await again.sync();
    again.append(bytes(1, 6), 0, 1);
    const other = await write(fs, "/b", bytes(2, 7));
    disk.evict();
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 0, 0, 5, 6]);
    expect([...(await read(fs, "/b"))]).toEqual([7, 8]);
    await Promise.all([again.sync(), other.sync(), fs.syncDirectory("/")]);
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 0, 0, 5, 6], "/b": [7, 8] });
  });

  test("takes what a failing close could not write as well", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: { operation: "close" }, kind: "ENOSPC" }] });
    const fs = disk.boot();
    await (await write(fs, "/a", bytes(2))).close();
    expect([...(await read(fs, "/a"))]).toEqual([1, 2]);
    disk.evict();
    expect([...(await read(fs, "/a"))]).toEqual([0, 0]);
  });

  test("takes what a sync had lied about, and the failure is told all the same", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: { operation: "sync" }, kind: "EIO", failedSync: "late" }] });
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(2));
    await file.sync();
    disk.evict();
    expect([...(await read(fs, "/a"))]).toEqual([0, 0]);
    await expect(file.sync()).rejects.toMatchObject({ code: "FS_IO" });
  });

  test("outlives the process, and comes to the next one as well", async () => {
    const { disk } = await afterFailure();
    disk.kill();
    disk.evict();
    expect([...(await read(disk.boot(), "/a"))]).toEqual([1, 2, 0, 0]);
  });

  test("reaches a file that no name leads to any more", async () => {
    const { disk, fs, file } = await afterFailure();
    await fs.remove("/a");
    disk.evict();
    const target = new Uint8Array(4);
    file.readSync(target, 0, 4, 0);
    expect([...target]).toEqual([1, 2, 0, 0]);
  });

  test("is a step for each file of which others bytes are read then, and none where there is nothing to lose", async () => {
    const { disk } = await afterFailure();
    const before = disk.position;
    disk.evict();
    expect(disk.trace.at(-1)).toMatchObject({ type: "step", operation: { kind: "evict", path: "/a" } });
    disk.evict();
    expect(disk.position).toBe(before + 1);
    const untouched = new SimulatedDisk();
    await write(untouched.boot(), "/a", bytes(2));
    untouched.evict();
    expect(untouched.position).toBe(2);
  });

  test("happens to the crash points after it, and to no earlier one", async () => {
    const { disk, file } = await afterFailure();
    const before = disk.position;
    disk.evict();
    await file.close();
    expect(shown(imageAt(disk, before, [], "kill"))).toEqual({ "/a": [1, 2, 3, 4] });
    expect(shown(imageAt(disk, before + 1, [], "kill"))).toEqual({ "/a": [1, 2, 0, 0] });
    expect(shown(diskAt(disk, before).image())).toEqual({ "/a": [1, 2, 3, 4] });
    expect(shown(diskAt(disk, before + 1).image())).toEqual({ "/a": [1, 2, 0, 0] });
    expect(crashPointAt(disk, before + 1).describe()).toMatch(/lost by its sync {2}bytes 2\.\.4 of \/a/);
  });

  test("comes at once where the failed sync says so", async () => {
    const { disk, fs } = await afterFailure("evicted");
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 0, 0]);
    expect(disk.trace.filter((event) => event.type === "step" && event.operation.kind === "evict")).toHaveLength(1);
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2] });
  });
});

describe("a disk that goes on from another one", () => {
  test.each(["reverted", "evicted"] as const)("may write other bytes where that one (%s) wrote on", async (way) => {
    const { disk, file } = await afterFailure(way);
    const end = file.size();
    const ordinal = disk.position;
    for (let at = end; at < 256; at += 1) file.append(bytes(1, 99), 0, 1);
    const fork = diskAt(disk, ordinal);
    const forked = await fork.boot().openAppend("/a");
    forked.append(bytes(256 - end, 7), 0, 256 - end);
    expect(shown(fork.image())["/a"]!.slice(end)).toEqual([...bytes(256 - end, 7)]);
  });
});
