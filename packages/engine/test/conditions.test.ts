import {
  open,
  type BatchOperation,
  type ConditionalOperation,
  type ConditionOptions,
  type PutOptions,
  type Store,
} from "@hashlog/engine";
import { DiskImage, SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from "vitest";
import { Conditions } from "../src/conditions.ts";
import { entriesOf, filler, isSettled, rejection, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, readingAsynchronously } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

async function versionOf(db: TextStore, key: string): Promise<number> {
  return (await db.getEntry(key))!.version;
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("an entry has its value, its version and its expiry", async () => {
    const world = await newWorld();
    let db = await world.open();
    expect(await db.getEntry("a")).toBe(undefined);
    await db.put("a", "1");
    await db.put("b", "2", { ttlMs: 1000 });
    const expiresAtMs = world.clock.now() + 1000;
    const [a, b] = [await db.getEntry("a"), await db.getEntry("b")];
    expect(a).toEqual({ value: new TextEncoder().encode("1"), version: 1, expiresAtMs: undefined });
    expect(b).toEqual({ value: new TextEncoder().encode("2"), version: 2, expiresAtMs });
    await db.put("a", "1");
    expect(await versionOf(db, "a")).toBe(3);
    await db.compact();
    db = await world.reopen(db);
    expect(await db.getEntry("a")).toEqual({ ...a, version: 3 });
    world.clock.advance(1000);
    expect(await db.getEntry("b")).toBe(undefined);
  });

  test("a put with a condition is done if that holds, and says so", async () => {
    const world = await newWorld();
    const db = await world.open();
    expect(await db.put("a", "1", { ifAbsent: true })).toBe(true);
    expect(await db.put("a", "2", { ifAbsent: true })).toBe(false);
    const version = await versionOf(db, "a");
    expect(await db.put("a", "3", { ifVersion: version + 1 })).toBe(false);
    expect(text(await db.get("a"))).toBe("1");
    expect(await db.put("a", "4", { ifVersion: version })).toBe(true);
    expect(await db.put("a", "5", { ifVersion: version })).toBe(false);
    expect(await db.put("b", "1", { ifVersion: version })).toBe(false);
    expect(await entriesOf(db)).toEqual([["a", "4"]]);
    // What was refused has left nothing in the log.
    expect(db.stats().sequence).toBe(2);
  });

  test("a delete with a condition is done if that holds, and says whether it did", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("a", "1");
    const version = await versionOf(db, "a");
    expect(await db.delete("a", { ifVersion: version + 7 })).toBe(false);
    expect(await db.delete("a", { ifAbsent: true })).toBe(false);
    expect(db.has("a")).toBe(true);
    expect(await db.delete("a", { ifVersion: version })).toBe(true);
    expect(await db.delete("a", { ifVersion: version })).toBe(false);
    expect(await db.delete("a", { ifAbsent: true })).toBe(true);
    expect(db.has("a")).toBe(false);
  });

  test("a batch with conditions is done as a whole or not at all, by the state before it", async () => {
    const world = await newWorld();
    let db = await world.open();
    await db.put("a", "1");
    await db.put("b", "1");
    const version = await versionOf(db, "a");
    const swap: ConditionalOperation<string, string>[] = [
      { type: "delete", key: "a", ifVersion: version },
      { type: "put", key: "c", value: "1", ifAbsent: true },
      { type: "put", key: "b", value: "2" },
    ];
    expect(await db.batch([...swap, { type: "put", key: "b", value: "3", ifAbsent: true }])).toBe(false);
    expect(await entriesOf(db)).toEqual([
      ["a", "1"],
      ["b", "1"],
    ]);
    // "a" is there before the batch, whatever the batch does with it; and "c" is not.
    const twice: ConditionalOperation<string, string>[] = [
      ...swap,
      { type: "put", key: "a", value: "again", ifVersion: version },
      { type: "delete", key: "c", ifAbsent: true },
    ];
    expect(await db.batch(twice)).toBe(true);
    expect(await entriesOf(db)).toEqual([
      ["a", "again"],
      ["b", "2"],
    ]);
    expect(await db.batch(swap)).toBe(false);
    db = await world.reopen(db);
    expect(await db.count()).toBe(2);
  });
});

test("a condition knows of what waits before it, and of nothing that comes after it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  await db.put("b", "1");
  const version = await versionOf(db, "a");
  const answers = [
    db.put("a", "2", { ifVersion: version }),
    db.put("a", "3", { ifVersion: version }),
    db.put("a", "4", { ifVersion: db.stats().sequence + 1 }),
    db.delete("a"),
    db.put("a", "5", { ifVersion: db.stats().sequence + 2 }),
    db.put("a", "6", { ifAbsent: true }),
    db.put("a", "7", { ifAbsent: true }),
    db.batch([
      { type: "delete", key: "b" },
      { type: "put", key: "c", value: "1", ifAbsent: true },
    ]),
    db.put("b", "2", { ifAbsent: true }),
    db.put("c", "2", { ifAbsent: true }),
  ];
  expect(await Promise.all(answers)).toEqual([true, false, true, true, false, true, false, true, true, false]);
  expect(await entriesOf(db)).toEqual([
    ["a", "6"],
    ["b", "2"],
    ["c", "1"],
  ]);
});

test("an answer is given when what it rests on is acknowledged, and is refused with it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const sync = world.watched.hold("sync", /\.segment$/);
  const first = db.put("a", "1");
  await sync.reached;
  const refused = db.put("a", "2", { ifAbsent: true });
  const elsewhere = db.put("b", "1", { ifVersion: 99 });
  expect(await elsewhere).toBe(false);
  expect(await isSettled(refused)).toBe(false);
  sync.release();
  expect([await first, await refused]).toEqual([true, false]);

  world.watched.fail("sync", /\.segment$/, "FS_IO");
  const lost = rejection(db.put("c", "1"));
  const restsOnIt = rejection(db.put("c", "2", { ifAbsent: true }));
  expect([await lost, await restsOnIt]).toMatchObject([
    { code: "HASHLOG_WRITES_DISABLED" },
    { code: "HASHLOG_WRITES_DISABLED" },
  ]);
  expect(db.has("c")).toBe(false);
  world.leaveUnchecked();
});

test("what expired, waiting or not, is absent", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1", { ttlMs: 10 });
  const version = await versionOf(db, "a");
  world.clock.advance(10);
  expect(await db.put("a", "2", { ifVersion: version })).toBe(false);
  expect(await db.put("a", "3", { ifAbsent: true, ttlMs: 5 })).toBe(true);
  const answers = [db.put("b", "1", { expiresAtMs: 1 }), db.put("b", "2", { ifAbsent: true })];
  expect(await Promise.all(answers)).toEqual([true, true]);
  expect(await db.getEntry("a")).toMatchObject({ expiresAtMs: world.clock.now() + 5 });
});

test("a version outlives a merge and an opening, and a key that is written again has another", async () => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 1024 });
  for (let index = 0; index < 8; index += 1) await db.put(`key ${index}`, filler(300, index));
  const version = await versionOf(db, "key 3");
  await db.put("key 4", "other");
  await db.compact();
  expect(await db.put("key 3", "by version", { ifVersion: version })).toBe(true);
  const next = await versionOf(db, "key 3");
  db = await world.reopen(db);
  expect(await db.delete("key 3", { ifVersion: version })).toBe(false);
  expect(await db.delete("key 3", { ifVersion: next })).toBe(true);
});

test("many that try at once: of those with the same version one succeeds", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  await db.put("counter", "0");
  const add = async (): Promise<void> => {
    for (;;) {
      const { value, version } = (await db.getEntry("counter"))!;
      if (await db.put("counter", String(Number(text(value)) + 1), { ifVersion: version })) return;
    }
  };
  await Promise.all(Array.from({ length: 30 }, add));
  expect(text(await db.get("counter"))).toBe("30");
});

test("thousands of conditions over thousands of waiting writes take no longer each", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const sync = world.watched.hold("sync", /\.segment$/);
  const first = db.put("first", "1");
  await sync.reached;
  const writes = Array.from({ length: 4000 }, (_, index) => db.put(`key ${index % 2000}`, "1", { ifAbsent: true }));
  sync.release();
  await first;
  const answers = await Promise.all(writes);
  expect(answers.map((answer, index) => answer === index < 2000)).not.toContain(false);
});

test("where the file system cannot read synchronously the version is read first, and a write may come between", async () => {
  const world = await memoryWorld();
  const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem), sync: "never" });
  await db.put("a", "1");
  const version = await versionOf(db, "a");
  const value = new TextEncoder().encode("2");
  const write = db.put("a", value, { ifVersion: version });
  // The caller's bytes are the caller's again when the call has returned.
  value.fill(0);
  expect(await write).toBe(true);
  expect(text(await db.get("a"))).toBe("2");

  const first = new TextEncoder().encode("batch");
  const batch = db.batch([{ type: "put", key: "a", value: first, ifVersion: await versionOf(db, "a") }]);
  first.fill(0);
  expect([await batch, text(await db.get("a"))]).toEqual([true, "batch"]);

  const next = await versionOf(db, "a");
  const read = world.watched.hold("read", /\.segment$/);
  const overtaken = db.put("a", "3", { ifVersion: next });
  await read.reached;
  await db.put("a", "4");
  read.release();
  expect(await overtaken).toBe(false);
  expect(await db.put("a", "5", { ifAbsent: true })).toBe(false);
  expect(await db.delete("a", { ifVersion: await versionOf(db, "a") })).toBe(true);
});

test("closing waits for a write whose version is being read", async () => {
  const world = await memoryWorld();
  const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
  await db.put("a", "1");
  const version = await versionOf(db, "a");
  const read = world.watched.hold("read", /\.segment$/);
  const write = db.put("a", "2", { ifVersion: version });
  await read.reached;
  const closed = db.close();
  expect(await isSettled(closed)).toBe(false);
  read.release();
  expect(await write).toBe(true);
  await closed;
  expect(text(await (await world.open()).get("a"))).toBe("2");
});

test("a record that is damaged is no version: the write is refused with HASHLOG_CORRUPT, and not done", async () => {
  const disk = new SimulatedDisk();
  const db = await open("/store", { fileSystem: disk.boot() });
  await db.put("a", "the first value");
  // In a sealed segment, which the checkpoint of the close covers: nobody reads it when the store is opened.
  await db.compact();
  const version = await versionOf(db, "a");
  const segment = [...disk.image().files.keys()].find((path) => path.endsWith(".segment"))!;
  await db.close();
  const bytes = disk.image().bytes(segment)!;
  const files = Object.fromEntries([...disk.image().files.keys()].map((path) => [path, disk.image().bytes(path)!]));
  // All of the value is looked for: a single byte of it stands by chance in checksums and identities as well.
  const damaged = DiskImage.of({ ...files, [segment]: bytes.with(Buffer.from(bytes).indexOf("the first value"), 0) });
  const store = await open("/store", { fileSystem: new SimulatedDisk({ image: damaged }).boot() });
  expect(await rejection(store.put("a", "2", { ifVersion: version }))).toMatchObject({ code: "HASHLOG_CORRUPT" });
  expect(await rejection(store.getEntry("a"))).toMatchObject({ code: "HASHLOG_CORRUPT" });
  expect(await store.put("a", "2", { ifAbsent: true })).toBe(false);
  await store.close();
});

test("conditions that make no sense are refused by name", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const wrong = [
    [{ ifAbsent: 1 }, "ifAbsent"],
    [{ ifVersion: 0 }, "ifVersion"],
    [{ ifVersion: 1.5 }, "ifVersion"],
    [{ ifVersion: "1" }, "ifVersion"],
    [{ ifAbsent: true, ifVersion: 1 }, "exclude each other"],
    // Else a version that there was not would be as good as no condition, and the write overwrite what came meanwhile.
    [{ ifVersion: undefined }, "ifVersion is undefined"],
    [{ ifAbsent: undefined }, "ifAbsent is undefined"],
  ] as const;
  for (const [condition, words] of wrong) {
    const refused = { code: "HASHLOG_INVALID_ARGUMENT", message: expect.stringContaining(words) as string };
    const given = condition as never;
    expect(await rejection(db.put("a", "1", given))).toMatchObject(refused);
    expect(await rejection(db.delete("a", given))).toMatchObject(refused);
    for (const type of ["put", "delete"] as const) {
      const operation = {
        type,
        key: "a",
        ...(type === "put" ? { value: "1" } : {}),
        ...(condition as object),
      } as never;
      expect(await rejection(db.batch([operation]))).toMatchObject(refused);
    }
  }
  // A condition that was left out holds, and the write says so.
  expect(await db.put("a", "1", { ifAbsent: false })).toBe(true);
  expect(await db.batch([{ type: "put", key: "a", value: "1", ifAbsent: false }])).toBe(true);
  expect(await db.delete("b", { ifAbsent: false })).toBe(false);
  expect(db.stats().sequence).toBe(2);
});

test("the types say which writes answer", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  expectTypeOf(db.put("a", "1")).toEqualTypeOf<Promise<void>>();
  expectTypeOf(db.put("a", "1", { ttlMs: 1 })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(db.put("a", "1", { ifAbsent: true })).toEqualTypeOf<Promise<boolean>>();
  expectTypeOf(db.put("a", "1", { ifVersion: 1, sync: true })).toEqualTypeOf<Promise<boolean>>();
  expectTypeOf(db.delete("a", { ifVersion: 1 })).toEqualTypeOf<Promise<boolean>>();
  expectTypeOf(db.batch([{ type: "put", key: "a", value: "1" }])).toEqualTypeOf<Promise<void>>();
  expectTypeOf(db.batch([{ type: "put", key: "a", value: "1", ifAbsent: true }])).toEqualTypeOf<Promise<boolean>>();
  const some: readonly BatchOperation<string, string>[] = [];
  expectTypeOf(db.batch(some)).toEqualTypeOf<Promise<void>>();
  const maybe: readonly ConditionalOperation<string, string>[] = [{ type: "delete", key: "a", ifAbsent: false }];
  expectTypeOf(db.batch(maybe)).toEqualTypeOf<Promise<boolean>>();
  const options: PutOptions & ConditionOptions = {};
  expectTypeOf(db.put("a", "1", options)).toEqualTypeOf<Promise<boolean>>();
  await db.sync();
  expect(text(await db.get("a"))).toBe("1");
});

test("what may have a condition, and has none, is done, and says so", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const options: PutOptions & ConditionOptions = {};
  const none: readonly ConditionalOperation<string, string>[] = [];
  const plain: readonly ConditionalOperation<string, string>[] = [{ type: "delete", key: "a" }];
  expect(await db.put("a", "1", options)).toBe(true);
  expect([await db.batch(none), await db.batch(none, { sync: true }), await db.batch(plain)]).toEqual([
    true,
    true,
    true,
  ]);
});

test("where reads are asynchronous the versions of all keys of a batch are read at once", async () => {
  const world = await memoryWorld();
  const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem), sync: "never" });
  const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`);
  await db.batch(keys.map((key) => ({ type: "put", key, value: "1" }) as const));
  const operations = await Promise.all(
    keys.map(async (key) => ({ type: "put", key, value: "2", ifVersion: await versionOf(db, key) }) as const),
  );
  const finds = vi.spyOn(Conditions.prototype, "judge");
  onTestFinished(() => finds.mockRestore());
  const reads = world.watched.count("read");
  expect(await db.batch(operations)).toBe(true);
  expect(world.watched.count("read") - reads).toBe(500);
  // Once to find what has to be read, once when it is: not once for each of them.
  expect(finds.mock.calls.length).toBe(2);
  expect(await db.batch(operations)).toBe(false);
});

test("a write that was refused hides none that waits before it", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  await db.put("filled", filler(300));
  const sync = world.watched.hold("sync", /\.segment$/);
  const waits = db.put("a", "1");
  await sync.reached;
  // Too much to wait for that sync, and what needs another segment, of which there cannot be one.
  const failing = world.watched.fail("create", /\.segment$/, "FS_IO");
  const refused = [db.put("a", filler(1_200_000)), db.put("b", filler(1_200_000))].map(rejection);
  refused.push(rejection(db.put("a", "2", { ifAbsent: true })));
  expect(await Promise.all(refused)).toMatchObject(Array.from({ length: 3 }, () => ({ code: "HASHLOG_IO" })));
  failing.end();
  const answer = db.put("a", "3", { ifAbsent: true });
  sync.release();
  expect([await waits, await answer]).toEqual([true, false]);
  expect(text(await db.get("a"))).toBe("1");
});
