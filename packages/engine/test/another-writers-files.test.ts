import { open, type Store } from "@hashlog/engine";
import { parseFileName } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { entriesOf, filler, rejection } from "./support/values.ts";

/**
 * A writer that has lost the store and does not know it yet makes files until its next edit of the manifest. Its successor
 * comes upon them where its own next ones would lie: they are left alone, and are in nobody's way.
 */
type TestStore = Store<string, Uint8Array, Uint8Array | string>;

const FOREIGN = new TextEncoder().encode("another writer's");

/** A process in whose way such a file lies, as often as it makes one of that kind and there are `times` left. */
function inTheWay(disk: SimulatedDisk, kind: "segment" | "checkpoint", times: number): FileSystem {
  const fileSystem = disk.boot();
  const create = fileSystem.create.bind(fileSystem);
  let left = times;
  fileSystem.create = async (path) => {
    if (parseFileName(path.slice("/store/".length))?.kind === kind && left-- > 0) {
      const file = await create(path);
      file.append(FOREIGN, 0, FOREIGN.length);
      await file.close();
    }
    return create(path);
  };
  return fileSystem;
}

function openOn(fileSystem: FileSystem): Promise<TestStore> {
  return open("/store", { fileSystem, sync: "never", segmentBytesMax: 512 });
}

/** Three writes, none of which anything testifies, by a process that was killed. */
async function killedStore(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await openOn(disk.boot());
  for (const key of ["a", "b", "a"]) await store.put(key, filler(400));
  disk.kill();
  return disk;
}

function foreignFiles(disk: SimulatedDisk): string[] {
  const isForeign = (path: string): boolean => Buffer.compare(disk.image().bytes(path)!, FOREIGN) === 0;
  return [...disk.image().files.keys()].filter(isForeign);
}

const keysOf = async (store: TestStore): Promise<string[]> => (await entriesOf(store)).map(([key]) => key);

describe("files of a writer that has lost the store are passed over", () => {
  test.each([
    ["by the log", "segment", (store: TestStore) => store.put("z", filler(400)), ["a", "b", "z"]],
    ["by a merge", "segment", (store: TestStore) => store.compact(), ["a", "b"]],
    [
      "by a checkpoint",
      "checkpoint",
      (store: TestStore) => store.put("z", "1").then(() => store.checkpoint()),
      ["a", "b", "z"],
    ],
  ] as const)("%s", async (_by, kind, work, keys) => {
    const disk = await killedStore();
    await (await openOn(disk.boot())).close();
    const store = await openOn(inTheWay(disk, kind, 2));
    expect(foreignFiles(disk)).toEqual([]);
    await work(store);
    expect(foreignFiles(disk)).toHaveLength(2);
    expect(await keysOf(store)).toEqual(keys);
    await store.sync();
    disk.powerCut([], "drop-all");
    const again = await openOn(disk.boot());
    expect(await keysOf(again)).toEqual(keys);
    expect(foreignFiles(disk)).toEqual([]);
    await again.close();
  });

  test("by a recovery that copies the tail of the log", async () => {
    const disk = await killedStore();
    const store = await openOn(inTheWay(disk, "segment", 2));
    expect(foreignFiles(disk)).toHaveLength(2);
    disk.powerCut([], "drop-all");
    const again = await openOn(disk.boot());
    expect(await keysOf(again)).toEqual(["a", "b"]);
    expect(store).not.toBe(again);
    await again.close();
  });
});

test("a directory in which every new name is taken is given up on", async () => {
  const disk = await killedStore();
  const store = await openOn(inTheWay(disk, "checkpoint", 1000));
  expect(await rejection(store.checkpoint())).toMatchObject({ cause: { code: "FS_EXISTS" } });
  expect(foreignFiles(disk)).toHaveLength(16);
  expect(await keysOf(store)).toEqual(["a", "b"]);
  disk.kill();
});
