import { open } from "@hashlog/engine";
import { readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { StoreProcess } from "./support/store-process.ts";
import { entriesOf, filler, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a second opening in the same process is refused and told who has the store, until it is closed", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "value");
    const spellings = [world.directory, `${world.directory}/`, `${world.directory}/../store`];
    for (const directory of spellings) {
      expect(await rejection(open(directory, { fileSystem: world.fileSystem }))).toMatchObject({
        code: "HASHLOG_LOCKED",
        path: directory,
        holder: expect.stringMatching(/process/) as unknown,
      });
    }
    await db.put("key", "still works");
    await db.close();
    const again = await world.open();
    expect(text(await again.get("key"))).toBe("still works");
  });

  test("of several openings at the same time one gets the store", async () => {
    const world = await newWorld();
    const openings = await Promise.allSettled(Array.from({ length: 5 }, () => world.open()));
    expect(openings.filter(({ status }) => status === "fulfilled").length).toBe(1);
    for (const opening of openings) {
      if (opening.status === "rejected") expect(opening.reason).toMatchObject({ code: "HASHLOG_LOCKED" });
    }
  });
});

describe("between processes", () => {
  test("a store that another process has open is refused and the process named; killed, it gives way with all it acknowledged", async () => {
    const world = await nodeWorld();
    const other = new StoreProcess();
    expect(await other.order({ order: "open", directory: world.directory })).toEqual({ kind: "done" });
    expect(await other.order({ order: "put", key: "a", value: "1" })).toEqual({ kind: "done" });
    expect(await rejection(world.open())).toMatchObject({
      code: "HASHLOG_LOCKED",
      path: world.directory,
      holder: `process ${other.processId} on ${hostname()}`,
    });
    expect(await other.order({ order: "put", key: "b", value: "2" })).toEqual({ kind: "done" });
    await other.kill();
    const db = await world.open();
    expect(await entriesOf(db)).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    expect(db.stats().open.clean).toBe(false);
    const third = new StoreProcess();
    expect(await third.order({ order: "open", directory: world.directory })).toEqual({
      kind: "failed",
      code: "HASHLOG_LOCKED",
      holder: `process ${process.pid} on ${hostname()}`,
    });
    await db.close();
    expect(await third.order({ order: "open", directory: world.directory })).toEqual({ kind: "done" });
    expect(await third.order({ order: "close" })).toEqual({ kind: "done" });
  });

  test("a process may be killed again and again, and leaves no lock files behind", async () => {
    const world = await nodeWorld();
    for (let life = 0; life < 3; life += 1) {
      const other = new StoreProcess();
      await other.order({ order: "open", directory: world.directory });
      await other.order({ order: "put", key: `life ${life}`, value: "1" });
      await other.kill();
    }
    const db = await world.open();
    expect(db.stats().keys).toBe(3);
    const lockFiles = async (): Promise<number> =>
      (await readdir(world.directory)).filter((name) => name.startsWith("hashlog.lock")).length;
    expect(await lockFiles()).toBeLessThanOrEqual(1);
    await db.close();
    expect(await lockFiles()).toBe(0);
  });
});

describe("what is left of a lock", () => {
  test.each([
    ["an empty file", ""],
    ["a file that names a living process, as one does whose id was given again", String(process.pid)],
    ["a file that names a dead process", "999999999"],
  ])("is taken over when it is %s", async (_what, content) => {
    const world = await nodeWorld();
    const db = await world.open();
    await db.put("key", "value");
    await db.close();
    const left = world.path("hashlog.lock-1");
    await writeFile(left, content);
    const again = await world.open();
    expect(text(again.getSync("key"))).toBe("value");
    expect(await readdir(world.directory)).not.toContain("hashlog.lock-1");
  });

  test("is taken over in a directory that holds nothing else", async () => {
    const world = await nodeWorld();
    const other = new StoreProcess();
    await other.order({ order: "open", directory: world.directory });
    await other.kill();
    for (const name of await readdir(world.directory)) {
      if (!name.startsWith("hashlog.lock")) await world.fileSystem.remove(world.path(name));
    }
    const db = await world.open();
    expect(db.stats().open.created).toBe(true);
  });
});

describe("a writer that has lost its lock without knowing, as on a machine that was suspended", () => {
  test("stops when it finds that another has opened the store, and harms nothing", async () => {
    const world = await memoryWorld();
    const lock = { release: () => Promise.resolve() };
    const fileSystem = new Proxy(world.fileSystem, {
      get: (target, name) =>
        name === "lock" ? () => Promise.resolve(lock) : (Reflect.get(target, name, target) as unknown),
    });
    const sleeper = await open(world.directory, { fileSystem, segmentBytesMax: 512, clock: world.clock });
    await sleeper.put("key", "before");
    const successor = await world.open({ fileSystem });
    await successor.put("key", "of the successor");

    // It needs another segment, and so another edit of the manifest.
    expect(await rejection(sleeper.put("large", filler(500)))).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect(await rejection(sleeper.put("key", "too late"))).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect(await rejection(sleeper.compact())).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect(await rejection(sleeper.checkpoint())).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect(sleeper.stats().writes).toBe("disabled");
    expect(text(sleeper.getSync("key"))).toBe("before");
    await sleeper.close();

    await successor.put("another", "1");
    expect(await entriesOf(await world.reopen(successor))).toEqual([
      ["another", "1"],
      ["key", "of the successor"],
    ]);
  });
});
