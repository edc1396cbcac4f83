import { open } from "@hashlog/engine";
import { FsError, memoryFileSystem, type FileSystem } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
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
