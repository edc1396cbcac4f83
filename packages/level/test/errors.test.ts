import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";
import { FsError, memoryFileSystem } from "@hashlog/fs-io";
import { HashlogLevel, LevelError } from "@hashlog/level";
import { AbstractSnapshot } from "abstract-level";
import { describe, expect, test } from "vitest";
import { asLevelError } from "../src/level-error.ts";
import { memoryWith } from "./support/memory-with.ts";
import { rejection } from "../../../test/support/rejection.ts";
import { newLocation } from "../../../test/support/temporary.ts";

const TOO_LONG = "k".repeat(65_536);
const LONE = "a\ud83d";

async function openDatabase(location = newLocation()): Promise<HashlogLevel> {
  const db = new HashlogLevel(location);
  await db.open();
  return db;
}

describe("a code of the engine's has one of abstract-level's", () => {
  const codes: readonly [HashlogErrorCode, string][] = [
    ["HASHLOG_ABORTED", "LEVEL_ABORTED"],
    ["HASHLOG_CLOSED", "LEVEL_DATABASE_NOT_OPEN"],
    ["HASHLOG_CORRUPT", "LEVEL_CORRUPTION"],
    ["HASHLOG_IO", "LEVEL_IO_ERROR"],
    ["HASHLOG_LOCKED", "LEVEL_LOCKED"],
    ["HASHLOG_NO_SPACE", "LEVEL_IO_ERROR"],
    ["HASHLOG_NOT_FOUND", "LEVEL_IO_ERROR"],
    ["HASHLOG_NOT_PERMITTED", "LEVEL_IO_ERROR"],
    ["HASHLOG_NOT_SUPPORTED", "LEVEL_NOT_SUPPORTED"],
    ["HASHLOG_VERSION", "LEVEL_NOT_SUPPORTED"],
    ["HASHLOG_WRITES_DISABLED", "LEVEL_IO_ERROR"],
  ];

  test.each(codes)("%s is %s, with the engine's as its cause", (code, levelCode) => {
    const cause = new HashlogError(code, "what happened");
    const error = asLevelError(cause);
    expect(error).toBeInstanceOf(LevelError);
    expect(error).toMatchObject({ code: levelCode, message: "what happened", cause });
  });

  test("and what is none of the engine's stays what it is", () => {
    const error = new RangeError("another's");
    expect(asLevelError(error)).toBe(error);
  });

  test("and only an abortion is called AbortError, as on the web", () => {
    expect(new LevelError("LEVEL_ABORTED", "").name).toBe("AbortError");
    expect(new LevelError("LEVEL_LOCKED", "").name).toBe("LevelError");
  });
});

describe("opening", () => {
  test.each([[""], [undefined], [7]])("refuses %j as a location", (location) => {
    expect(() => new HashlogLevel(location as string)).toThrow(TypeError);
  });

  test("tells who has the directory open", async () => {
    const location = newLocation();
    const first = await openDatabase(location);
    const error = await rejection(new HashlogLevel(location).open());
    expect(error.code).toBe("LEVEL_DATABASE_NOT_OPEN");
    expect(error.cause).toMatchObject({ code: "LEVEL_LOCKED", cause: { code: "HASHLOG_LOCKED" } });
    await first.close();
  });

  test("refuses what is not there, and what is, as it is told", async () => {
    const location = newLocation();
    const missing = await rejection(new HashlogLevel(location, { createIfMissing: false }).open());
    expect(missing.cause).toMatchObject({ code: "LEVEL_IO_ERROR", cause: { code: "HASHLOG_NOT_FOUND" } });
    await (await openDatabase(location)).close();

    const there = new HashlogLevel(location, { errorIfExists: true });
    expect((await rejection(there.open())).cause).toMatchObject({ code: "LEVEL_IO_ERROR" });
    // It has let go of the directory again.
    await (await openDatabase(location)).close();
  });

  test("makes a database where errorIfExists finds none", async () => {
    const db = new HashlogLevel(newLocation(), { errorIfExists: true });
    await db.put("key", "value");
    expect(db.store.stats().open.created).toBe(true);
    await db.close();
  });

  test("refuses an unknown option of the store by its name", async () => {
    const db = new HashlogLevel(newLocation(), { store: { sharpness: 11 } as object });
    const { cause } = await rejection(db.open());
    expect(cause).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT", message: expect.stringContaining("sharpness") });
  });

  test("tells of damage", async () => {
    const location = newLocation();
    await (await openDatabase(location)).close();
    for (const name of readdirSync(location).filter((name) => name.includes("manifest"))) {
      writeFileSync(join(location, name), "not a manifest");
    }
    expect((await rejection(new HashlogLevel(location).open())).cause).toMatchObject({ code: "LEVEL_CORRUPTION" });
  });
});

describe("a key or a value that cannot be stored is refused, and nothing is written:", () => {
  const calls: readonly [string, string, (db: HashlogLevel) => unknown][] = [
    ["a long key to put", "LEVEL_INVALID_KEY", (db) => db.put(TOO_LONG, "v")],
    ["a long key to get", "LEVEL_INVALID_KEY", (db) => db.get(TOO_LONG)],
    ["a long key to get at once", "LEVEL_INVALID_KEY", async (db) => db.getSync(TOO_LONG)],
    ["a long key among several", "LEVEL_INVALID_KEY", (db) => db.getMany(["a", TOO_LONG])],
    ["a long key to look for", "LEVEL_INVALID_KEY", (db) => db.has(TOO_LONG)],
    ["a long key among several to look for", "LEVEL_INVALID_KEY", (db) => db.hasMany(["a", TOO_LONG])],
    ["a long key to delete", "LEVEL_INVALID_KEY", (db) => db.del(TOO_LONG)],
    ["a long key in a batch", "LEVEL_INVALID_KEY", (db) => db.batch([{ type: "del", key: TOO_LONG }])],
    ["a long bound", "LEVEL_INVALID_KEY", (db) => db.clear({ gt: TOO_LONG })],
    ["a long bound of an iterator", "LEVEL_INVALID_KEY", async (db) => db.keys({ lte: TOO_LONG }).all()],
    ["half an emoji as a key", "LEVEL_INVALID_KEY", (db) => db.put(LONE, "v")],
    ["half an emoji as a value", "LEVEL_INVALID_VALUE", (db) => db.put("k", LONE)],
    ["half an emoji in a batch", "LEVEL_INVALID_VALUE", (db) => db.batch([{ type: "put", key: "k", value: LONE }])],
    ["an expiry that is none", "LEVEL_INVALID_VALUE", (db) => db.put("k", "v", { ttlMs: -1 })],
    [
      "an expiry that is none in a batch",
      "LEVEL_INVALID_VALUE",
      (db) => db.batch([{ type: "put", key: "k", value: "v", expiresAtMs: 0.5 }]),
    ],
  ];

  test.each(calls)("%s is %s", async (_what, code, call) => {
    const db = await openDatabase();
    const error = await rejection(Promise.resolve(call(db)));
    expect(error).toMatchObject({ code, name: "LevelError" });
    expect(db.store.stats().keys).toBe(0);
    await db.close();
  });

  test("what the engine says of it is the cause", async () => {
    const db = await openDatabase();
    expect((await rejection(db.put("k", LONE))).cause).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    await db.close();
  });
});

describe("reading", () => {
  test("tells of damage, by whatever method, and goes on with other keys", async () => {
    const location = newLocation();
    const db = new HashlogLevel(location, { store: { cacheBytesMax: 0 } });
    await db.put("bad", "x".repeat(3_000));
    await db.put("good", "value");
    const segment = readdirSync(location).find((name) => name.endsWith(".segment"))!;
    const bytes = readFileSync(join(location, segment));
    bytes[bytes.indexOf("xxxx") + 1_000]! ^= 1;
    writeFileSync(join(location, segment), bytes);

    const corruption = { code: "LEVEL_CORRUPTION", cause: { code: "HASHLOG_CORRUPT" } };
    expect(await rejection(db.get("bad"))).toMatchObject(corruption);
    expect(await rejection(db.getMany(["good", "bad"]))).toMatchObject(corruption);
    expect(await rejection(db.values().all())).toMatchObject(corruption);
    expect(() => db.getSync("bad")).toThrow(expect.objectContaining({ code: "LEVEL_CORRUPTION" }));
    expect(await db.get("good")).toBe("value");
    await db.close();
  });

  test("at once is not supported where the file system cannot", async () => {
    const fileSystem = memoryWith((target) => ({
      readsSynchronously: false,
      async create(path) {
        const file = await target.create(path);
        file.readSync = () => {
          throw new FsError("FS_NOT_SUPPORTED", "not at once", { operation: "readSync", path });
        };
        return file;
      },
    }));
    const db = new HashlogLevel("/db", { store: { fileSystem } });
    await db.put("key", "value");
    expect(() => db.getSync("key")).toThrow(expect.objectContaining({ code: "LEVEL_NOT_SUPPORTED" }));
    expect(await db.get("key")).toBe("value");
    await db.close();
  });

  test("ends with LEVEL_ABORTED once the signal of an iterator is aborted", async () => {
    const db = await openDatabase();
    await db.batch(Array.from({ length: 10 }, (_, at) => ({ type: "put", key: `${at}`, value: "value" })));
    const controller = new AbortController();
    const iterator = db.iterator({ signal: controller.signal });
    await iterator.next();
    const next = iterator.nextv(100);
    controller.abort();
    expect(await rejection(next)).toMatchObject({ code: "LEVEL_ABORTED", name: "AbortError" });
    expect(await rejection(iterator.next())).toMatchObject({ code: "LEVEL_ABORTED", name: "AbortError" });
    await iterator.close();
    await db.close();
  });

  test("from a snapshot of another database is refused", async () => {
    const [one, other] = [await openDatabase(), await openDatabase()];
    const snapshot = one.snapshot();
    const reads = [
      () => other.get("key", { snapshot }),
      () => other.clear({ snapshot }),
      () => other.iterator({ snapshot }).all(),
      () => other.values({ snapshot }).all(),
    ];
    for (const read of reads) expect(await rejection(read())).toBeInstanceOf(TypeError);
    expect(() => other.getSync("key", { snapshot })).toThrow(TypeError);
    expect(await one.get("key", { snapshot })).toBeUndefined();
    await one.close();
    await other.close();
  });

  test("from a snapshot of another kind of database is refused", async () => {
    const db = await openDatabase();
    const Foreign = AbstractSnapshot as new (options: object) => AbstractSnapshot;
    const snapshot = new Foreign({ owner: db });
    expect(await rejection(db.get("key", { snapshot }))).toBeInstanceOf(TypeError);
    await db.close();
  });
});

describe("an iterator over what cannot be", () => {
  const wrong: readonly [string, (db: HashlogLevel) => { next(): Promise<unknown>; close(): Promise<void> }][] = [
    ["a bound that is too long", (db) => db.iterator({ gte: TOO_LONG })],
    ["a bound that is half an emoji", (db) => db.keys({ lt: LONE })],
    ["a target that is too long", (db) => seekTo(db.values(), TOO_LONG)],
  ];
  const seekTo = <Seeking extends { seek(target: string): void }>(iterator: Seeking, target: string): Seeking => {
    iterator.seek(target);
    return iterator;
  };

  test.each(wrong)("%s fails when it is read, and the database can be closed", async (_what, make) => {
    const db = await openDatabase();
    const iterator = make(db);
    expect(await rejection(iterator.next())).toMatchObject({ code: "LEVEL_INVALID_KEY" });
    await iterator.close();
    make(db);
    await db.close();
  });

  test.each(wrong)("%s that waits for the opening does not make that fail", async (_what, make) => {
    const db = new HashlogLevel(newLocation());
    const iterator = make(db);
    expect(await rejection(iterator.next())).toMatchObject({ code: "LEVEL_INVALID_KEY" });
    expect(db.status).toBe("open");
    await iterator.close();
    await db.put("key", "value");
    await db.close();
  });
});

describe("the store beneath", () => {
  test("is there while the database is open", async () => {
    const db = new HashlogLevel(newLocation());
    expect(() => db.store).toThrow(expect.objectContaining({ code: "LEVEL_DATABASE_NOT_OPEN" }));
    await db.open();
    expect(db.store.directory).toBe(db.location);
    await db.close();
    expect(() => db.store).toThrow(expect.objectContaining({ code: "LEVEL_DATABASE_NOT_OPEN" }));
  });

  test("that somebody else has closed is LEVEL_DATABASE_NOT_OPEN to every call", async () => {
    const db = await openDatabase();
    await db.store.close();
    const closed = { code: "LEVEL_DATABASE_NOT_OPEN", cause: { code: "HASHLOG_CLOSED" } };
    expect(await rejection(db.get("key"))).toMatchObject(closed);
    expect(await rejection(db.has("key"))).toMatchObject(closed);
    expect(await rejection(db.put("key", "value"))).toMatchObject(closed);
    expect(await rejection(db.clear())).toMatchObject(closed);
    await db.close();
  });

  test("whose writing fails is LEVEL_IO_ERROR, and can be opened again after a close that fails", async () => {
    let isBroken = false;
    const fileSystem = memoryWith((target) => ({
      async create(path) {
        const file = await target.create(path);
        const append = file.append.bind(file);
        file.append = (...appended) => {
          if (isBroken) throw new FsError("FS_IO", "the disk is gone", { operation: "append", path });
          append(...appended);
        };
        return file;
      },
    }));
    const db = new HashlogLevel("/db", { store: { fileSystem } });
    await db.put("before", "value");
    isBroken = true;
    expect(await rejection(db.put("key", "value"))).toMatchObject({ code: "LEVEL_IO_ERROR" });
    expect(await rejection(db.put("key", "value"))).toMatchObject({ cause: { code: "HASHLOG_WRITES_DISABLED" } });
    expect(await db.get("before")).toBe("value");
    await db.close();
    isBroken = false;
    await db.open();
    expect(await db.keys().all()).toEqual(["before"]);
    await db.close();
  });

  test("that cannot be closed leaves a database that can be closed and opened again", async () => {
    const fileSystem = memoryFileSystem();
    const db = new HashlogLevel("/db", { store: { fileSystem } });
    await db.open();
    const { store } = db;
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      throw new HashlogError("HASHLOG_IO", "the last handle would not close");
    };
    const error = await rejection(db.close());
    expect(error).toMatchObject({ code: "LEVEL_DATABASE_NOT_CLOSED", cause: { code: "LEVEL_IO_ERROR" } });
    await db.close();
    await db.open();
    await db.put("key", "value");
    await db.close();
  });
});
