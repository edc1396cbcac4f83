import { open } from "@hashlog/engine";
import { FsError, memoryFileSystem, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { LIMITS } from "../src/limits.ts";
import type { MergeExecutor } from "../src/merge-executor.ts";
import { openWithin } from "../src/open.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { copyStore } from "./support/roads.ts";
import { entriesOf, filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** Openings that the file system fails, each at a place of its own: told as what it is, and nothing is lost. */
describe("an opening", () => {
  test("is refused when a segment cannot be opened, which is not the same as a segment that is missing", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (const key of ["a", "b", "c"]) await db.put(key, filler(400));
    await db.close();
    const failure = world.watched.fail("openRead", /\.segment$/, "FS_NOT_PERMITTED");
    expect(await rejection(open(world.directory, { fileSystem: world.fileSystem }))).toMatchObject({
      code: "HASHLOG_NOT_PERMITTED",
    });
    failure.end();
    expect((await entriesOf(await world.open())).map(([key]) => key).sort()).toEqual(["a", "b", "c"]);
  });

  test("makes no store in a directory that is there when the way to it cannot be synced", async () => {
    const world = await memoryWorld();
    await world.fileSystem.makeDirectory(world.directory);
    const failure = world.watched.fail("syncDirectory", /^\/$/);
    expect(await rejection(open(world.directory, { fileSystem: world.fileSystem }))).toMatchObject({
      code: "HASHLOG_IO",
    });
    expect(await world.fileSystem.list(world.directory)).toEqual([]);
    failure.end();
    expect(await entriesOf(await world.open())).toEqual([]);
  });

  test("makes no directory whose name it may not make durable, so that the next one does not take it for another's", async () => {
    const disk = new SimulatedDisk();
    disk.inject({ at: { operation: "syncDirectory", path: "/" }, kind: "EPERM", sticky: true });
    for (const directory of ["/store", "/deep/store", "/store"]) {
      const fileSystem = disk.boot();
      expect(await rejection(open(directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
      expect(await fileSystem.list("/")).toEqual([]);
    }
  });

  test("closes a segment whose length cannot be asked for", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("a", "1");
    const copy = await copyStore(world);
    let nth = 0;
    let closed = 0;
    const opened: ReadFile[] = [];
    const fileSystem = altered<FileSystem>(copy.fileSystem, {
      openRead: async (path) => {
        const file = await copy.fileSystem.openRead(path);
        if (!path.endsWith(".segment")) return file;
        opened.push(file);
        return altered<ReadFile>(file, {
          size: () => {
            nth -= 1;
            if (nth === 0) throw new FsError("FS_IO", "made to fail", { operation: "size", path });
            return file.size();
          },
          close: () => {
            closed += 1;
            return file.close();
          },
        });
      },
    });
    let failed = 0;
    for (let first = 1; first <= 4; first += 1) {
      nth = first;
      const opening = open(copy.directory, { fileSystem });
      if ((await rejection(opening).catch(() => undefined)) === undefined) await (await opening).close();
      else failed += 1;
      expect(closed).toBe(opened.length);
    }
    expect(failed).toBeGreaterThan(0);
  });

  test("that is cancelled while it joins what many have left sets no timer, and lets go of the executor", async () => {
    const clock = new FakeClock();
    const disk = new SimulatedDisk();
    for (let life = 0; life < 4; life += 1) {
      const db = await open("/store", { fileSystem: disk.boot(), clock, compaction: false });
      await db.put(`key ${life}`, "1");
      disk.kill();
    }
    const fileSystem = disk.boot();
    const controller = new AbortController();
    let closed = 0;
    const executor: MergeExecutor = {
      check: () => undefined,
      merge: () => {
        controller.abort();
        return Promise.reject(controller.signal.reason as Error);
      },
      close: async () => void (closed += 1),
    };
    const limits = { ...LIMITS, crumbsMost: 2 };
    const options = { fileSystem, clock, signal: controller.signal, compaction: { executor } };
    expect(await rejection(openWithin(limits, "/store", options))).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect({ timers: clock.timers, closed }).toEqual({ timers: 0, closed: 1 });
    await (await open("/store", { fileSystem, clock })).close();
  });

  test("is refused by a lock that does not say who holds it", async () => {
    const fileSystem = memoryFileSystem();
    fileSystem.lock = (path) => Promise.reject(new FsError("FS_LOCKED", "held", { operation: "lock", path }));
    const refusal = await rejection(open("/store", { fileSystem }));
    expect(refusal).toMatchObject({
      code: "HASHLOG_LOCKED",
      message: "/store is open for writing; it has one writer at a time",
    });
    expect(refusal).not.toHaveProperty("holder");
  });

  test("fails with what a file system throws that is no error of a file system", async () => {
    const fileSystem = memoryFileSystem();
    const db = await open("/store", { fileSystem, segmentBytesMax: 512 });
    for (const key of ["a", "b", "c"]) await db.put(key, filler(400));
    await db.close();
    const odd = new TypeError("a mistake in the file system");
    await withoutCheckpoints(fileSystem);
    const openRead = fileSystem.openRead.bind(fileSystem);
    fileSystem.openRead = (path) => (path.endsWith(".hint") ? Promise.reject(odd) : openRead(path));
    expect(await rejection(open("/store", { fileSystem }))).toBe(odd);
    fileSystem.openRead = openRead;
    const again = await open("/store", { fileSystem });
    expect((await entriesOf(again)).length).toBe(3);
    await again.close();
  });
});

async function withoutCheckpoints(fileSystem: FileSystem): Promise<void> {
  for (const name of await fileSystem.list("/store")) {
    if (name.endsWith(".checkpoint")) await fileSystem.remove(`/store/${name}`);
  }
}
