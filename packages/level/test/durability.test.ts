import { memoryFileSystem } from "@hashlog/fs-io";
import { HashlogLevel } from "@hashlog/level";
import { describe, expect, test } from "vitest";
import { memoryWith } from "./support/memory-with.ts";
import { newLocation } from "../../../test/support/temporary.ts";

/** A database in memory that counts the syncs of its log. */
function counted(store: object = {}): { db: HashlogLevel; syncs: () => number } {
  let count = 0;
  const fileSystem = memoryWith((target) => ({
    async create(path) {
      const file = await target.create(path);
      const sync = file.sync.bind(file);
      file.sync = () => {
        count += 1;
        return sync();
      };
      return file;
    },
  }));
  return { db: new HashlogLevel("/db", { store: { fileSystem, ...store } }), syncs: () => count };
}

describe("a write", () => {
  const writes: readonly [string, (db: HashlogLevel, options: { sync?: boolean }) => Promise<void>][] = [
    ["put", (db, options) => db.put("key", "value", options)],
    ["del", (db, options) => db.del("key", options)],
    ["batch", (db, options) => db.batch([{ type: "put", key: "key", value: "value" }], options)],
    ["a chained batch", (db, options) => db.batch().put("key", "value").write(options)],
    ["clear", (db, options) => db.clear(options)],
    ["clear of a range", (db, options) => db.clear({ gte: "a", ...options })],
    ["clear as of a snapshot", (db, options) => db.clear({ snapshot: db.snapshot(), ...options })],
    ["put in a sublevel", (db, options) => db.sublevel("sub").put("key", "value", options as object)],
  ];

  test.each(writes)("waits for the disk if it is told to, and only then: %s", async (_name, write) => {
    const { db, syncs } = counted();
    await db.put("key", "other");
    const before = syncs();
    await write(db, {});
    await db.put("key", "other");
    await write(db, { sync: false });
    await db.put("key", "other");
    expect(syncs()).toBe(before);
    await write(db, { sync: true });
    expect(syncs()).toBeGreaterThan(before);
    await db.close();
  });

  test("waits for the disk always where the store is told to", async () => {
    const { db, syncs } = counted({ sync: "always" });
    await db.put("key", "one");
    const before = syncs();
    await db.put("key", "two");
    expect(syncs()).toBeGreaterThan(before);
    await db.close();
  });

  test("is there after the next opening", async () => {
    const location = newLocation();
    const db = new HashlogLevel<string, object>(location, { valueEncoding: "json" });
    await db.put("key", { deep: [1] });
    await db.close();
    const again = new HashlogLevel<string, object>(location, { valueEncoding: "json" });
    expect(await again.get("key")).toEqual({ deep: [1] });
    await again.close();
    expect(again.location).toBe(location);
  });
});

describe("an expiry", () => {
  test("hides the entry from then on, be it of a put or of a batch", async () => {
    let now = 1_000;
    const { systemClock } = await import("@hashlog/fs-io");
    const clock = { ...systemClock, now: () => now };
    const db = new HashlogLevel("/db", { store: { fileSystem: memoryFileSystem(), clock } });
    await db.put("a", "1", { ttlMs: 10 });
    await db.put("b", "2", { expiresAtMs: 1_020 });
    await db.batch([
      { type: "put", key: "c", value: "3", ttlMs: 30 },
      { type: "put", key: "d", value: "4" },
    ]);
    await db.batch([{ type: "put", key: "e", value: "5" }], { ttlMs: 40 });
    const left = [["a", "b", "c", "d", "e"], ["b", "c", "d", "e"], ["c", "d", "e"], ["d", "e"], ["d"]];
    for (const keys of left) {
      expect(await db.keys().all()).toEqual(keys);
      expect(await db.hasMany(["a", "b", "c", "d", "e"])).toEqual(
        ["a", "b", "c", "d", "e"].map((key) => keys.includes(key)),
      );
      now += 10;
    }
    await db.close();
  });
});
