import { repair, type RepairProgress } from "@hashlog/engine";
import { BACKUP_MARK_NAME, hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { FsError, memoryFileSystem, type FileSystem } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { altered } from "../../../test/support/altered.ts";
import { readFile } from "./support/recount.ts";
import { allBut, closedStore, contentOf, namesOf, repaired, SECOND_VALUE } from "./support/repairing.ts";
import { writeFile } from "./support/roads.ts";
import { flipAt, spoil } from "./support/spoil.ts";
import { rejection, utf8Bytes } from "./support/values.ts";
import { memoryWorld, nodeWorld, World } from "./support/worlds.ts";

test("it tells how far it is, and where there are no links it copies what it sets aside", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const damaged = await readFile(world.fileSystem, world.path(segmentFileName(2)));
  const told: RepairProgress[] = [];
  const report = await repair(world.directory, {
    fileSystem: withFailing(world.fileSystem, "link", "FS_NOT_SUPPORTED"),
    onProgress: (progress) => told.push(progress),
  });
  expect(told.map(({ phase }) => phase)).toEqual(["verify", "save"]);
  const aside = world.fileSystem.join(report.setAside!.directory, segmentFileName(2));
  expect(await readFile(world.fileSystem, aside)).toEqual(damaged);
  expect(await contentOf(world)).toEqual(allBut(3));
});

test("where there are no links, a file that the disk does not give is set aside as far as it does", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const path = world.path(segmentFileName(2));
  const linkless = withFailing(world.fileSystem, "link", "FS_NOT_SUPPORTED");
  const whole = await readFile(world.fileSystem, path);
  const fileSystem = altered(linkless, {
    openRead: async (opened: string) => {
      const file = await linkless.openRead(opened);
      if (opened !== path) return file;
      return altered(file, {
        read: () => Promise.reject(new FsError("FS_IO", "it is not given", { operation: "read", path })),
      });
    },
  });
  const report = await repair(world.directory, { fileSystem });
  expect(namesOf(report)).toEqual(["key 2", "key 3"]);
  const aside = world.fileSystem.join(report.setAside!.directory, segmentFileName(2));
  expect(await readFile(world.fileSystem, aside)).toEqual(new Uint8Array(whole.length));
  expect(await contentOf(world)).toEqual(allBut(2, 3));
});

test("where the disk does not even open a segment, what its hint tells is on the list", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const fileSystem = altered(world.fileSystem, {
    openRead: (path: string) =>
      path === world.path(segmentFileName(2))
        ? Promise.reject(new FsError("FS_IO", "it is not given", { operation: "openRead", path }))
        : world.fileSystem.openRead(path),
  });
  const report = await repair(world.directory, { fileSystem });
  expect(namesOf(report)).toEqual(["key 2", "key 3"]);
  expect(report.setAside?.files).toContain(segmentFileName(2));
  expect(await contentOf(world)).toEqual(allBut(2, 3));
});

test("what the disk refuses once, and then gives, is no damage", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const refused = new Set<string>();
  const fileSystem = altered(world.fileSystem, {
    openRead: (path: string) => {
      if (refused.has(path) || !/\.(segment|hint)$/.test(path)) return world.fileSystem.openRead(path);
      refused.add(path);
      return Promise.reject(new FsError("FS_IO", "not now", { operation: "openRead", path }));
    },
  });
  expect(await repair(world.directory, { fileSystem })).toMatchObject({ changed: false, findings: [], lost: [] });
  expect(refused.size).toBe(5);
});

test("a directory in the place of a segment is in nobody's way", async () => {
  const world = await nodeWorld();
  await closedStore(world);
  await world.fileSystem.remove(world.path(segmentFileName(2)));
  await world.fileSystem.makeDirectory(world.path(segmentFileName(2)));
  const report = await repaired(world);
  expect(namesOf(report)).toEqual(["key 2", "key 3"]);
  expect(report.setAside?.files).toEqual([hintFileName(2)]);
  const db = await world.open();
  expect(db.stats().keys).toBe(4);
  expect((await db.verify()).findings).toEqual([]);
});

describe("it rejects, and changes nothing,", () => {
  async function damagedWorld(): Promise<World> {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
    return world;
  }

  test("while somebody has the store open for writing", async () => {
    const world = await memoryWorld();
    await world.open();
    expect(await rejection(repaired(world))).toMatchObject({ code: "HASHLOG_LOCKED" });
  });

  test("where there is no store, or a backup that was cut off", async () => {
    const fileSystem = memoryFileSystem();
    expect(await rejection(repair("/nothing", { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    await fileSystem.makeDirectory("/empty");
    expect(await rejection(repair("/empty", { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    await writeFile(fileSystem, fileSystem.join("/empty", BACKUP_MARK_NAME), utf8Bytes("x"));
    expect(await rejection(repair("/empty", { fileSystem }))).toMatchObject({ code: "HASHLOG_CORRUPT" });
  });

  test("a manifest of a later version", async () => {
    const world = await damagedWorld();
    await spoil(world, MANIFEST_NAME, (bytes) => {
      bytes[8] = 9;
    });
    const before = await snapshotOf(world);
    expect(await rejection(repaired(world))).toMatchObject({ code: "HASHLOG_VERSION" });
    expect(await snapshotOf(world)).toEqual(before);
  });

  test("a shared volume, unless that is allowed", async () => {
    const world = await damagedWorld();
    const fileSystem = new Proxy(world.fileSystem, {
      get: (target, name) =>
        name === "sharedVolume" ? () => Promise.resolve("nfs") : (Reflect.get(target, name, target) as unknown),
    });
    expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
    expect(await repair(world.directory, { fileSystem, allowSharedVolume: true })).toMatchObject({ changed: true });
  });

  test.each([
    ["an unknown option", { force: true }],
    ["an option of the wrong kind", { dryRun: "yes" }],
  ])("%s", async (_what, options) => {
    expect(await rejection(repair("/store", options as never))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    expect(await rejection(repair("", {}))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  });

  test("when it is cancelled", async () => {
    const world = await damagedWorld();
    const before = await snapshotOf(world);
    const { fileSystem, directory } = world;
    const signal = AbortSignal.abort("no");
    expect(await rejection(repair(directory, { fileSystem, signal }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    const controller = new AbortController();
    const onProgress = ({ phase }: RepairProgress): void => {
      if (phase === "save") controller.abort();
    };
    const cancelled = repair(directory, { fileSystem, signal: controller.signal, onProgress });
    expect(await rejection(cancelled)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(await snapshotOf(world)).toEqual(before);
  });

  test.each(["create", "makeDirectory", "syncDirectory", "link", "replace"] as const)(
    "where %s fails for want of room, and leaves nothing in the way",
    async (method) => {
      const world = await damagedWorld();
      const before = await snapshotOf(world);
      const fileSystem = withFailing(world.fileSystem, method, "FS_NO_SPACE");
      expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
      expect(await snapshotOf(world)).toEqual(before);
      expect(await repaired(world)).toMatchObject({ changed: true });
      expect(await contentOf(world)).toEqual(allBut(3));
    },
  );
});

test("where the outcome of the change is not known, nothing is removed that may be listed", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const fileSystem = new Proxy(world.fileSystem, {
    get: (target, name) => {
      if (name !== "replace") return Reflect.get(target, name, target) as unknown;
      return async (path: string, bytes: Uint8Array) => {
        await target.replace(path, bytes);
        throw new FsError("FS_IO", "who knows", { operation: "replace", path, outcome: "unknown" });
      };
    },
  });
  expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_IO" });
  expect(await contentOf(world)).toEqual(allBut(3));
});

test("files that cannot be removed are left to the next opening", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const fileSystem = withFailing(world.fileSystem, "remove", "FS_NO_SPACE");
  expect(await repair(world.directory, { fileSystem })).toMatchObject({ changed: true });
  expect(await snapshotOf(world)).toHaveProperty([segmentFileName(2)]);
  expect(await contentOf(world)).toEqual(allBut(3));
  expect(await snapshotOf(world)).not.toHaveProperty([segmentFileName(2)]);
});

/** A file system of which that method always fails so. */
function withFailing(
  fileSystem: FileSystem,
  method: keyof FileSystem,
  code: "FS_NO_SPACE" | "FS_NOT_SUPPORTED",
): FileSystem {
  return new Proxy(fileSystem, {
    get: (target, name) => {
      if (name !== method) return Reflect.get(target, name, target) as unknown;
      return (path: string) => {
        const details = { operation: method, path, outcome: "unchanged" as const };
        return Promise.reject(new FsError(code, "it is meant to fail", details));
      };
    },
  });
}
