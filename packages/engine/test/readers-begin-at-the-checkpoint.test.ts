import { open } from "@hashlog/engine";
import { FRAME_HEADER_BYTES, segmentFileName } from "@hashlog/format";
import { crashPointAt, legalImages, SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { Processes, ShorteningFileSystem } from "./support/readers.ts";
import { flipAt, spoil } from "./support/spoil.ts";
import { entriesOf, filler, rejection, text } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;

/** Where frames are read from, and not only a segment's header. */
function positionsOf(world: World, callsBefore: number): number[] {
  const calls = world.watched.calls.slice(callsBefore);
  return calls.flatMap(({ path, position = 0 }) => (SEGMENT.test(path) && position > 0 ? [position] : []));
}

describe("a reader of a store with a checkpoint", () => {
  test("reads nothing of the log that the checkpoint holds, and goes on from there", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    for (let index = 0; index < 50; index += 1) await db.put(`key ${index}`, filler(80, index));
    await db.checkpoint();
    // Behind the last record is a fence, which no sync need have covered.
    const from = db.stats().segments[0]!.fileBytes - FRAME_HEADER_BYTES;
    const before = world.watched.calls.length;
    const reader = await world.openReader();
    expect(positionsOf(world, before).filter((position) => position < from)).toEqual([]);
    expect(reader.stats()).toMatchObject({ keys: 50, sequence: 50, road: "checkpoint" });
    await db.put("key 1", "new");
    await db.delete("key 2");
    await db.put("key 50", "more");
    expect(await reader.refresh()).toBe(true);
    expect(positionsOf(world, before).filter((position) => position < from)).toEqual([]);
    expect(await entriesOf(reader)).toEqual(await entriesOf(db));
    expect(reader.stats()).toMatchObject({ keys: 50, sequence: 53 });
    expect(await entriesOf(await world.openReader())).toEqual(await entriesOf(db));
  });

  test("finds the log too short that ends before the place where the checkpoint ends", async () => {
    const processes = new Processes();
    const db = await processes.openWriter();
    for (let index = 0; index < 10; index += 1) await db.put(`key ${index}`, filler(80, index));
    await db.checkpoint();
    const shortening = new ShorteningFileSystem(processes.reading.fileSystem, SEGMENT);
    shortening.missingBytes = 300;
    const error = await rejection(processes.openReader({ fileSystem: shortening.fileSystem }));
    expect(error).toMatchObject({ code: "HASHLOG_CORRUPT", path: `/store/${segmentFileName(1)}` });
    shortening.missingBytes = 0;
    expect(await entriesOf(await processes.openReader({ fileSystem: shortening.fileSystem }))).toHaveLength(10);
    await db.close();
  });

  test("opens where a record that the checkpoint knows is damaged, and refuses that record alone", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "first");
    await db.put("b", "second");
    await db.checkpoint();
    await db.put("c", "third");
    await world.check(db);
    await spoil(world, segmentFileName(1), (bytes) => flipAt(Buffer.from(bytes).indexOf("first"))(bytes));
    const reader = await world.openReader();
    expect(await rejection(reader.get("a"))).toMatchObject({ code: "HASHLOG_CORRUPT", segmentId: 1 });
    expect(["b", "c"].map((key) => text(reader.getSync(key)))).toEqual(["second", "third"]);
  });

  test("reads a segment that was begun and empty when the checkpoint was written, though sequences were left out before it", async () => {
    const processes = new Processes();
    const killed = await processes.openWriter();
    await killed.put("a", "first");
    processes.killWriter();
    // The next writer gives out none of the sequences that the killed one had reserved.
    const db = await open(processes.directory, { fileSystem: processes.disk.boot() });
    // While compaction looks around, a write waits for its turn, and its segment is there before it.
    db.compaction.pause();
    const put = db.put("b", "second");
    db.compaction.resume();
    await Promise.all([put, db.checkpoint()]);
    const reader = await processes.openReader();
    expect(reader.stats()).toMatchObject({ keys: 2, road: "checkpoint" });
    await db.put("c", "third");
    await reader.refresh();
    expect(await entriesOf(reader)).toEqual(await entriesOf(db));
    await db.close();
  });

  // A fence says that what lies before it is durable, and is not durable itself.
  test("finds what the next writer finds where a crash has taken the fence behind the last record alone", async () => {
    const disk = new SimulatedDisk();
    const db = await open("/store", { fileSystem: disk.boot(), sync: "never" });
    await db.put("a", "first", { sync: true });
    await db.checkpoint();
    await db.put("b", "second");
    const found: [string, string][][] = [];
    for (const image of legalImages(crashPointAt(disk, disk.position))) {
      const reader = await open("/store", { fileSystem: new SimulatedDisk({ image }).boot(), readOnly: true });
      const writer = await open("/store", { fileSystem: new SimulatedDisk({ image }).boot() });
      const entries = await entriesOf(reader);
      expect(entries).toEqual(await entriesOf(writer));
      found.push(entries);
      await Promise.all([reader.close(), writer.close()]);
    }
    expect(new Set(found.map((entries) => entries.length))).toEqual(new Set([1, 2]));
    await db.close();
  });
});
