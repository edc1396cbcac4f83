import { open } from "@hashlog/engine";
import { memoryFileSystem, systemClock } from "@hashlog/fs-io";
import byDefault, { hashlogDriver, type HashlogDriver, type HashlogDriverOptions } from "@hashlog/unstorage";
import { createStorage, type Storage } from "unstorage";
import { describe, expect, test } from "vitest";
import { rejection } from "../../../test/support/rejection.ts";
import { newLocation } from "../../../test/support/temporary.ts";

function made(options: Partial<HashlogDriverOptions> = {}): { driver: HashlogDriver; storage: Storage } {
  const driver = hashlogDriver({ directory: "/items", fileSystem: memoryFileSystem(), ...options });
  return { driver, storage: createStorage({ driver }) };
}

describe("the driver", () => {
  test("is the default export too, says what it is, and gives its options", () => {
    const options = { directory: "./items" };
    const driver = byDefault(options);
    expect(byDefault).toBe(hashlogDriver);
    expect(driver).toMatchObject({ name: "hashlog", flags: { maxDepth: true, ttl: true } });
    expect(driver.options).toBe(options);
  });

  test.each([[{}], [{ directory: "" }], [{ directory: 7 }]])("refuses %j, which names no directory", (options) => {
    expect(() => hashlogDriver(options as HashlogDriverOptions)).toThrow(
      "[unstorage] [hashlog] Missing required option `directory`.",
    );
  });

  test("keeps what was set for the next time", async () => {
    const directory = newLocation();
    for (const value of [null, 1, 2]) {
      const storage = createStorage({ driver: hashlogDriver({ directory }) });
      expect(await storage.getItem("count")).toBe(value);
      await storage.setItem("count", (value ?? 0) + 1);
      await storage.dispose();
    }
  });

  test("keeps an item beside those that begin like a folder of its name", async () => {
    const { driver, storage } = made();
    await storage.setItem("foo", "item");
    await storage.setItem("foo:bar", "below");
    await storage.setItem("foobar", "beside");
    expect((await storage.getKeys("foo")).sort()).toEqual(["foo:bar"]);
    await driver.clear("foo:", {});
    expect((await storage.getKeys()).sort()).toEqual(["foo", "foobar"]);
    await storage.dispose();
  });

  test("can be mounted beside others, under a base", async () => {
    const { driver, storage } = made();
    const root = createStorage();
    root.mount("data", driver);
    await root.setItems([
      { key: "data:a", value: "1" },
      { key: "else:b", value: "2" },
    ]);
    expect(await storage.getKeys()).toEqual(["a"]);
    expect(await root.getItems(["data:a", "else:b"])).toMatchObject([{ value: 1 }, { value: 2 }]);
    expect((await root.getKeys()).sort()).toEqual(["data:a", "else:b"]);
    await root.dispose();
  });

  test("tells whoever watches the storage", async () => {
    const { storage } = made();
    const events: unknown[] = [];
    const unwatch = await storage.watch((...event) => events.push(event));
    await storage.setItem("key", "value");
    await storage.removeItem("key");
    expect(events).toEqual([
      ["update", "key"],
      ["remove", "key"],
    ]);
    await unwatch();
    await storage.dispose();
  });

  test("keeps meta data that is set", async () => {
    const { storage } = made();
    await storage.setItem("key", "value");
    await storage.setMeta("key", { owner: "ada" });
    expect(await storage.getMeta("key")).toEqual({ owner: "ada" });
    expect(await storage.getKeys()).toEqual(["key"]);
    await storage.dispose();
  });

  test("gives the store beneath", async () => {
    const { driver, storage } = made();
    await storage.setItem("key", "value");
    const store = await driver.getInstance();
    expect(store.stats().keys).toBe(1);
    expect(store.directory).toBe("/items");
    await storage.dispose();
  });
});

describe("durability", () => {
  test.each([
    [{}, false],
    [{ sync: "always" as const }, true],
  ])("with %j: waits for a sync is %s", async (options, isDurable) => {
    const { driver, storage } = made(options);
    await storage.setItem("key", "value");
    const { sequence, floor } = (await driver.getInstance()).stats();
    expect(floor === sequence).toBe(isDurable);
    await storage.dispose();
  });
});

describe("raw values", () => {
  const bytes = new Uint8Array([0, 1, 254, 255]);
  const values: readonly [string, unknown, string][] = [
    ["a Uint8Array", bytes, "0001feff"],
    ["a part of one", bytes.subarray(1, 3), "01fe"],
    ["a Buffer", Buffer.from(bytes), "0001feff"],
    ["an ArrayBuffer", bytes.buffer, "0001feff"],
    ["another view", new DataView(bytes.buffer, 2), "feff"],
    ["a string", "é", "c3a9"],
  ];

  test.each(values)("may be %s, and come back as a Buffer", async (_what, value, hex) => {
    const { storage } = made();
    await storage.setItemRaw("key", value);
    const found: unknown = await storage.getItemRaw("key");
    expect(found).toBeInstanceOf(Buffer);
    expect((found as Buffer).toString("hex")).toBe(hex);
    await storage.dispose();
  });

  test("of any other kind are refused, and what is not there is null", async () => {
    const { storage } = made();
    expect(await rejection(storage.setItemRaw("key", { deep: [1] }))).toBeInstanceOf(TypeError);
    expect(await storage.getItemRaw("key")).toBeNull();
    await storage.dispose();
  });

  test("are shown as text as far as they are text", async () => {
    const { driver, storage } = made();
    await storage.setItemRaw("key", new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]));
    expect(await driver.getItem("key")).toBe("\ufeffa\ufffd");
    await storage.dispose();
  });
});

describe("an item with a ttl", () => {
  test("is gone after so many seconds, be it its own or the driver's", async () => {
    let now = Date.now();
    const clock = { ...systemClock, now: () => now };
    const { storage } = made({ clock, ttl: 20 });
    await storage.setItem("a", "1", { ttl: 10 });
    await storage.setItemRaw("b", "2");
    await storage.setItem("never", "3", { ttl: 0 });
    await storage.setItems(
      [
        { key: "c", value: "4", options: { ttl: 30 } },
        { key: "d", value: "5" },
      ],
      { ttl: 40 },
    );
    const left = [["a", "b", "c", "d"], ["b", "c", "d"], ["c", "d"], ["d"], []];
    for (const keys of left) {
      expect((await storage.getKeys()).sort()).toEqual([...keys, "never"]);
      for (const key of ["a", "b", "c", "d"]) expect(await storage.hasItem(key)).toBe(keys.includes(key));
      now += 10_000;
    }
    await storage.dispose();
  });

  test("that is none is refused", async () => {
    const { storage } = made();
    for (const ttl of [-1, "soon", Number.NaN]) {
      expect(await rejection(storage.setItem("key", "value", { ttl }))).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
      });
    }
    expect(await storage.getKeys()).toEqual([]);
    await storage.dispose();
  });
});

describe("errors", () => {
  test("are the engine's, and an opening that failed is tried again", async () => {
    const directory = newLocation();
    const owner = await open(directory);
    const storage = createStorage({ driver: hashlogDriver({ directory }) });
    expect(await rejection(storage.getItem("key"))).toMatchObject({ code: "HASHLOG_LOCKED" });
    await owner.close();
    expect(await storage.getItem("key")).toBeNull();
    await storage.dispose();
    const closed = { code: "HASHLOG_CLOSED", message: "the driver is disposed of" };
    expect(await rejection(storage.getItem("key"))).toMatchObject(closed);
  });

  test("of an opening are told by an unknown option's name; disposing of it is fine", async () => {
    const { storage } = made({ sharpness: 11 } as object);
    const get = rejection(storage.getItem("key"));
    await storage.dispose();
    expect((await get).message).toContain("sharpness");
  });

  test("are none for one that was never used", async () => {
    const { storage } = made();
    await expect(storage.dispose()).resolves.toBeUndefined();
  });
});
