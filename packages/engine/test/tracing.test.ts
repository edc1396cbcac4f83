import { HashlogError, open, repair, verify } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { listen, opened, type Event } from "./support/listening.ts";
import { Collector, exportOf, line } from "./support/moving.ts";
import { rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** The events of one operation that gave a promise. */
function promised(context: object, result: object): unknown[] {
  return [
    ["start", context],
    ["end", expect.objectContaining(context)],
    ["asyncStart", { ...context, ...result }],
    ["asyncEnd", { ...context, ...result }],
  ];
}

/** Those of one that failed. */
function failed(context: object, error: unknown): unknown[] {
  return [
    ["start", context],
    ["end", expect.objectContaining(context)],
    ["error", { ...context, error }],
    ["asyncStart", { ...context, error }],
    ["asyncEnd", { ...context, error }],
  ];
}

describe("what is told", () => {
  test("of an opening: how, and how many keys there are", async () => {
    const world = await memoryWorld();
    const events = listen("open");
    const db = await opened(world);
    const { directory } = world;
    expect(events).toEqual(promised({ directory, readOnly: false }, { road: db.stats().open.road, keys: 0 }));
    await db.put("a", "1");
    events.length = 0;
    const reader = await world.openReader();
    expect(events).toEqual(promised({ directory, readOnly: true }, { road: reader.stats().road, keys: 1 }));
    events.length = 0;
    const failure = await rejection(open(directory, { fileSystem: world.fileSystem }));
    expect(failure).toMatchObject({ code: "HASHLOG_LOCKED" });
    expect(events).toEqual(failed({ directory, readOnly: false }, failure));
  });

  test.each(["get", "getEntry"] as const)("of a %s: the key as it was given, and what was found", async (method) => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    await db.put("a", "é");
    const events = listen("get");
    await db[method]("a");
    expect(events.splice(0)).toEqual(promised({ directory, method, key: "a" }, { found: true, valueBytes: 2 }));
    await db[method]("b");
    expect(events.splice(0)).toEqual(promised({ directory, method, key: "b" }, { found: false }));
    const failure = await rejection(db[method](1 as never));
    expect(events.splice(0)).toEqual(failed({ directory, method, key: 1 }, failure));
    await db.snapshot()[method]("a");
    await (await world.openReader())[method]("a");
    expect(events).toHaveLength(8);
  });

  test("of many gets at once: of each its own", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    for (let length = 0; length < 40; length += 1) await db.put(`${length}`, "x".repeat(length));
    const events = listen("get", ["asyncEnd"]);
    await Promise.all(Array.from({ length: 41 }, (_, length) => db.get(`${length}`)));
    expect(events.map(([, { key, found, valueBytes }]) => [key, found, valueBytes])).toEqual(
      expect.arrayContaining([
        ...Array.from({ length: 40 }, (_, length) => [`${length}`, true, length]),
        ["40", false, undefined],
      ]),
    );
  });

  test("of a getSync: as it returns", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    await db.put("a", "1");
    const events = listen("get");
    const context = { directory: world.directory, method: "getSync", key: "a" };
    db.getSync("a");
    expect(events.splice(0)).toEqual([
      ["start", context],
      ["end", { ...context, found: true, valueBytes: 1 }],
    ]);
    const key = "x".repeat(70_000);
    let failure: unknown;
    try {
      db.getSync(key);
    } catch (error) {
      failure = error;
    }
    expect(HashlogError.is(failure)).toBe(true);
    expect(events).toEqual([
      ["start", { ...context, key }],
      ["error", { ...context, key, error: failure }],
      ["end", { ...context, key, error: failure }],
    ]);
  });

  test("of a getMany: how many were found", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    await db.put("a", "1");
    const events = listen("getMany");
    const keys = ["a", "b", "a"];
    await db.getMany(keys);
    expect(events.splice(0)).toEqual(promised({ directory, keys }, { found: 2 }));
    const failure = await rejection(db.getMany("ab" as never));
    expect(events).toEqual(failed({ directory, keys: "ab" }, failure));
  });

  test("of a put: the bytes of its value, and whether it was done", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    const events = listen("put");
    await db.put("a", "é");
    const result = { valueBytes: 2, done: true };
    expect(events[0]).toEqual(["start", { directory, key: "a" }]);
    expect(events.splice(0)).toEqual(promised({ directory, key: "a" }, result));
    await db.put("a", "2", { ifAbsent: true });
    expect(events.splice(0)).toEqual(promised({ directory, key: "a" }, { valueBytes: 1, done: false }));
    const failure = await rejection(db.put("a", 1 as never));
    expect(events.splice(0)).toEqual(failed({ directory, key: "a" }, failure));
    const fault = world.watched.fail("append", /\.segment$/, "FS_NO_SPACE");
    const full = await rejection(db.put("b", "1"));
    expect(full).toMatchObject({ code: "HASHLOG_NO_SPACE" });
    expect(events).toEqual(
      failed({ directory, key: "b" }, full).map((event, index) =>
        index === 0 ? event : [(event as Event)[0], expect.objectContaining({ key: "b", valueBytes: 1 })],
      ),
    );
    fault.end();
  });

  test("of deletes and batches: what they answer", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    await db.put("a", "1");
    const deletes = listen("delete");
    await db.delete("a");
    await db.delete("a");
    expect(deletes).toEqual([
      ...promised({ directory, key: "a" }, { done: true }),
      ...promised({ directory, key: "a" }, { done: false }),
    ]);
    const batches = listen("batch");
    await db.batch([
      { type: "put", key: "a", value: "1" },
      { type: "delete", key: "b" },
    ]);
    await db.batch([{ type: "put", key: "a", value: "1", ifAbsent: true }]);
    const failure = await rejection(db.batch(null as never));
    expect(batches).toEqual([
      ...promised({ directory, operations: 2 }, { done: true }),
      ...promised({ directory, operations: 1 }, { done: false }),
      ...failed({ directory, operations: 0 }, failure),
    ]);
  });

  test("of a sync of the log: how much was not durable", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1", { sync: true });
    const events = listen("sync");
    const before = db.stats().fileBytes;
    await db.put("a", "1");
    await Promise.all([db.put("b", "1"), db.put("c", "1")]);
    const bytes = db.stats().fileBytes - before;
    await db.sync();
    await db.sync();
    const { directory } = world;
    const whole = events[0]![1]["bytes"] as number;
    expect(whole).toBeGreaterThanOrEqual(bytes);
    expect(events.splice(0)).toEqual(promised({ directory, bytes: whole }, {}));
    await db.put("d", "1");
    const fault = world.watched.fail("sync", /\.segment$/);
    await rejection(db.sync());
    fault.end();
    expect(events.map(([kind]) => kind)).toEqual(["start", "end", "error", "asyncStart", "asyncEnd"]);
    expect(events.at(-1)![1]["error"]).toMatchObject({
      message: expect.stringContaining("was made to fail") as string,
    });
    world.leaveUnchecked();
  });

  test("of a merge: what set it off, of which segments, and its report", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    for (let turn = 0; turn < 3; turn += 1) await db.put("a", `${turn}`);
    const segments = db.stats().segments.map(({ segmentId }) => segmentId);
    const events = listen("merge");
    const report = await db.compact();
    expect(events.splice(0)).toEqual(promised({ directory, trigger: "listed", segments }, { report }));
    await db.put("b", "1");
    const signal = AbortSignal.abort();
    const failure = await rejection(db.compact({ signal }));
    expect(events.at(-1)![1]).toMatchObject({ directory, error: failure });
  });

  test("of a checkpoint: the bytes of its file", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    await db.put("a", "1");
    const events = listen("checkpoint");
    await db.checkpoint();
    const name = (await world.fileSystem.list(directory)).find((one) => one.endsWith(".checkpoint"))!;
    const { bytes } = (await world.fileSystem.stat(world.path(name)))!;
    expect(events.splice(0)).toEqual(promised({ directory }, { bytes }));
    await db.checkpoint();
    expect(events).toEqual([]);
    await db.put("b", "1");
    const fault = world.watched.fail("create", /\.checkpoint$/);
    const failure = await rejection(db.checkpoint());
    fault.end();
    expect(events).toEqual(failed({ directory }, failure));
  });

  test("of a backup, an export and an import: what they report", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory } = world;
    await db.put("a", "1");
    const backups = listen("backup");
    const backup = await db.backup("/backup");
    const again = await rejection(db.backup(directory));
    expect(backups).toEqual([
      ...promised({ directory, target: "/backup" }, { report: backup }),
      ...failed({ directory, target: directory }, again),
    ]);
    const exports = listen("export");
    const report = await db.exportTo(new Collector());
    const failure = await rejection(db.exportTo(null as never));
    expect(exports).toEqual([...promised({ directory }, { report }), ...failed({ directory }, failure)]);
    const imports = listen("import");
    const imported = await db.importFrom([exportOf([line("b", "2")])]);
    const wrong = await rejection(db.importFrom(["x"]));
    expect(imports).toEqual([...promised({ directory }, { report: imported }), ...failed({ directory }, wrong)]);
  });

  test("of verifying, open or not, and of a repair: what they report", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const { directory, fileSystem } = world;
    const verifications = listen("verify");
    const ofStore = await db.verify();
    const refused = await rejection(verify(directory, { fileSystem }));
    const repairs = listen("repair");
    const locked = await rejection(repair(directory, { fileSystem }));
    await db.close();
    const ofDirectory = await verify(directory, { fileSystem });
    const report = await repair(directory, { fileSystem });
    expect(verifications).toEqual([
      ...promised({ directory }, { report: ofStore }),
      ...failed({ directory }, refused),
      ...promised({ directory }, { report: ofDirectory }),
    ]);
    expect(repairs).toEqual([...failed({ directory }, locked), ...promised({ directory }, { report })]);
  });
});
