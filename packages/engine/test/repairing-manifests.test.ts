import { repair, verify } from "@hashlog/engine";
import { hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { FsError } from "@hashlog/fs-io";
import { crashPointAt, SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { take } from "./support/feeds.ts";
import { altered } from "../../../test/support/altered.ts";
import { readFile, type StorePlace } from "./support/recount.ts";
import { allBut, closedStore, contentOf, FRAME_BYTES, namesOf, repaired } from "./support/repairing.ts";
import { copyStore, writeFile } from "./support/roads.ts";
import { flipAt, spoil } from "./support/spoil.ts";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld, World } from "./support/worlds.ts";

describe("of a damaged manifest", () => {
  test("another is made of the segments that are there", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, MANIFEST_NAME, flipAt(60));
    const report = await repaired(world);
    expect(report).toMatchObject({ changed: true, manifestRebuilt: true, lost: [], mayBeLost: [], keys: 6 });
    expect(report.setAside?.files).toContain(MANIFEST_NAME);
    expect(await contentOf(world)).toEqual(allBut());
  });

  test("feeds begin anew with the state, and go on from there; whoever was further has to begin anew as well", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await repaired(world);
    const db = await world.open();
    const feeds = [db.changes({ since: 0 }), db.changes()];
    const state = await take(feeds[0]!, 6);
    const { sequence } = db.stats();
    expect(state.at(-1)!.resume).toBe(sequence);
    feeds.push(db.changes({ since: sequence }));
    await db.put("new", "1");
    for (const feed of feeds) {
      expect(await take(feed, 1)).toMatchObject([{ key: "new", version: sequence + 1 }]);
      await feed.return();
    }
    for (const since of [1, 5, 6, 7]) {
      expect(await rejection(db.changes({ since }).next())).toMatchObject({ code: "HASHLOG_COMPACTED" });
    }
  });

  test("its replacement, which a crash left, takes its place", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => new Uint8Array(0));
    await writeFile(world.fileSystem, `${world.path(MANIFEST_NAME)}.new`, bytes);
    expect(await repaired(world)).toMatchObject({ changed: true, manifestRebuilt: false, keys: 6 });
    expect(await contentOf(world)).toEqual(allBut());
  });

  describe("its replacement, which a crash left, outlives a repair", () => {
    async function storeWithReplacement(): Promise<{ readonly disk: SimulatedDisk; readonly place: StorePlace }> {
      const made = new SimulatedDisk();
      const world = new World(made.boot(), "/store");
      await closedStore(world);
      const image = made.image();
      const path = world.path(MANIFEST_NAME);
      const disk = new SimulatedDisk({
        image: image.withFile(`${path}.new`, image.bytes(path)!).withFile(path, new Uint8Array(10)),
      });
      return { disk, place: { fileSystem: disk.boot(), directory: "/store" } };
    }

    test("that finds no room", async () => {
      const { place } = await storeWithReplacement();
      const { fileSystem, directory } = place;
      const failing = altered(fileSystem, {
        replace: async (path: string) => {
          await fileSystem.remove(`${path}.new`);
          throw new FsError("FS_NO_SPACE", "it is meant to fail", { operation: "replace", path, outcome: "unchanged" });
        },
      });
      expect(await rejection(repair(directory, { fileSystem: failing }))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
      expect(await repaired(place)).toMatchObject({ manifestRebuilt: false, keys: 6 });
      expect(await contentOf(place)).toEqual(allBut());
    });

    test("that is cut off at any step", async () => {
      const { disk, place } = await storeWithReplacement();
      await repaired(place);
      const steps = disk.position;
      expect(steps).toBeGreaterThan(10);
      for (let step = 0; step < steps; step += 1) {
        const point = crashPointAt(disk, step);
        for (const image of [point.image([], "kill"), point.image([], "drop-all"), point.image([])]) {
          const left = { fileSystem: new SimulatedDisk({ image }).boot(), directory: "/store" };
          expect(await repaired(left)).toMatchObject({ manifestRebuilt: false, keys: 6 });
          expect(await contentOf(left)).toEqual(allBut());
        }
      }
    });
  });

  test("one that is missing: a hint tells of a segment whose header is damaged", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await spoil(world, segmentFileName(1), flipAt(20));
    expect(await repaired(world)).toMatchObject({ lost: [], mayBeLost: [], keys: 6 });
    expect(await contentOf(world)).toEqual(allBut());
  });

  test("one that is missing, and a segment that cannot be told without it", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await world.fileSystem.remove(world.path(hintFileName(1)));
    await spoil(world, segmentFileName(1), flipAt(20));
    const report = await repaired(world);
    expect(report.setAside?.files).toEqual([segmentFileName(1)]);
    expect(report.mayBeLost).toMatchObject([{ segmentId: 1, offset: 0, firstSequence: undefined }]);
    expect(await contentOf(world)).toEqual(allBut(0, 1));
  });

  test("one that is missing: a hint tells of the end of a segment that is cut", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await spoil(world, segmentFileName(2), (bytes) => bytes.slice(0, 32 + FRAME_BYTES));
    expect(namesOf(await repaired(world))).toEqual(["key 3"]);
    expect(await contentOf(world)).toEqual(allBut(3));
  });

  test("one that is missing: the hint of a segment that is missing as well tells its keys", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await world.fileSystem.remove(world.path(segmentFileName(2)));
    const { findings } = await verify(world.directory, { fileSystem: world.fileSystem });
    expect(findings).toMatchObject([{ subject: "manifest" }, { subject: "segment", segmentId: 2, keys: 2 }]);
    const report = await repaired(world);
    expect(namesOf(report)).toEqual(["key 2", "key 3"]);
    expect(report.setAside?.files).toEqual([hintFileName(2)]);
    expect(await contentOf(world)).toEqual(allBut(2, 3));
  });

  test("one that is older than the files beside it is not believed", async () => {
    const world = await memoryWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("key 0", filler(150));
    await db.close();
    const older = await copyStore(world);
    db = await world.open({ segmentBytesMax: 512 });
    for (let index = 1; index < 6; index += 1) await db.put(`key ${index}`, filler(150, index));
    await db.close();
    world.leaveUnchecked();
    const bytes = await readFile(older.fileSystem, older.fileSystem.join(older.directory, MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => bytes);
    expect(await rejection(world.open())).toMatchObject({ code: "HASHLOG_CORRUPT" });
    expect(await repaired(world)).toMatchObject({ changed: true, manifestRebuilt: true, lost: [], keys: 6 });
    expect(await contentOf(world)).toEqual(allBut());
  });
});
