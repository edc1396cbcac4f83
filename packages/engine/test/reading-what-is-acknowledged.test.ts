import { segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { Processes, ShorteningFileSystem } from "./support/readers.ts";
import { entriesOf, filler, isSettled, rejection, text } from "./support/values.ts";
import { WatchedFileSystem } from "./support/watched-file-system.ts";
import { FILE_SYSTEMS, memoryWorld, simulatedWorld } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;
/** Each write goes into a segment of its own. */
const LARGE = 400;

describe.each(FILE_SYSTEMS)("on $name, a reader beside a writer", ({ newWorld }) => {
  test("does not show a write that waits for its sync, and shows it once it is acknowledged", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "old");
    const reader = await world.openReader();
    const sync = world.watched.hold("sync", SEGMENT);
    const put = db.put("key", "new");
    await sync.reached;
    expect(await reader.refresh()).toBe(false);
    expect(text(reader.getSync("key"))).toBe("old");
    expect(text((await world.openReader()).getSync("key"))).toBe("old");
    expect(reader.stats()).toMatchObject({ writerAlive: true, sequence: 1 });
    sync.release();
    await put;
    expect(await reader.refresh()).toBe(true);
    expect(text(reader.getSync("key"))).toBe("new");
    expect(await reader.refresh()).toBe(false);
  });

  test.each([["never"], [{ intervalMs: 1000 }]] as const)(
    "shows a write at once that needs no sync (%j)",
    async (sync) => {
      const world = await newWorld();
      const db = await world.open({ sync });
      await db.put("key", "1");
      const reader = await world.openReader();
      const syncing = world.watched.hold("sync", SEGMENT);
      await db.put("key", "2");
      expect(await reader.refresh()).toBe(true);
      expect(text(reader.getSync("key"))).toBe("2");
      expect(text((await world.openReader()).getSync("key"))).toBe("2");
      syncing.release();
    },
  );

  test("holds back what comes behind a write that waits for its sync, though that needs none", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await db.put("key", "first");
    const reader = await world.openReader();
    const sync = world.watched.hold("sync", SEGMENT);
    const synced = db.put("key", "synced", { sync: true });
    await sync.reached;
    const plain = db.put("other", "plain");
    expect(await isSettled(plain)).toBe(false);
    for (const one of [reader, await world.openReader()]) {
      await one.refresh();
      expect(await entriesOf(one)).toEqual([["key", "first"]]);
    }
    sync.release();
    await Promise.all([synced, plain]);
    await reader.refresh();
    expect(await entriesOf(reader)).toEqual([
      ["key", "synced"],
      ["other", "plain"],
    ]);
  });

  test("shows a batch whole or not at all, and deletes", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.batch([
      { type: "put", key: "a", value: "1" },
      { type: "put", key: "b", value: "1" },
    ]);
    const reader = await world.openReader();
    const sync = world.watched.hold("sync", SEGMENT);
    const batch = db.batch([
      { type: "delete", key: "a" },
      { type: "put", key: "b", value: "2" },
    ]);
    await sync.reached;
    await reader.refresh();
    expect(await entriesOf(reader)).toEqual([
      ["a", "1"],
      ["b", "1"],
    ]);
    sync.release();
    await batch;
    await reader.refresh();
    expect(await entriesOf(reader)).toEqual([["b", "2"]]);
  });

  test("holds back across segments, also those that began since", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    await db.put("key 0", filler(LARGE));
    const reader = await world.openReader();
    const sync = world.watched.hold("sync", new RegExp(segmentFileName(1)));
    const puts = [1, 2, 3].map((index) => db.put(`key ${index}`, filler(LARGE, index)));
    await sync.reached;
    for (const one of [reader, await world.openReader()]) {
      await one.refresh();
      expect(one.stats().keys).toBe(1);
    }
    sync.release();
    await Promise.all(puts);
    await reader.refresh();
    expect(reader.stats()).toMatchObject({ keys: 4, sequence: 4 });
    expect((await world.openReader()).stats().keys).toBe(4);
  });
});

test("a frame of which only a part is there yet is neither shown nor taken for damage", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", filler(100, 1));
  await db.put("key", filler(100, 2));
  const half = new ShorteningFileSystem(world.fileSystem, SEGMENT);
  // A fence is 32 bytes, and so is the header of a frame; the frame with the second value has 100 and some more.
  for (const missingBytes of [1, 31, 32, 33, 100, 170]) {
    half.missingBytes = missingBytes;
    const reader = await world.openReader({ fileSystem: half.fileSystem });
    expect(reader.stats().sequence).toBe(1);
    half.missingBytes = 0;
    expect(await reader.refresh()).toBe(true);
    expect(reader.getSync("key")).toEqual(filler(100, 2));
  }
});

test("what the manifest knows to be durable is shown, though the frame that testified it is not there", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  await db.put("a", filler(LARGE));
  await db.put("b", filler(LARGE));
  await db.put("c", filler(LARGE));
  await db.checkpoint();
  const reader = await world.openReader();
  expect(reader.stats()).toMatchObject({ keys: 3, road: "checkpoint" });
});

describe("without a writer, a reader", () => {
  test("shows every readable write, also those that nobody acknowledged, after a sync of them", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open();
    await db.put("key", "old");
    const sync = world.watched.hold("sync", SEGMENT);
    const put = db.put("key", "new");
    await sync.reached;
    const { fileSystem, directory } = killed();
    const watched = new WatchedFileSystem(fileSystem);
    const reader = await world.openReader({ fileSystem: watched.fileSystem });
    expect(directory).toBe(world.directory);
    expect(text(reader.getSync("key"))).toBe("new");
    expect(watched.count("sync", SEGMENT)).toBe(1);
    expect(reader.stats()).toMatchObject({ writerAlive: false, sequence: 2 });
    expect(await reader.refresh()).toBe(false);
    expect(watched.count("sync", SEGMENT)).toBe(1);
    sync.release();
    await put;
  });

  test("does so also where it may not sync", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open();
    await db.put("first", "1");
    const sync = world.watched.hold("sync", SEGMENT);
    const put = db.put("key", "value");
    await sync.reached;
    const watched = new WatchedFileSystem(killed().fileSystem);
    watched.fail("openAppend", SEGMENT, "FS_NOT_PERMITTED");
    expect((await world.openReader({ fileSystem: watched.fileSystem })).has("key")).toBe(true);
    watched.letGo();
    watched.fail("sync", SEGMENT, "FS_IO");
    expect((await world.openReader({ fileSystem: watched.fileSystem })).has("key")).toBe(true);
    sync.release();
    await put;
  });

  test("shows at its next refresh what it held back while there was one, and keeps it when the next one has opened", async () => {
    const processes = new Processes();
    const db = await processes.openWriter();
    await db.put("key", "old");
    const reader = await processes.openReader();
    const sync = processes.writing.hold("sync", SEGMENT);
    void db.put("key", "new");
    await sync.reached;
    expect(await reader.refresh()).toBe(false);
    expect(processes.reading.count("sync")).toBe(0);
    processes.killWriter();
    expect(await reader.refresh()).toBe(true);
    expect(text(reader.getSync("key"))).toBe("new");
    expect(reader.stats().writerAlive).toBe(false);

    const next = new WatchedFileSystem(processes.disk.boot());
    const edit = next.hold("create", SEGMENT);
    const opening = processes.openWriter({ fileSystem: next.fileSystem });
    await edit.reached;
    // The epoch is raised, and nothing is brought to rest yet.
    await reader.refresh();
    expect(reader.stats().writerAlive).toBe(true);
    expect(text(reader.getSync("key"))).toBe("new");
    edit.release();
    const successor = await opening;
    expect(await reader.refresh()).toBe(false);
    expect(text(reader.getSync("key"))).toBe("new");
    await successor.put("key", "newest");
    await reader.refresh();
    expect(text(reader.getSync("key"))).toBe("newest");
    await successor.close();
  });

  test("shows nothing that was not acknowledged if a writer comes while it asks for one", async () => {
    const processes = new Processes();
    const db = await processes.openWriter();
    await db.put("key", "old");
    const sync = processes.writing.hold("sync", SEGMENT);
    void db.put("key", "new");
    await sync.reached;
    processes.killWriter();
    let successor: typeof db | undefined;
    const next = new WatchedFileSystem(processes.disk.boot());
    let asked = 0;
    const fileSystem = altered(processes.reading.fileSystem, {
      isLocked: async (directory, name) => {
        asked += 1;
        if (asked > 1) return processes.reading.fileSystem.isLocked(directory, name);
        successor = await processes.openWriter({ fileSystem: next.fileSystem });
        const syncing = next.hold("sync", SEGMENT);
        void successor.put("another", "1").catch(() => undefined);
        await syncing.reached;
        return false;
      },
    });
    const reader = await processes.openReader({ fileSystem });
    expect(asked).toBe(2);
    expect(await entriesOf(reader)).toEqual([["key", "new"]]);
    next.letGo();
    await successor!.sync();
    await reader.refresh();
    expect(reader.has("another")).toBe(true);
    await successor!.close();
  });

  test("shows also what was written while it asked for one", async () => {
    const processes = new Processes();
    const db = await processes.openWriter();
    await db.put("key", "old");
    const sync = processes.writing.hold("sync", SEGMENT);
    const put = db.put("key", "new");
    await sync.reached;
    const fileSystem = altered(processes.reading.fileSystem, {
      isLocked: async () => {
        sync.release();
        await put;
        const syncing = processes.writing.hold("sync", SEGMENT);
        void db.put("late", "1");
        await syncing.reached;
        processes.killWriter();
        return false;
      },
    });
    const reader = await processes.openReader({ fileSystem });
    expect(await entriesOf(reader)).toEqual([
      ["key", "new"],
      ["late", "1"],
    ]);
  });

  test("drops a torn end of the log as the next writer would", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    await db.close();
    const file = await world.fileSystem.openAppend(world.path(segmentFileName(1)));
    file.append(filler(100), 0, 100);
    await file.close();
    const reader = await world.openReader();
    expect(await entriesOf(reader)).toEqual([["a", "1"]]);
    expect(await reader.refresh()).toBe(false);
  });
});

describe("a write that was refused", () => {
  test("is not shown, nor is anything that the log leaves behind when it goes on", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    const reader = await world.openReader();
    const fault = world.watched.fail("sync", SEGMENT, "FS_NO_SPACE");
    expect(await rejection(db.put("b", "refused"))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    await reader.refresh();
    expect(reader.has("b")).toBe(false);
    fault.end();
    await db.put("c", "1");
    await reader.refresh();
    for (const one of [reader, await world.openReader()]) {
      expect(await entriesOf(one)).toEqual([
        ["a", "1"],
        ["c", "1"],
      ]);
    }
  });

  test("is not shown for a moment, however far the log has gone on since", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    await db.put("a", "1");
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ fileSystem: watched.fileSystem });
    const fault = world.watched.fail("sync", SEGMENT, "FS_NO_SPACE");
    expect(await rejection(db.put("b", "refused"))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    await reader.refresh();
    fault.end();
    for (const key of ["c", "d", "e"]) await db.put(key, filler(LARGE));
    // Only a load opens it again.
    const loading = watched.hold("openRead", new RegExp(segmentFileName(1)));
    const refreshed = reader.refresh();
    await Promise.race([loading.reached, refreshed]);
    const shown = [reader.has("a"), reader.has("b")];
    loading.release();
    await refreshed;
    expect(shown).toEqual([true, false]);
    expect((await entriesOf(reader)).map(([key]) => key)).toEqual(["a", "c", "d", "e"]);
  });

  test("is not shown where others before it had needed no sync, and moved when the log went on", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("a", "1");
    await db.put("b", "1");
    const reader = await world.openReader();
    const fault = world.watched.fail("sync", SEGMENT, "FS_NO_SPACE");
    expect(await rejection(db.put("c", "refused", { sync: true }))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    fault.end();
    await db.put("d", "1");
    await reader.refresh();
    for (const one of [reader, await world.openReader()]) {
      expect(await entriesOf(one)).toEqual([
        ["a", "1"],
        ["b", "1"],
        ["d", "1"],
      ]);
    }
  });

  test("is not shown as long as writing is disabled, and may be shown when the writer is gone", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    const reader = await world.openReader();
    world.watched.fail("sync", SEGMENT, "FS_IO");
    expect(await rejection(db.put("b", "refused"))).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    await reader.refresh();
    expect(reader.has("b")).toBe(false);
    world.leaveUnchecked();
    await db.close();
    await reader.refresh();
    expect(reader.has("b")).toBe(true);
  });
});
