import { describe, expect, test } from "vitest";
import type { AppendFile } from "../src/file-system.ts";
import { imageAt, SimulatedDisk, type Fault, type SimulatedFileSystem } from "../src/testing/index.ts";
import { bytes, read, shown, write, writeDurably } from "./simulated-support.ts";

interface Made {
  readonly disk: SimulatedDisk;
  readonly fs: SimulatedFileSystem;
}

function made(fault: Partial<Fault> = {}): Made {
  const disk = new SimulatedDisk({ faults: [{ at: { operation: "close" }, kind: "EIO", ...fault }] });
  return { disk, fs: disk.boot() };
}

/** A file that holds 1 and 2 durably, and 3 and 4 that no sync covers. */
async function halfSynced({ fs }: Made): Promise<AppendFile> {
  const file = await writeDurably(fs, "/a", bytes(2, 1));
  file.append(bytes(2, 3), 0, 2);
  return file;
}

describe("a close that fails", () => {
  test.each([
    ["EIO", "FS_IO"],
    ["ENOSPC", "FS_NO_SPACE"],
  ] as const)("(%s) resolves all the same, and stands in the trace", async (kind, outcome) => {
    const { disk, fs } = made({ kind });
    const file = await write(fs, "/a", bytes(2));
    await file.close();
    const call = disk.trace.findLast((event) => event.type === "call")!;
    expect(call).toMatchObject({ operation: "close", path: "/a" });
    expect(disk.trace.at(-1)).toEqual({ type: "return", call: call.call, outcome });
  });

  test("has closed the handle: a second one does nothing, and nothing else can be done with it", async () => {
    const { disk, fs } = made({ sticky: true });
    const file = await write(fs, "/a", bytes(2));
    await Promise.all([file.close(), file.close()]);
    await file.close();
    expect([fs.openFiles, disk.firedFaults]).toEqual([0, 1]);
    expect(() => file.size()).toThrow(expect.objectContaining({ code: "FS_CLOSED" }) as Error);
  });

  test("waits for what is under way, as every close does", async () => {
    const { disk, fs } = made();
    const file = await write(fs, "/a", bytes(2));
    const syncing = file.sync();
    await file.close();
    await syncing;
    expect(disk.trace.flatMap((event) => (event.type === "step" ? [event.operation.kind] : []))).toEqual([
      "link",
      "append",
      "sync",
    ]);
  });

  test("leaves what was not synced to be read, but no later sync writes it, though it succeeds", async () => {
    const world = made();
    await (await halfSynced(world)).close();
    const again = await world.fs.openAppend("/a");
    again.append(bytes(1, 5), 0, 1);
    await again.sync();
    expect([...(await read(world.fs, "/a"))]).toEqual([1, 2, 3, 4, 5]);
    expect(shown(world.disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 0, 0, 5] });
  });

  test("takes nothing of what was synced, and changes nothing where all was", async () => {
    const { disk, fs } = made();
    const file = await writeDurably(fs, "/a", bytes(2));
    const before = disk.position;
    await file.close();
    expect([disk.position, disk.firedFaults]).toEqual([before, 1]);
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2] });
  });

  test("changes nothing where the file was open for reading only: who writes it may sync it yet", async () => {
    const world = made();
    const file = await halfSynced(world);
    await (await world.fs.openRead("/a")).close();
    expect(world.disk.firedFaults).toBe(1);
    await file.sync();
    expect(shown(world.disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 3, 4] });
  });

  test("is one that was asked for: the death of a process closes without failing", async () => {
    const world = made();
    const file = await halfSynced(world);
    world.disk.kill();
    await file.close();
    expect(world.disk.firedFaults).toBe(0);
    expect(shown(imageAt(world.disk, world.disk.position))).toEqual({ "/a": [1, 2, 3, 4] });
  });

  test("does not fail where the world has stopped", async () => {
    const world = made();
    const file = await halfSynced(world);
    world.disk.stopAt(0);
    await file.close();
    expect(world.disk.firedFaults).toBe(0);
  });
});

describe("a close", () => {
  test.each(["EMFILE", "EPERM", "short"] as const)("cannot fail for %s", async (kind) => {
    const { disk, fs } = made({ kind });
    await (await write(fs, "/a", bytes(2))).close();
    expect(disk.firedFaults).toBe(0);
  });

  test("is no matter for a failing sync that reverts its file, or that lies", async () => {
    for (const failedSync of ["evicted", "reverted", "late"] as const) {
      const { disk, fs } = made({ failedSync });
      await (await write(fs, "/a", bytes(2))).close();
      expect(disk.firedFaults).toBe(0);
    }
  });

  test("that succeeds makes nothing durable", async () => {
    const disk = new SimulatedDisk();
    await (await halfSynced({ disk, fs: disk.boot() })).close();
    expect(shown(disk.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2] });
  });
});
