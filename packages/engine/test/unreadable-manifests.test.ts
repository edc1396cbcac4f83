import { open, repair, verify } from "@hashlog/engine";
import { MANIFEST_NAME } from "@hashlog/format";
import { FsError, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { readFile } from "./support/recount.ts";
import { allBut, closedStore, contentOf } from "./support/repairing.ts";
import { writeFile } from "./support/roads.ts";
import { spoil } from "./support/spoil.ts";
import { rejection } from "./support/values.ts";
import { memoryWorld, nodeWorld } from "./support/worlds.ts";

const REPLACEMENT_NAME = `${MANIFEST_NAME}.new`;

describe("a manifest that the disk does not give", () => {
  test.each(["stat", "openRead", "size", "read", "short"] as const)(
    "at the first time of asking is no damage (%s)",
    async (what) => {
      const world = await memoryWorld();
      await closedStore(world);
      let fileSystem = refusing(world.fileSystem, { what, times: 1 });
      expect((await verify(world.directory, { fileSystem })).findings).toEqual([]);
      fileSystem = refusing(world.fileSystem, { what, times: 1 });
      expect(await repair(world.directory, { fileSystem })).toMatchObject({ changed: false, findings: [] });
    },
  );

  test.each(["openRead", "read"] as const)("nor when it is asked again is damaged (%s)", async (what) => {
    const world = await memoryWorld();
    await closedStore(world);
    const fileSystem = refusing(world.fileSystem, { what, errno: "EIO" });
    const report = await repair(world.directory, { fileSystem });
    expect(report).toMatchObject({ changed: true, manifestRebuilt: true, keys: 6 });
    expect(report.findings[0]!.what).toContain("the disk does not give it");
    expect(await contentOf(world)).toEqual(allBut());
  });

  test.each(["ESTALE", "ENOMEM", "ETIMEDOUT"])("for another reason than its bytes may be whole (%s)", async (errno) => {
    const world = await memoryWorld();
    await closedStore(world);
    const before = await snapshotOf(world);
    for (const what of ["stat", "openRead", "size", "read"] as const) {
      const fileSystem = refusing(world.fileSystem, { what, errno });
      expect(await rejection(verify(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_IO" });
      expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_IO" });
    }
    expect(await snapshotOf(world)).toEqual(before);
    expect(await contentOf(world)).toEqual(allBut());
  });

  test("is asked for again where it is the replacement of one", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => new Uint8Array(0));
    await writeFile(world.fileSystem, world.path(REPLACEMENT_NAME), bytes);
    const fileSystem = refusing(world.fileSystem, { what: "read", times: 1, name: REPLACEMENT_NAME });
    expect(await repair(world.directory, { fileSystem })).toMatchObject({ manifestRebuilt: false, keys: 6 });
  });
});

test("a directory in the place of a manifest is damage", async () => {
  const world = await nodeWorld();
  await closedStore(world);
  await world.fileSystem.remove(world.path(MANIFEST_NAME));
  await world.fileSystem.makeDirectory(world.path(MANIFEST_NAME));
  const { findings } = await verify(world.directory, { fileSystem: world.fileSystem });
  expect(findings[0]!.what).toContain("it is no file");
});

describe("a manifest that is longer than any store's", () => {
  test("is damage, and takes no memory of its length", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    const fileSystem = growing(world.fileSystem, MANIFEST_NAME);
    const { directory } = world;
    for (const opening of [open(directory, { fileSystem }), open(directory, { fileSystem, readOnly: true })]) {
      expect(await rejection(opening)).toMatchObject({ code: "HASHLOG_CORRUPT" });
    }
    const { findings } = await verify(directory, { fileSystem });
    expect(findings).toMatchObject([{ subject: "manifest" }]);
    expect(findings[0]!.what).toContain("it is larger than any manifest");
    expect(await repair(directory, { fileSystem })).toMatchObject({ changed: true, manifestRebuilt: true, keys: 6 });
  });

  test("does not stand for one as its replacement", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => new Uint8Array(0));
    await writeFile(world.fileSystem, world.path(REPLACEMENT_NAME), bytes);
    const fileSystem = growing(world.fileSystem, REPLACEMENT_NAME);
    expect(await repair(world.directory, { fileSystem })).toMatchObject({ manifestRebuilt: true, keys: 6 });
  });

  test("of a later version is told from damage", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, MANIFEST_NAME, (bytes) => {
      bytes[8] = 9;
    });
    const fileSystem = growing(world.fileSystem, MANIFEST_NAME);
    expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_VERSION" });
  });

  test("is not what the store that is open has written", async () => {
    const world = await memoryWorld();
    let isGrown = false;
    const grown = growing(world.fileSystem, MANIFEST_NAME);
    const openRead: FileSystem["openRead"] = (path) => (isGrown ? grown : world.fileSystem).openRead(path);
    const db = await world.open({ fileSystem: altered(world.fileSystem, { openRead }) });
    await db.put("a", "1");
    world.leaveUnchecked();
    isGrown = true;
    expect((await db.verify()).findings).toMatchObject([{ subject: "manifest" }]);
  });
});

/** A file system that does not give that file: so often, and for the reason that the system names. */
function refusing(
  fileSystem: FileSystem,
  {
    what,
    times = Infinity,
    errno,
    name = MANIFEST_NAME,
  }: {
    readonly what: "stat" | "openRead" | "size" | "read" | "short";
    readonly times?: number;
    readonly errno?: string;
    readonly name?: string;
  },
): FileSystem {
  let left = times;
  const isNow = (operation: typeof what): boolean => operation === what && (left -= 1) >= 0;
  const refuse = (operation: typeof what, path: string): void => {
    if (!isNow(operation)) return;
    const cause = errno === undefined ? undefined : Object.assign(new Error(errno), { code: errno });
    throw new FsError("FS_IO", "the disk does not give it", { operation, path, cause });
  };
  return altered<FileSystem>(fileSystem, {
    stat: async (path) => {
      if (path.endsWith(name)) refuse("stat", path);
      return fileSystem.stat(path);
    },
    openRead: async (path) => {
      if (!path.endsWith(name)) return fileSystem.openRead(path);
      refuse("openRead", path);
      const file = await fileSystem.openRead(path);
      return altered<ReadFile>(file, {
        size: () => {
          refuse("size", path);
          return file.size();
        },
        read: async (target, at, bytes, position) => {
          refuse("read", path);
          return file.read(target, at, isNow("short") ? bytes >> 1 : bytes, position);
        },
      });
    },
  });
}

/** A file system on which that file goes on for ever, with zeros. */
function growing(fileSystem: FileSystem, name: string): FileSystem {
  return altered<FileSystem>(fileSystem, {
    openRead: async (path) => {
      const file = await fileSystem.openRead(path);
      if (!path.endsWith(name) || file.size() === 0) return file;
      return altered<ReadFile>(file, {
        size: () => 2 ** 43,
        read: async (target, at, bytes, position) => {
          await file.read(target.fill(0, at, at + bytes), at, bytes, position);
          return bytes;
        },
      });
    },
  });
}
