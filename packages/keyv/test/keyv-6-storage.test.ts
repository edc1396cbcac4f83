/**
 * What the test suite of Keyv 6 asks of a store by itself. That suite is not published with version 6 yet; this follows its
 * list of cases, of `core/test-suite` in https://github.com/jaredwray/keyv (MIT licensed, Jared Wray and others), one by one,
 * under the same names, with a clock that is moved instead of waited for.
 */
import { systemClock } from "@hashlog/fs-io";
import { KeyvHashlog } from "@hashlog/keyv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newLocation } from "../../../test/support/temporary.ts";

const TTL = 500;

let now = 0;
let store: KeyvHashlog;

beforeEach(() => {
  now = Date.now();
  store = new KeyvHashlog(newLocation(), { clock: { ...systemClock, now: () => now } });
});

afterEach(() => store.disconnect());

async function collected(entries: AsyncIterable<[string, unknown]>): Promise<[string, unknown][]> {
  const found: [string, unknown][] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

describe("basic", () => {
  test("set(key, value) and get(key) round-trip", async () => {
    await store.set("key", "a sentence");
    expect(await store.get("key")).toBe("a sentence");
  });

  test("get(key) returns undefined for nonexistent key", async () => {
    expect(await store.get("key")).toBeUndefined();
  });

  test("delete(key) removes a key and returns true", async () => {
    await store.set("key", "value");
    expect(await store.delete("key")).toBe(true);
    expect(await store.get("key")).toBeUndefined();
  });

  test("delete(key) returns false for nonexistent key", async () => {
    expect(await store.delete("key")).toBe(false);
  });

  test("has(key) returns true for existing key", async () => {
    await store.set("key", "value");
    expect(await store.has("key")).toBe(true);
  });

  test("has(key) returns false for nonexistent key", async () => {
    expect(await store.has("key")).toBe(false);
  });

  test("has(key) returns false after delete", async () => {
    await store.set("key", "value");
    await store.delete("key");
    expect(await store.has("key")).toBe(false);
  });

  test("clear() removes all key/value pairs", async () => {
    await store.set("one", "1");
    await store.set("two", "2");
    await store.clear();
    expect(await store.getMany(["one", "two"])).toEqual([undefined, undefined]);
  });
});

describe("ttl", () => {
  test("set(key, value, expires) expires after the deadline", async () => {
    await store.set("key", "value", now + TTL);
    expect(await store.get("key")).toBe("value");
    now += TTL;
    expect(await store.get("key")).toBeUndefined();
  });

  test("set(key, value, expires) with an already-elapsed deadline does not persist", async () => {
    await store.set("key", "before");
    expect(await store.set("key", "value", now - TTL)).toBe(true);
    expect(await store.get("key")).toBeUndefined();
  });

  test("has(key) returns false for expired key", async () => {
    await store.set("key", "value", now + TTL);
    now += TTL;
    expect(await store.has("key")).toBe(false);
    expect(await store.hasMany(["key"])).toEqual([false]);
  });

  test("setMany with per-entry expires expires individual entries", async () => {
    await store.setMany([
      { key: "one", value: "1", expires: now + TTL },
      { key: "two", value: "2" },
    ]);
    expect(await store.getMany(["one", "two"])).toEqual(["1", "2"]);
    now += TTL;
    expect(await store.getMany(["one", "two"])).toEqual([undefined, "2"]);
  });
});

describe("batch", () => {
  test("setMany stores multiple keys", async () => {
    const entries = ["1", "2", "3"].map((key) => ({ key, value: `value ${key}` }));
    expect(await store.setMany(entries)).toEqual([true, true, true]);
    for (const { key, value } of entries) expect(await store.get(key)).toBe(value);
  });

  test("setMany with empty array does not error", async () => {
    expect(await store.setMany([])).toEqual([]);
  });

  test("getMany returns correct values", async () => {
    await store.set("one", "1");
    await store.set("two", "2");
    expect(await store.getMany(["one", "two"])).toEqual(["1", "2"]);
  });

  test("getMany returns undefined for nonexistent keys", async () => {
    expect(await store.getMany(["one", "two"])).toEqual([undefined, undefined]);
  });

  test("getMany with empty array returns empty array", async () => {
    expect(await store.getMany([])).toEqual([]);
  });

  test("hasMany returns array of booleans", async () => {
    await store.set("one", "1");
    await store.set("two", "2");
    expect(await store.hasMany(["one", "two", "three"])).toEqual([true, true, false]);
  });

  test("hasMany with empty array returns empty array", async () => {
    expect(await store.hasMany([])).toEqual([]);
  });

  test("deleteMany removes keys and returns true", async () => {
    await store.set("one", "1");
    await store.set("two", "2");
    expect(await store.deleteMany(["one", "two"])).toEqual([true, true]);
    expect(await store.getMany(["one", "two"])).toEqual([undefined, undefined]);
  });

  test("deleteMany with nonexistent keys returns array of false", async () => {
    await store.set("one", "1");
    expect(await store.deleteMany(["two", "one", "three"])).toEqual([false, true, false]);
  });

  test("deleteMany with empty array returns empty array", async () => {
    expect(await store.deleteMany([])).toEqual([]);
  });
});

describe("iterator", () => {
  test("iterator() returns an asyncIterator", async () => {
    const iterator = store.iterator();
    expect(typeof iterator[Symbol.asyncIterator]).toBe("function");
    await iterator.return();
  });

  test("iterator() iterates over all stored pairs", async () => {
    store.namespace = "space";
    const entries = new Map([
      ["one", "1"],
      ["two", "2"],
      ["three", "3"],
    ]);
    for (const [key, value] of entries) await store.set(key, value);
    expect(new Map(await collected(store.iterator("space")))).toEqual(entries);
    expect(new Map(await collected(store.iterator()))).toEqual(entries);
  });

  test("iterator() with namespace only yields namespaced keys", async () => {
    await store.set("without", "0");
    store.namespace = "space";
    await store.set("one", "1");
    await store.set("two", "2");
    expect((await collected(store.iterator("space"))).map(([key]) => key).sort()).toEqual(["one", "two"]);
  });

  test("iterator() on empty store yields nothing", async () => {
    store.namespace = "space";
    expect(await collected(store.iterator("space"))).toEqual([]);
  });
});

describe("the rest", () => {
  test("namespace getter and setter", () => {
    expect(store.namespace).toBeUndefined();
    store.namespace = "test-ns";
    expect(store.namespace).toBe("test-ns");
    store.namespace = undefined;
    expect(store.namespace).toBeUndefined();
  });

  test("disconnect() resolves without error", async () => {
    await store.set("key", "value");
    await expect(store.disconnect()).resolves.toBeUndefined();
    await expect(store.disconnect()).resolves.toBeUndefined();
  });

  test("capabilities.expires is true, and every method is one that Keyv takes for asynchronous", async () => {
    const { detectKeyvStorage } = await import("keyv-6");
    expect(store.capabilities.expires).toBe(true);
    const { methods, ...rest } = detectKeyvStorage(store);
    expect(rest).toEqual({ compatible: true, store: "keyvStorage" });
    expect(store.capabilities.methods).toEqual({
      ...methods,
      iterator: { exists: methods.iterator.exists, methodType: "async" },
    });
  });
});
