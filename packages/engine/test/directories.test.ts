import { open } from "@hashlog/engine";
import {
  checkpointFileName,
  hintFileName,
  MANIFEST_NAME,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
} from "@hashlog/format";
import { nodeFileSystem } from "@hashlog/fs-io";
import { crc32 } from "node:zlib";
import { chmod, mkdir, readdir, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { readFile, readManifest } from "./support/recount.ts";
import { entriesOf, rejection } from "./support/values.ts";
import { memoryWorld, nodeWorld, type World } from "./support/worlds.ts";

/** A closed store with a few keys, two segments, hints and a checkpoint. */
async function closedStore(world: World): Promise<void> {
  const db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 4; index += 1) await db.put(`key ${index}`, "x".repeat(150));
  await db.checkpoint();
  await db.close();
  world.leaveUnchecked();
}

/** Old times of change on every file, so that any writing shows, and the times themselves. */
async function age(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await utimes(join(directory, name), 1000, 1000);
}

async function times(directory: string): Promise<Record<string, number>> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith("hashlog.lock-"));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await stat(join(directory, name))).mtimeMs] as const)),
  );
}

/** What opening fails with, once every file was found to be as it was: its bytes and its time of change. */
async function failureTouchingNothing(world: World): Promise<unknown> {
  await age(world.directory);
  const before = [await snapshotOf(world), await times(world.directory)];
  const failures = [await rejection(world.open({ createIfMissing: false })), await rejection(world.open())];
  expect([await snapshotOf(world), await times(world.directory)]).toEqual(before);
  expect(world.watched.openFiles).toBe(0);
  expect(failures[1]).toEqual(failures[0]);
  return failures[0];
}

async function overwrite(world: World, name: string, change: (bytes: Buffer) => void): Promise<void> {
  const bytes = Buffer.from(await readFile(world.fileSystem, world.path(name)));
  change(bytes);
  await writeFile(world.path(name), bytes);
}

describe("a directory that is not there", () => {
  test("with createIfMissing: false is told by its path, and nothing is made", async () => {
    for (const world of [await nodeWorld(), await memoryWorld()]) {
      const deep = `${world.directory}/deep`;
      for (const directory of [world.directory, deep]) {
        const failed = open(directory, { createIfMissing: false, fileSystem: world.fileSystem });
        expect(await rejection(failed)).toMatchObject({ code: "HASHLOG_NOT_FOUND", path: directory });
      }
      expect(await world.fileSystem.stat(world.directory)).toBe(undefined);
    }
  });

  test("and one without a store in it are the same", async () => {
    const world = await nodeWorld();
    await mkdir(world.directory);
    expect(await rejection(world.open({ createIfMissing: false }))).toMatchObject({
      code: "HASHLOG_NOT_FOUND",
      path: world.directory,
    });
    expect(await readdir(world.directory)).toEqual([]);
    await writeFile(world.path("hashlog.reserve"), "x");
    expect(await rejection(world.open({ createIfMissing: false }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    expect(await readdir(world.directory)).toEqual(["hashlog.reserve"]);
  });
});

describe("a path that leads to no directory", () => {
  test("is refused by its name, whether the file is at its end or on its way", async () => {
    for (const world of [await nodeWorld(), await memoryWorld()]) {
      const { fileSystem } = world;
      await fileSystem.makeDirectory(world.directory);
      const file = world.path("file");
      await (await fileSystem.create(file)).close();
      expect(await rejection(open(file, { fileSystem }))).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        path: file,
      });
      expect(await rejection(open(`${file}/below`, { fileSystem }))).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        path: file,
      });
      expect(await rejection(open(file, { fileSystem, createIfMissing: false }))).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        path: file,
      });
      expect(await fileSystem.list(world.directory)).toEqual(["file"]);
    }
  });

  test("because its link leads nowhere is told as what it is", async () => {
    const world = await nodeWorld();
    await symlink("nowhere", world.directory);
    expect(await rejection(world.open())).toMatchObject({ code: "HASHLOG_IO", path: world.directory });
  });

  test("through a link is a directory like any other", async () => {
    const world = await nodeWorld();
    await mkdir(`${world.directory} itself`);
    await symlink(`${world.directory} itself`, world.directory);
    const db = await world.open();
    await db.put("key", "value");
    expect(await readdir(`${world.directory} itself`)).toContain(MANIFEST_NAME);
  });
});

describe("a directory that may not be used", () => {
  const denied = (path: string): NodeJS.ErrnoException =>
    Object.assign(new Error(`EACCES: permission denied, '${path}'`), { code: "EACCES" });
  type Done = (error: NodeJS.ErrnoException | null) => void;

  test.each(["stat", "mkdir", "readdir", "open"] as const)(
    "by the operating system's word is told by its path, and nothing is made: %s",
    async (operation) => {
      const world = await nodeWorld();
      const parent = nodeFileSystem().parent(world.directory);
      if (operation !== "mkdir") await closedStore(world);
      const before = operation === "mkdir" ? {} : await snapshotOf(world);
      const refuse = (path: string, ...rest: unknown[]): void => (rest.at(-1) as Done)(denied(path));
      const fileSystem = nodeFileSystem({ fs: { [operation]: refuse } });
      expect(await rejection(open(world.directory, { fileSystem }))).toMatchObject({
        code: "HASHLOG_NOT_PERMITTED",
        path: expect.stringContaining(operation === "open" ? world.directory : parent) as unknown,
        cause: { code: "FS_NOT_PERMITTED" },
      });
      if (operation === "mkdir") expect(await readdir(parent)).toEqual([]);
      else expect(await snapshotOf(world)).toEqual(before);
    },
  );

  test("but whose parent may only not be read can hold a store", async () => {
    const world = await nodeWorld();
    await mkdir(world.directory);
    await chmod(world.directory, 0o700);
    const parent = world.fileSystem.parent(world.directory);
    const failing = world.watched.fail("syncDirectory", new RegExp(`^${parent}$`), "FS_NOT_PERMITTED");
    const db = await world.open();
    await db.put("key", "value");
    failing.end();
    expect(await entriesOf(await world.reopen(db))).toEqual([["key", "value"]]);
  });

  test("but whose parent may not be read is refused where it had to be made: nobody could sync its name", async () => {
    const world = await memoryWorld();
    const parent = world.fileSystem.parent(world.directory);
    const failing = world.watched.fail("syncDirectory", new RegExp(`^${parent}$`), "FS_NOT_PERMITTED");
    expect(await rejection(world.open())).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
    failing.end();
    const db = await world.open();
    const backup = world.fileSystem.join(parent, "backup");
    const failingAgain = world.watched.fail("syncDirectory", new RegExp(`^${parent}$`), "FS_NOT_PERMITTED");
    expect(await rejection(db.backup(backup))).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
    failingAgain.end();
  });
});

describe("a shared volume", () => {
  test("is refused by its kind, before anything is made, unless it is allowed", async () => {
    const world = await memoryWorld();
    const asked: string[] = [];
    const shared = new Proxy(world.fileSystem, {
      get: (target, name) =>
        name === "sharedVolume"
          ? async (directory: string) => (asked.push(directory), "nfs")
          : (Reflect.get(target, name, target) as unknown),
    });
    expect(await rejection(world.open({ fileSystem: shared }))).toMatchObject({
      code: "HASHLOG_NOT_SUPPORTED",
      path: world.directory,
      actual: "nfs",
    });
    expect(await world.fileSystem.stat(world.directory)).toBe(undefined);
    expect(asked).toEqual(["/"]);
    const db = await world.open({ fileSystem: shared, allowSharedVolume: true });
    await db.put("key", "value");
    await db.close();
    expect(await rejection(world.open({ fileSystem: shared }))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
    expect(asked.at(-1)).toBe(world.directory);
  });
});

describe("a directory that holds other files", () => {
  test("keeps them: only files with names of the store's own are ever removed", async () => {
    const world = await nodeWorld();
    await mkdir(join(world.directory, "hashlog-0000000009.segment.d"), { recursive: true });
    const others = [
      "notes.txt",
      "hashlog",
      "hashlog-1.segment",
      "hashlog-0000000007.segment.bak",
      "hashlog-0000000000.hint",
      "HASHLOG-0000000007.SEGMENT",
      "hashlog.manifest.old",
      "hashlog-00000000077.segment",
      ".hashlog-0000000007.segment",
    ];
    for (const name of others) await writeFile(world.path(name), name);
    let db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 4; index += 1) await db.put("key", "x".repeat(300));
    await db.compact();
    const ours = [segmentFileName(700), hintFileName(701), checkpointFileName(702), `${MANIFEST_NAME}.new`];
    await db.close();
    for (const name of ours) await writeFile(world.path(name), "left by a crash");
    db = await world.open();
    expect([...db.stats().open.filesRemoved].sort()).toEqual([...ours].sort());
    await db.close();
    const names = await readdir(world.directory);
    for (const name of ours) expect(names).not.toContain(name);
    for (const name of others) expect((await readFile(world.fileSystem, world.path(name))).length).toBe(name.length);
    expect(names).toContain("hashlog-0000000009.segment.d");
    // The ids of what was removed are not given again.
    db = await world.open({ segmentBytesMax: 512 });
    await db.put("new", "x".repeat(500));
    expect(Math.max(...db.stats().segments.map(({ segmentId }) => segmentId))).toBeGreaterThan(702);
  });
});

describe("a store without a manifest that can be read", () => {
  test.each(["segment", "hint", "checkpoint"])("but with a %s is damaged, never an empty one", async (kind) => {
    const world = await nodeWorld();
    await mkdir(world.directory);
    await writeFile(world.path(`hashlog-0000000003.${kind}`), "anything");
    world.leaveUnchecked();
    expect(await failureTouchingNothing(world)).toMatchObject({ code: "HASHLOG_CORRUPT", path: world.directory });
  });

  test("because it was removed is damaged, and nothing is touched", async () => {
    const world = await nodeWorld();
    await closedStore(world);
    const manifest = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    expect(await failureTouchingNothing(world)).toMatchObject({
      code: "HASHLOG_CORRUPT",
      message: expect.stringContaining("repair()") as string,
      path: world.directory,
    });
    // Restored, it is the store that it was.
    await writeFile(world.path(MANIFEST_NAME), manifest);
    expect((await world.open()).stats().keys).toBe(4);
  });

  test("because it was cut, emptied or changed is damaged, and nothing is touched", async () => {
    const world = await nodeWorld();
    await closedStore(world);
    const manifest = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    for (const bytes of [
      new Uint8Array(0),
      manifest.slice(0, 10),
      manifest.slice(0, manifest.length - 1),
      manifest.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
      new Uint8Array(manifest.length),
    ]) {
      await writeFile(world.path(MANIFEST_NAME), bytes);
      expect(await failureTouchingNothing(world)).toMatchObject({
        code: "HASHLOG_CORRUPT",
        path: world.path(MANIFEST_NAME),
      });
    }
  });
});

describe("a store of a newer version of the format", () => {
  /** Makes the structure's version the next one; the checksum of a header lies behind its 28 bytes. */
  const newer = (headerBytes: number) => (bytes: Buffer) => {
    bytes.writeUInt32LE(2, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, headerBytes - 4)), headerBytes - 4);
  };

  test("by its manifest is told, and nothing is touched", async () => {
    const world = await nodeWorld();
    await closedStore(world);
    await overwrite(world, MANIFEST_NAME, (bytes) => bytes.writeUInt32LE(2, 8));
    expect(await failureTouchingNothing(world)).toMatchObject({
      code: "HASHLOG_VERSION",
      path: world.path(MANIFEST_NAME),
      actual: 2,
    });
  });

  test("by a segment's header is told, sealed or not, and nothing is touched", async () => {
    for (const index of [0, 1]) {
      const world = await nodeWorld();
      await closedStore(world);
      const { segments } = await readManifest(world);
      const { segmentId } = segments[index]!;
      await overwrite(world, segmentFileName(segmentId), newer(SEGMENT_HEADER_BYTES));
      expect(await failureTouchingNothing(world)).toMatchObject({
        code: "HASHLOG_VERSION",
        path: world.path(segmentFileName(segmentId)),
        segmentId,
      });
    }
  });
});

describe("a segment that the manifest lists", () => {
  test("and that is missing, too short, or another one, is damage, and nothing is touched", async () => {
    const world = await nodeWorld();
    await closedStore(world);
    const [first, second] = (await readManifest(world)).segments.map(({ segmentId }) => segmentFileName(segmentId));
    const good = [
      await readFile(world.fileSystem, world.path(first!)),
      await readFile(world.fileSystem, world.path(second!)),
    ];
    const cases: [name: string, bytes: Uint8Array][] = [
      [first!, good[0]!.slice(0, good[0]!.length - 40)],
      [first!, good[1]!],
      [first!, new Uint8Array(good[0]!.length)],
      [first!, new Uint8Array(0)],
      [second!, good[1]!.slice(0, 10)],
      [second!, good[0]!],
    ];
    for (const [name, bytes] of cases) {
      await writeFile(world.path(name), bytes);
      expect(await failureTouchingNothing(world)).toMatchObject({ code: "HASHLOG_CORRUPT", path: world.path(name) });
      await writeFile(world.path(name), good[name === first ? 0 : 1]!);
    }
    for (const name of [first!, second!]) {
      await world.fileSystem.remove(world.path(name));
      expect(await failureTouchingNothing(world)).toMatchObject({ code: "HASHLOG_CORRUPT", path: world.path(name) });
      await writeFile(world.path(name), good[name === first ? 0 : 1]!);
    }
    expect((await world.open()).stats().keys).toBe(4);
  });
});
