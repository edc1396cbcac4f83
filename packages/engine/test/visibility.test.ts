import { bytes as bytesKeys } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { entriesOf, filler, isSame, isSettled, text, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a put becomes visible when its promise resolves, and not before", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "old");
    const sync = world.watched.hold("sync", SEGMENT);
    const put = db.put("key", "new");
    await sync.reached;
    expect(await isSettled(put)).toBe(false);
    expect(text(db.getSync("key"))).toBe("old");
    expect(text(await db.get("key"))).toBe("old");
    expect((await db.getMany(["key"])).map(text)).toEqual(["old"]);
    expect(await entriesOf(db)).toEqual([["key", "old"]]);
    sync.release();
    await put;
    expect(text(db.getSync("key"))).toBe("new");
  });

  test("a first put is absent, and a delete's key still there, until they are acknowledged", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("gone", "1");
    const sync = world.watched.hold("sync", SEGMENT);
    const put = db.put("new", "1");
    const deleted = db.delete("gone");
    await sync.reached;
    expect([db.has("new"), db.has("gone")]).toEqual([false, true]);
    expect(db.getSync("new")).toBe(undefined);
    sync.release();
    await Promise.all([put, deleted]);
    expect([db.has("new"), db.has("gone")]).toEqual([true, false]);
  });

  test("a write that needs no sync is neither acknowledged nor visible before one that precedes it and does", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await db.put("key", "first");
    const sync = world.watched.hold("sync", SEGMENT);
    const order: string[] = [];
    const synced = db.put("key", "synced", { sync: true }).then(() => order.push("synced"));
    await sync.reached;
    const plain = db.put("key", "plain").then(() => order.push("plain"));
    expect(await isSettled(plain)).toBe(false);
    expect(text(db.getSync("key"))).toBe("first");
    sync.release();
    await Promise.all([plain, synced]);
    expect(order).toEqual(["synced", "plain"]);
    expect(text(db.getSync("key"))).toBe("plain");
  });

  test("a write that needs no sync does not wait for one that is under way for others", async () => {
    const world = await newWorld();
    const db = await world.open({ sync: "never" });
    await db.put("key", "1");
    const sync = world.watched.hold("sync", SEGMENT);
    const asked = db.sync();
    await sync.reached;
    await db.put("key", "2");
    expect(text(db.getSync("key"))).toBe("2");
    expect(await isSettled(asked)).toBe(false);
    sync.release();
    await asked;
  });

  test("writes of one key take effect in the order of the calls, also unawaited and in different kinds", async () => {
    const world = await newWorld();
    const db = await world.open();
    await Promise.all([
      db.put("key", "1"),
      db.delete("key"),
      db.batch([{ type: "put", key: "key", value: "2" }]),
      db.put("key", "3", { sync: true }),
    ]);
    expect(text(await db.get("key"))).toBe("3");
  });

  test("acknowledgements come in the order of the calls, across segments", async () => {
    const world = await newWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    const order: number[] = [];
    const writes = Array.from({ length: 40 }, async (_, index) => {
      // Some at once, some later: in several groups.
      for (let turn = 0; turn < index % 7; turn += 1) await Promise.resolve();
      await db.put(`key ${index % 5}`, filler(150, index));
      order.push(index);
    });
    const issued = Array.from({ length: 40 }, (_, index) => index).sort((a, b) => (a % 7) - (b % 7) || a - b);
    await Promise.all(writes);
    expect(order).toEqual(issued);
  });

  test("a put has copied its key and value when it returns", async () => {
    const world = await newWorld();
    const db = await world.open<Uint8Array, Uint8Array>({ keys: bytesKeys });
    const key = utf8Bytes("key");
    const value = utf8Bytes("value");
    const put = db.put(key, value);
    key.fill(0);
    value.fill(0);
    await put;
    expect(text(await db.get(utf8Bytes("key")))).toBe("value");
    expect(db.has(new Uint8Array(3))).toBe(false);
  });

  test("a batch and a delete have copied their keys and values when they return", async () => {
    const world = await newWorld();
    const db = await world.open<Uint8Array, Uint8Array>({ keys: bytesKeys });
    await db.put(utf8Bytes("gone"), "1");
    const [key, value, gone] = [utf8Bytes("key"), utf8Bytes("value"), utf8Bytes("gone")];
    const batch = db.batch([{ type: "put", key, value }]);
    const deleted = db.delete(gone);
    for (const bytes of [key, value, gone]) bytes.fill(0);
    await batch;
    expect(await deleted).toBe(true);
    expect(text(await db.get(utf8Bytes("key")))).toBe("value");
  });

  test("a read has copied its key when it returns", async () => {
    const world = await newWorld();
    const db = await world.open<Uint8Array, Uint8Array>({ keys: bytesKeys });
    await db.put(utf8Bytes("key"), "value");
    const [key, same] = [utf8Bytes("key"), utf8Bytes("key")];
    const reads = [db.get(key), db.getMany([same, same])];
    key.fill(0);
    same.fill(0);
    const [one, many] = await Promise.all(reads);
    expect(text(one as Uint8Array)).toBe("value");
    expect((many as Uint8Array[]).map(text)).toEqual(["value", "value"]);
  });

  test("values are the caller's own: what is done to one is seen by nobody else", async () => {
    const world = await newWorld();
    const db = await world.open();
    for (const size of [1, 100, 70_000]) {
      await db.put("key", filler(size));
      await db.put("other", filler(size, 1));
      const reads = [await db.get("key"), db.getSync("key"), ...(await db.getMany(["key", "key"]))];
      // Read in between, and one after the other, by every road.
      for (const other of [db.getSync("other"), await db.get("other"), db.getSync("other")]) {
        expect(isSame(other, filler(size, 1))).toBe(true);
      }
      await db.delete("other");
      for await (const value of db.values()) reads.push(value);
      for (const value of reads) {
        expect(isSame(value, filler(size))).toBe(true);
        value!.fill(0xee);
      }
      expect(isSame(db.getSync("key"), filler(size))).toBe(true);
    }
  });
});
