import { HashlogError, open } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";
import { HashlogDatastore, type HashlogDatastoreOptions } from "@hashlog/datastore";
import { Key } from "interface-datastore";
import { describe, expect, test } from "vitest";
import { rejection } from "../../../test/support/rejection.ts";
import { newLocation } from "../../../test/support/temporary.ts";

const key = (name: string): Key => new Key(name);
const value = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

async function opened(options: HashlogDatastoreOptions = {}): Promise<HashlogDatastore> {
  const datastore = new HashlogDatastore("/store", { fileSystem: memoryFileSystem(), ...options });
  await datastore.open();
  return datastore;
}

async function all<T>(source: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

describe("opening and closing", () => {
  test("keeps what was put, and may be done again and twice", async () => {
    const datastore = new HashlogDatastore(newLocation());
    await Promise.all([datastore.open(), datastore.open()]);
    await datastore.put(key("/a"), value(1));
    expect(datastore.store.stats().keys).toBe(1);
    await datastore.close();
    await datastore.close();
    await datastore.open();
    expect(await datastore.get(key("/a"))).toEqual(value(1));
    await datastore.close();
  });

  test("fails with an OpenFailedError that says why, and may be tried again", async () => {
    const directory = newLocation();
    const owner = await open(directory);
    const datastore = new HashlogDatastore(directory);
    expect(await rejection(datastore.open())).toMatchObject({
      name: "OpenFailedError",
      cause: { code: "HASHLOG_LOCKED" },
    });
    await owner.close();
    await datastore.open();
    await datastore.close();
  });

  test("that is closed while it opens is closed, and frees the directory", async () => {
    const directory = newLocation();
    const datastore = new HashlogDatastore(directory);
    const opening = datastore.open();
    await datastore.close();
    await opening;
    expect(() => datastore.store).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
    await (await open(directory)).close();
  });

  test("that is closed while its opening fails is as good as never opened", async () => {
    const datastore = new HashlogDatastore("/store", { sharpness: 11 } as object);
    const opening = rejection(datastore.open());
    await datastore.close();
    expect((await opening).name).toBe("OpenFailedError");
  });

  test("fails with a CloseFailedError that says why", async () => {
    const datastore = await opened();
    const { store } = datastore;
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      throw new HashlogError("HASHLOG_IO", "the last handle would not close");
    };
    expect(await rejection(datastore.close())).toMatchObject({
      name: "CloseFailedError",
      cause: { code: "HASHLOG_IO" },
    });
  });
});

describe("before it is open", () => {
  const calls: readonly [string, string, (datastore: HashlogDatastore) => unknown][] = [
    ["put", "PutFailedError", (datastore) => datastore.put(key("/a"), value(1))],
    ["get", "GetFailedError", (datastore) => datastore.get(key("/a"))],
    ["has", "HasFailedError", (datastore) => datastore.has(key("/a"))],
    ["delete", "DeleteFailedError", (datastore) => datastore.delete(key("/a"))],
    ["putMany", "PutFailedError", (datastore) => all(datastore.putMany([{ key: key("/a"), value: value(1) }]))],
    ["getMany", "GetFailedError", (datastore) => all(datastore.getMany([key("/a")]))],
    ["deleteMany", "DeleteFailedError", (datastore) => all(datastore.deleteMany([key("/a")]))],
    ["commit", "PutFailedError", (datastore) => datastore.batch().commit()],
    ["query", "GetFailedError", (datastore) => all(datastore.query({}))],
    ["queryKeys", "GetFailedError", (datastore) => all(datastore.queryKeys({}))],
  ];

  test.each(calls)("%s fails with a %s", async (_name, name, call) => {
    const datastore = new HashlogDatastore("/store");
    const error = await rejection(Promise.resolve(call(datastore)));
    expect(error).toMatchObject({ name, cause: { code: "HASHLOG_CLOSED" } });
  });
});

describe("keys", () => {
  test("are their bytes, whatever these are", async () => {
    const datastore = await opened();
    const binary = new Key(value(0x2f, 0xff, 0x00), false);
    await datastore.put(binary, value(1));
    await datastore.put(key("/é"), value(2));
    const found = await all(datastore.queryKeys({}));
    expect(found.map((one) => Buffer.from(one.uint8Array()).toString("hex")).sort()).toEqual(["2fc3a9", "2fff00"]);
    expect(await datastore.get(binary)).toEqual(value(1));
    await datastore.close();
  });

  test("that are too long are refused, and what is not there is a NotFoundError", async () => {
    const datastore = await opened();
    const error = await rejection(datastore.put(key(`/${"k".repeat(65_535)}`), value(1)));
    expect(error).toMatchObject({ name: "PutFailedError", cause: { code: "HASHLOG_INVALID_ARGUMENT" } });
    expect(await rejection(datastore.get(key("/none")))).toMatchObject({ name: "NotFoundError" });
    await datastore.close();
  });
});

describe("a query", () => {
  test("by prefix gives what begins so, in order, as of its beginning", async () => {
    const datastore = await opened();
    for (const name of ["/b/2", "/a/1", "/b/1", "/bb"]) await datastore.put(key(name), value(1));
    const query = datastore.query({ prefix: "/b/" });
    const iterator = (query as AsyncGenerator<{ key: Key }>)[Symbol.asyncIterator]();
    const first = await iterator.next();
    await datastore.delete(key("/b/2"));
    await datastore.put(key("/b/3"), value(1));
    const rest = await all({ [Symbol.asyncIterator]: () => iterator });
    expect([first.value, ...rest].map((pair) => (pair as { key: Key }).key.toString())).toEqual(["/b/1", "/b/2"]);
    await datastore.close();
  });

  test("that is left gives free what it holds", async () => {
    const datastore = await opened();
    for (const name of ["/a", "/b"]) await datastore.put(key(name), value(1));
    for await (const pair of datastore.query({})) {
      expect(pair.value).toEqual(value(1));
      expect(datastore.store.stats().iterators).toBe(1);
      break;
    }
    expect(datastore.store.stats().iterators).toBe(0);
    await datastore.close();
  });

  test("ends with the signal's reason, also when that comes on the way, and with a GetFailedError for damage", async () => {
    const datastore = await opened();
    for (const name of ["/a", "/b"]) await datastore.put(key(name), value(1));
    const controller = new AbortController();
    const reason = new Error("enough");
    const query = (async () => {
      for await (const _key of datastore.queryKeys({}, { signal: controller.signal })) controller.abort(reason);
    })();
    expect(await rejection(query)).toBe(reason);

    const entries = datastore.query({});
    const iterator = (entries as AsyncGenerator)[Symbol.asyncIterator]();
    await iterator.next();
    await datastore.store.close();
    expect(await rejection(iterator.next())).toMatchObject({
      name: "GetFailedError",
      cause: { code: "HASHLOG_CLOSED" },
    });
  });
});

describe("a batch", () => {
  test("does all of its calls in their order, once", async () => {
    const datastore = await opened();
    const batch = datastore.batch();
    batch.put(key("/a"), value(1));
    batch.delete(key("/a"));
    batch.delete(key("/b"));
    batch.put(key("/b"), value(2));
    expect(await datastore.has(key("/b"))).toBe(false);
    await batch.commit();
    expect([await datastore.has(key("/a")), await datastore.has(key("/b"))]).toEqual([false, true]);
    await datastore.delete(key("/b"));
    await batch.commit();
    expect(await datastore.has(key("/b"))).toBe(false);
    await datastore.close();
  });

  test("that could not be done may be tried again", async () => {
    const datastore = await opened();
    const batch = datastore.batch();
    batch.put(key("/a"), value(1));
    expect(
      await rejection(Promise.resolve(batch.commit({ signal: AbortSignal.abort(new Error("no")) }))),
    ).toMatchObject({
      message: "no",
    });
    await batch.commit();
    expect(await datastore.has(key("/a"))).toBe(true);
    await datastore.close();
  });
});

describe("what is put into a batch while it is committed", () => {
  test("belongs to the next commit", async () => {
    const datastore = await opened();
    const batch = datastore.batch();
    batch.put(key("/a"), value(1));
    const first = batch.commit();
    batch.put(key("/b"), value(2));
    await first;
    expect([await datastore.has(key("/a")), await datastore.has(key("/b"))]).toEqual([true, false]);
    await batch.commit();
    expect(await datastore.has(key("/b"))).toBe(true);
    await datastore.close();
  });

  test("comes behind what that could not do", async () => {
    const datastore = await opened();
    const batch = datastore.batch();
    batch.put(key("/a"), value(1));
    await datastore.close();
    const first = Promise.resolve(batch.commit());
    batch.delete(key("/a"));
    batch.put(key("/b"), value(2));
    expect(await rejection(first)).toMatchObject({ name: "PutFailedError" });
    await datastore.open();
    await batch.commit();
    expect([await datastore.has(key("/a")), await datastore.has(key("/b"))]).toEqual([false, true]);
    await datastore.close();
  });

  test("comes behind it also where both commits run at once, whichever of them fails", async () => {
    const datastore = await opened();
    const batch = datastore.batch();
    batch.put(key("/a"), value(1));
    const first = rejection(Promise.resolve(batch.commit({ signal: AbortSignal.abort(new Error("no")) })));
    batch.put(key("/a"), value(2));
    const second = Promise.resolve(batch.commit());
    expect(await first).toMatchObject({ message: "no" });
    await second;
    await batch.commit();
    expect(await datastore.get(key("/a"))).toEqual(value(2));
    await datastore.close();
  });
});

describe("durability", () => {
  test("is there when a put resolves, and one sync serves many", async () => {
    const datastore = await opened();
    await datastore.put(key("/a"), value(1));
    const { sequence, floor, counts } = datastore.store.stats();
    expect(floor).toBe(sequence);
    await Promise.all(["/b", "/c", "/d"].map((name) => datastore.put(key(name), value(1))));
    expect(datastore.store.stats().counts.syncs).toBe(counts.syncs + 1);
    await datastore.close();
  });

  test("is less where it is told to be less", async () => {
    const datastore = await opened({ sync: "never" });
    await datastore.put(key("/a"), value(1));
    const { sequence, floor } = datastore.store.stats();
    expect(floor).toBeLessThan(sequence);
    await datastore.close();
  });
});
