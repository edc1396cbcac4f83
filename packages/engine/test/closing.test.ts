import { open, type Store } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { all, entriesOf, filler, isSettled, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, nodeWorld, readingAsynchronously } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Every method that may not be called after close, those that throw and those that reject. */
const METHODS: readonly [name: string, call: (db: TextStore) => unknown][] = [
  ["get", (db) => db.get("key")],
  ["getSync", (db) => db.getSync("key")],
  ["getMany", (db) => db.getMany(["key"])],
  ["has", (db) => db.has("key")],
  ["put", (db) => db.put("key", "value")],
  ["delete", (db) => db.delete("key")],
  ["batch", (db) => db.batch([{ type: "delete", key: "key" }])],
  ["an empty batch", (db) => db.batch([])],
  ["clear", (db) => db.clear()],
  ["entries", (db) => db.entries()],
  ["keys", (db) => db.keys()],
  ["values", (db) => db.values()],
  ["sync", (db) => db.sync()],
  ["checkpoint", (db) => db.checkpoint()],
  ["compact", (db) => db.compact()],
];

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test.each(METHODS)("%s after close fails with HASHLOG_CLOSED", async (_name, call) => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "value");
    const closed = db.close();
    // From the call on, and also when it is done.
    expect(await failureOf(() => call(db))).toMatchObject({ code: "HASHLOG_CLOSED", path: world.directory });
    await closed;
    expect(await failureOf(() => call(db))).toMatchObject({ code: "HASHLOG_CLOSED", path: world.directory });
  });

  test("closing twice is fine, and the second call ends when the first one does", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "value");
    expect(db.close()).toBe(db.close());
    await db.close();
    await db[Symbol.asyncDispose]();
    expect(db.stats()).toMatchObject({ keys: 1, pendingWrites: 0 });
  });

  test("closing waits for every write that is in flight, and all of them are done", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 1024 });
    await db.put("gone", "1");
    const writes = [
      ...Array.from({ length: 30 }, (_, index) => db.put(`key ${index}`, filler(100, index))),
      db.batch([{ type: "put", key: "batched", value: "1" }]),
    ];
    const deleted = db.delete("gone");
    await db.close();
    await Promise.all(writes);
    expect(await deleted).toBe(true);
    db = await world.open();
    expect(db.stats()).toMatchObject({ keys: 31, open: { clean: true } });
  });

  test("closing waits for a write whose sync is under way", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "1");
    const sync = world.watched.hold("sync", SEGMENT);
    const put = db.put("key", "2");
    await sync.reached;
    const closed = db.close();
    expect(await isSettled(closed)).toBe(false);
    sync.release();
    await Promise.all([put, closed]);
    expect(text((await world.open()).getSync("key"))).toBe("2");
  });

  test("closing waits for reads that are under way, all parts of a long one included", async () => {
    const world = await newWorld();
    const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
    const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
    // Each on its own: neighbours would be read together.
    const between = { type: "put", key: "between", value: filler(600) } as const;
    await db.batch(keys.flatMap((key) => [{ type: "put", key, value: key }, between]));
    const read = world.watched.hold("read", SEGMENT);
    let answered = false;
    const values = db.getMany(keys).finally(() => (answered = true));
    const value = db.get("key 7");
    await read.reached;
    const closed = db.close().then(() => answered);
    expect(await isSettled(closed)).toBe(false);
    read.release();
    expect(await closed).toBe(true);
    expect((await values).map(text)).toEqual(keys);
    expect(text(await value)).toBe("key 7");
  });

  test("closing waits for a merge, a checkpoint and a sync that were asked for", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512, sync: "never" });
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index % 4}`, filler(100, index));
    const asked = [db.compact(), db.checkpoint(), db.sync()] as const;
    await db.close();
    const [report] = await Promise.all(asked);
    expect(report.inputs.length).toBeGreaterThan(1);
    db = await world.open();
    expect(db.stats()).toMatchObject({ keys: 4, deadBytes: 0 });
  });

  test("a store that is opened again while it is closing is locked until it is closed", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "value");
    const replace = world.watched.hold("replace");
    const closed = db.close();
    await replace.reached;
    expect(await rejection(open(world.directory, { fileSystem: world.fileSystem }))).toMatchObject({
      code: "HASHLOG_LOCKED",
    });
    replace.release();
    await closed;
    expect(await entriesOf(await world.open())).toEqual([["key", "value"]]);
  });

  test("closing closes every file", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(100));
    const iterator = db.entries();
    await iterator.next();
    await db.compact();
    await db.close();
    expect(world.watched.openFiles).toBe(0);
  });
});

test("a store that is not closed does not keep the process alive, and loses nothing", async () => {
  const world = await nodeWorld();
  const { execFile } = await import("node:child_process");
  const script = `
    import { open } from "@hashlog/engine";
    const db = await open(process.argv[1], { sync: { intervalMs: 3_600_000 } });
    await db.put("key", "value");
    for await (const key of db.keys()) console.log(key);
  `;
  const args = ["--conditions=@hashlog/source", "--input-type=module", "--eval", script, world.directory];
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { cwd: import.meta.dirname }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  expect(output).toBe("key\n");
  const db = await world.open();
  expect(db.stats().open.clean).toBe(false);
  expect(await entriesOf(db)).toEqual([["key", "value"]]);
});

test("closing right after opening, again and again, is fine", async () => {
  const world = await memoryWorld();
  for (let turn = 0; turn < 20; turn += 1) await (await world.open()).close();
  expect(await all((await world.open()).keys())).toEqual([]);
});

async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(["always", "never"] as const)("closing, with the policy %s,", (sync) => {
  test.each(["FS_IO", "FS_NO_SPACE"] as const)(
    "waits for a segment that is being sealed though a write has failed with %s: only under its lock may the manifest change",
    async (code) => {
      const world = await memoryWorld();
      world.leaveUnchecked();
      const db = await world.open({ sync, segmentBytesMax: 512 });
      await db.put("a", filler(300));
      const begun = world.watched.hold("replace");
      const next = db.put("b", filler(300));
      await begun.reached;
      const sealing = world.watched.hold("replace");
      begun.release();
      await Promise.all([sealing.reached, next]);
      const failure = world.watched.fail("append", SEGMENT, code);
      await rejection(db.put("c", "1"));
      failure.end();
      const closing = db.close();
      expect(await isSettled(closing)).toBe(false);
      sealing.release();
      await closing;
      const calls = world.watched.calls.length;
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(world.watched.calls).toHaveLength(calls);
      const again = await world.open({ sync, segmentBytesMax: 512 });
      expect((await entriesOf(again)).map(([key]) => key).toSorted()).toEqual(["a", "b"]);
    },
  );
});
