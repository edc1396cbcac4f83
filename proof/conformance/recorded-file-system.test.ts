import type { FileSystem } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { RecordedFileSystem } from "./recorded-file-system.ts";
import { memoryWorld, withMethods, type World } from "./worlds.ts";

describe("a recorded file system", () => {
  test("writes down what is asked and what is answered", async () => {
    const world = await memoryWorld();
    const recorded = new RecordedFileSystem(world);
    const path = recorded.fileSystem.join(world.directory, "file");
    await recorded.until(writeAndRead(recorded.fileSystem, path), "a program");
    expect(recorded.calls).toEqual([
      "#1 create file",
      "#1 opened",
      "append file 3 bytes 352441c2 ok", // CRC-32 of "abc"
      "size file 3",
      "#2 sync file",
      "#2 ok",
      "readSync file 5 at 0 3 bytes 352441c2",
      "#3 close file",
      "#3 ok",
      "#4 stat file",
      "#4 file of 3 bytes",
      "#5 create file",
      "#5 fails with FS_EXISTS",
    ]);
  });

  test("hands answers over in the order of the calls, whichever comes first", async () => {
    const { world, finish } = await slowWorld();
    const recorded = new RecordedFileSystem(world);
    const order: string[] = [];
    for (const name of ["one", "two"]) {
      void recorded.fileSystem.freeBytes(name).then(() => order.push(name));
    }
    finish("two");
    const answered = recorded.answer(1);
    finish("one");
    await answered;
    expect(order).toEqual(["one"]);
    await recorded.answer(Infinity);
    expect(order).toEqual(["one", "two"]);
    expect(recorded.calls).toEqual(["#1 freeBytes one", "#2 freeBytes two", "#1 answered", "#2 answered"]);
  });

  test("ends what follows from an answer before it gives the next one", async () => {
    const world = await memoryWorld();
    const recorded = new RecordedFileSystem(world);
    const { fileSystem } = recorded;
    const path = (name: string): string => fileSystem.join(world.directory, name);
    void fileSystem.stat(path("one")).then(() => fileSystem.stat(path("three")));
    void fileSystem.stat(path("two"));
    await recorded.answer(Infinity);
    const asked = recorded.calls.map((call) => call.replace("#", ""));
    expect(asked).toEqual(["1 stat one", "2 stat two", "1 ok", "3 stat three", "2 ok", "3 ok"]);
  });

  test("ends a process: what it asked for is done, its lock is free, its handles are closed, and nobody is told", async () => {
    const world = await memoryWorld();
    const recorded = new RecordedFileSystem(world);
    const { fileSystem } = recorded;
    const file = await recorded.until(fileSystem.create(fileSystem.join(world.directory, "file")), "creating");
    await recorded.until(fileSystem.lock(world.directory, "one"), "locking");
    let isTold = false;
    void fileSystem.makeDirectory(fileSystem.join(world.directory, "made")).then(() => (isTold = true));
    await recorded.endProcess();
    await recorded.answer(Infinity);
    expect(isTold).toBe(false);
    expect((await world.fileSystem.list(world.directory)).toSorted()).toEqual(["file", "made"]);
    expect(() => file.size()).toThrow("closed");
    await (await world.fileSystem.lock(world.directory, "one")).release();
  });

  test("says what never settles", async () => {
    const recorded = new RecordedFileSystem(await memoryWorld());
    await expect(recorded.until(new Promise(() => undefined), "this")).rejects.toThrow("this never settles");
  });
});

async function writeAndRead(fileSystem: FileSystem, path: string): Promise<void> {
  const file = await fileSystem.create(path);
  file.append(new TextEncoder().encode("[abc]"), 1, 4);
  file.size();
  await file.sync();
  file.readSync(new Uint8Array(8), 2, 5, 0);
  await file.close();
  await fileSystem.stat(path);
  await fileSystem.create(path).catch(() => undefined);
}

/** A world that answers `freeBytes` of a path when it is told to. */
async function slowWorld(): Promise<{ world: World; finish: (path: string) => void }> {
  const waiting = new Map<string, () => void>();
  const freeBytes = (path: string): Promise<number> =>
    new Promise((resolve) => {
      waiting.set(path, () => resolve(1));
    });
  return { world: withMethods(await memoryWorld(), { freeBytes }), finish: (path) => waiting.get(path)!() };
}
