import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { open } from "@hashlog/engine";
import { memoryFileSystem, systemClock } from "@hashlog/fs-io";
import { KeyvHashlog } from "@hashlog/keyv";
import { KeyvHashlog as KeyvHashlog5 } from "@hashlog/keyv/v5";
import { createCache } from "cache-manager";
import { Keyv as Keyv5 } from "keyv";
import { Keyv as Keyv6 } from "keyv-6";
import { describe, expect, onTestFinished, test } from "vitest";
import { rejection } from "../../../test/support/rejection.ts";
import { newLocation } from "../../../test/support/temporary.ts";

type Entries = readonly (readonly [string, unknown])[];

async function collected(entries: AsyncIterable<readonly [string, unknown]> | undefined): Promise<Entries> {
  const found: (readonly [string, unknown])[] = [];
  for await (const entry of entries ?? []) found.push(entry);
  return found;
}

/** A clock that stands still until it is moved. */
function still(): { clock: typeof systemClock; move: (ms: number) => void } {
  let now = Date.now();
  return { clock: { ...systemClock, now: () => now }, move: (ms) => (now += ms) };
}

describe("with Keyv 6", () => {
  test("what was set is there after a restart, expires, and is iterated over", async () => {
    const location = newLocation();
    const first = new Keyv6({ store: new KeyvHashlog(location), namespace: "space", throwOnErrors: true });
    await first.set("for ever", { deep: [1] });
    await first.set("a while", "value", 3_600_000);
    await first.disconnect();

    const { clock, move } = still();
    const keyv = new Keyv6({ store: new KeyvHashlog(location, { clock }), namespace: "space", throwOnErrors: true });
    expect(await keyv.getMany(["for ever", "a while", "never"])).toEqual([{ deep: [1] }, "value", undefined]);
    expect(await collected(keyv.iterator() as AsyncGenerator<[string, unknown]>)).toEqual([
      ["a while", "value"],
      ["for ever", { deep: [1] }],
    ]);
    move(3_600_000);
    expect(await keyv.get("a while")).toBeUndefined();
    expect(await keyv.has("a while")).toBe(false);
    await keyv.disconnect();
  });

  test("a failure is an error event of Keyv's, with the engine's code", async () => {
    const location = newLocation();
    const owner = await open(location);
    const keyv = new Keyv6({ store: new KeyvHashlog(location) });
    const errors: unknown[] = [];
    keyv.on("error", (error) => errors.push(error));
    expect(await keyv.set("key", "value")).toBe(false);
    expect(errors).toMatchObject([{ code: "HASHLOG_LOCKED" }]);
    await owner.close();
    // Opening is tried again.
    expect(await keyv.set("key", "value")).toBe(true);
    await keyv.disconnect();
  });

  test("without serialization values are what has a JSON form", async () => {
    const keyv = new Keyv6({ store: new KeyvHashlog(newLocation()), serialization: false, throwOnErrors: true });
    await keyv.set("key", { deep: [1] });
    expect(await keyv.get("key")).toEqual({ deep: [1] });
    await keyv.disconnect();
  });
});

describe("with Keyv 5", () => {
  test("the store for Keyv 6 warns once that it is the wrong one, as Keyv keeps its errors to itself", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const keyv = new Keyv5({ store: new KeyvHashlog("/cache", { fileSystem: memoryFileSystem() }) });
    expect([await keyv.set("a", 1, 60_000), await keyv.set("b", 1, 60_000)]).toEqual([false, false]);
    await nextTurn();
    expect(warnings.map(({ name }) => name)).toEqual(["HashlogWarning"]);
    expect(warnings[0]?.message).toContain('Keyv 5 needs the store of "@hashlog/keyv/v5"');
  });

  test("what was set is there after a restart, expires, and is iterated over", async () => {
    const location = newLocation();
    const first = new Keyv5({ store: new KeyvHashlog5(location), namespace: "space", throwOnErrors: true });
    await first.set("for ever", { deep: [1] });
    await first.set("a while", "value", 3_600_000);
    await first.disconnect();

    const { clock, move } = still();
    const keyv = new Keyv5({ store: new KeyvHashlog5(location, { clock }), namespace: "space", throwOnErrors: true });
    expect(await keyv.get(["for ever", "a while", "never"])).toEqual([{ deep: [1] }, "value", undefined]);
    expect(await collected(keyv.iterator?.(undefined))).toEqual([
      ["a while", "value"],
      ["for ever", { deep: [1] }],
    ]);
    move(3_600_000);
    expect(await keyv.get("a while")).toBeUndefined();
    await keyv.disconnect();
  });

  test("and after it with Keyv 6, the same entries are there", async () => {
    const location = newLocation();
    const old = new Keyv5({ store: new KeyvHashlog5(location), namespace: "space" });
    await old.set("key", { deep: [1] });
    await old.set("a while", "value", 3_600_000);
    await old.disconnect();
    const keyv = new Keyv6({ store: new KeyvHashlog(location), namespace: "space" });
    expect(await keyv.getMany(["key", "a while"])).toEqual([{ deep: [1] }, "value"]);
    await keyv.disconnect();
  });

  test("a duration of 0 or without end is none, and one that is over already has passed", async () => {
    const store = new KeyvHashlog5("/cache", { fileSystem: memoryFileSystem() });
    await store.set("zero", "value", 0);
    await store.set("endless", "value", Infinity);
    await store.setMany([
      { key: "over", value: "value", ttl: -1 },
      { key: "short", value: "value", ttl: 60_000 },
    ]);
    expect(await store.hasMany(["zero", "endless", "over", "short"])).toEqual([true, true, false, true]);
    expect(await store.deleteMany(["over", "nothing"])).toBe(false);
    expect(await store.deleteMany(["over", "zero"])).toBe(true);
    await store.disconnect();
  });
});

test("what is no duration is none, with Keyv 5 as with a Map", async () => {
  const store = new KeyvHashlog5("/cache", { fileSystem: memoryFileSystem() });
  for (const ttl of [NaN, false, null, "1000", "", {}] as unknown as (number | undefined)[]) {
    const [beneath, map] = [new Keyv5({ store }), new Keyv5()];
    for (const keyv of [beneath, map]) {
      await keyv.set("key", "value", ttl);
      await keyv.setMany([{ key: "one of many", value: "value", ttl: ttl! }]);
      expect(await keyv.getMany(["key", "one of many"]), String(ttl)).toEqual(["value", "value"]);
      await keyv.clear();
    }
  }
  await store.disconnect();
});

describe("with cache-manager", () => {
  test("a value is made once, also across a restart, and made again when it has expired", async () => {
    const location = newLocation();
    const { clock, move } = still();
    let made = 0;
    const make = async (): Promise<number> => (made += 1);
    for (let life = 0; life < 2; life += 1) {
      const cache = createCache({ stores: [new Keyv5({ store: new KeyvHashlog5(location, { clock }) })] });
      expect(await cache.wrap("answer", make, 60_000)).toBe(1);
      expect(await cache.wrap("answer", make, 60_000)).toBe(1);
      await cache.mset([{ key: "other", value: [1, 2] }]);
      expect(await cache.mget(["other", "none"])).toEqual([[1, 2], undefined]);
      await cache.disconnect();
    }
    move(60_001);
    const cache = createCache({ stores: [new Keyv5({ store: new KeyvHashlog5(location, { clock }) })] });
    expect(await cache.wrap("answer", make, 60_000)).toBe(2);
    await cache.clear();
    expect(await cache.get("other")).toBeUndefined();
    await cache.disconnect();
  });
});

describe("the store itself", () => {
  test("keeps text, bytes, and what has a JSON form, as what they are", async () => {
    const store = new KeyvHashlog("/cache", { fileSystem: memoryFileSystem() });
    const values = ["", "text", Buffer.from([0, 255]), new Uint8Array([1]), null, 0, false, { a: [1] }, "{}"];
    for (const [at, value] of values.entries()) await store.set(`${at}`, value);
    const found = await store.getMany(values.map((_, at) => `${at}`));
    expect(found).toEqual(values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)));
    await store.disconnect();
  });

  test("refuses a value that another program has put there", async () => {
    const fileSystem = memoryFileSystem();
    const other = await open("/cache", { fileSystem });
    await other.put("key", "value");
    await other.close();
    const store = new KeyvHashlog("/cache", { fileSystem });
    expect(await rejection(store.get("key"))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
    await store.disconnect();
  });

  test("refuses durations that are meant for Keyv 5, and takes what lies beyond all time for never", async () => {
    const store = new KeyvHashlog("/cache", { fileSystem: memoryFileSystem() });
    expect(await rejection(store.set("key", "value", 60_000))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    const many = store.setMany([{ key: "key", value: "value", expires: 60_000 }]);
    expect((await rejection(many)).message).toContain("@hashlog/keyv/v5");
    expect(await store.has("key")).toBe(false);
    await store.set("key", "value", Infinity);
    await store.set("rounded", "value", Date.now() + 60_000.5);
    expect(await store.hasMany(["key", "rounded"])).toEqual([true, true]);
    expect((await (await store.store()).getEntry("key"))?.expiresAtMs).toBeUndefined();
    await store.disconnect();
  });

  test("shares what is beneath with others, each of which has a namespace of its own", async () => {
    const one = new KeyvHashlog("/cache", { fileSystem: memoryFileSystem() });
    const two = new KeyvHashlog(one);
    one.namespace = "one";
    two.namespace = "two";
    await one.set("key", "1");
    await two.set("key", "2");
    expect([await one.get("key"), await two.get("key")]).toEqual(["1", "2"]);
    await two.clear();
    await two.disconnect();
    expect([await one.get("key"), await two.get("key")]).toEqual(["1", undefined]);
    expect(await one.store()).toBe(await two.store());
    await one.disconnect();
    expect(await rejection(two.get("key"))).toMatchObject({ code: "HASHLOG_CLOSED" });
  });

  test("goes on in the namespace of the call, whatever comes after it", async () => {
    const store = new KeyvHashlog("/cache", { fileSystem: memoryFileSystem() });
    store.namespace = "one";
    const first = store.set("key", "1");
    store.namespace = "two";
    await Promise.all([first, store.set("key", "2")]);
    store.namespace = undefined;
    expect(await collected(store.iterator())).toEqual(
      expect.arrayContaining([
        ["one:key", "1"],
        ["two:key", "2"],
      ]),
    );
    await store.clear();
    expect(await collected(store.iterator())).toEqual([]);
    await store.disconnect();
  });

  test("waits for no sync by default, and for one if it is told to", async () => {
    for (const [options, isDurable] of [
      [{}, false],
      [{ sync: "always" }, true],
    ] as const) {
      const store = new KeyvHashlog("/cache", { fileSystem: memoryFileSystem(), ...options });
      await store.set("key", "value");
      const { sequence, floor } = (await store.store()).stats();
      expect(floor === sequence).toBe(isDurable);
      await store.disconnect();
    }
  });

  test("that was never used holds nothing, and is of no use any more once it is disconnected", async () => {
    const location = newLocation();
    const store = new KeyvHashlog(location);
    const owner = await open(location);
    await store.disconnect();
    await owner.close();
    const closed = { code: "HASHLOG_CLOSED", message: "the store is disconnected" };
    expect(await rejection(store.get("key"))).toMatchObject(closed);
  });

  test("that could not be opened can be disconnected all the same", async () => {
    const store = new KeyvHashlog(newLocation(), { sharpness: 11 } as object);
    const get = rejection(store.get("key"));
    await store.disconnect();
    expect(await get).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  });
});
