/**
 * What unstorage asks of each of its drivers. Its suite is not published; this follows its list of cases, of
 * `test/drivers/utils.ts` in https://github.com/unjs/unstorage (MIT licensed, Pooya Parsa and others), one by one, under the same
 * names.
 */
import { hashlogDriver } from "@hashlog/unstorage";
import { createStorage, restoreSnapshot, type Storage } from "unstorage";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newLocation } from "../../../test/support/temporary.ts";

let storage: Storage;

async function sortedKeys(base?: string, options?: { maxDepth: number }): Promise<string[]> {
  return (await storage.getKeys(base, options)).sort();
}

describe("the driver suite of unstorage", () => {
  beforeAll(() => {
    storage = createStorage({ driver: hashlogDriver({ directory: newLocation() }) });
  });

  afterEach(() => storage.clear());

  afterAll(() => storage.dispose());

  test("init", async () => {
    await restoreSnapshot(storage, { initial: "works" });
    expect(await storage.getItem("initial")).toBe("works");
  });

  test("initial state", async () => {
    expect(await storage.hasItem("s1:a")).toBe(false);
    expect(await storage.getItem("s2:a")).toBeNull();
    expect(await storage.getKeys()).toEqual([]);
  });

  test("setItem", async () => {
    await storage.setItem("s1:a", "data");
    await storage.setItem("s3:a?q=1", "more data");
    expect(await storage.hasItem("s1:a")).toBe(true);
    expect(await storage.getItem("s1:a")).toBe("data");
    expect(await storage.getItem("s3:a?q=2")).toBe("more data");
  });

  test("getKeys", async () => {
    for (const key of ["s1:a", "s2:a", "s3:a?q=1"]) await storage.setItem(key, "data");
    expect(await sortedKeys()).toEqual(["s1:a", "s2:a", "s3:a"]);
    expect(await sortedKeys("s1")).toEqual(["s1:a"]);
  });

  test("getKeys with depth", async () => {
    const byDepth = [["top"], ["one:a", "one:b"], ["one:two:a", "one:two:b"]];
    for (const key of byDepth.flat()) await storage.setItem(key, "data");
    for (const maxDepth of [0, 1, 2]) {
      expect(await sortedKeys(undefined, { maxDepth })).toEqual(
        byDepth
          .slice(0, maxDepth + 1)
          .flat()
          .sort(),
      );
    }
  });

  test("serialize (object)", async () => {
    await storage.setItem("/data/test.json", { json: "works" });
    expect(await storage.getItem("/data/test.json")).toEqual({ json: "works" });
  });

  test("serialize (primitive)", async () => {
    await storage.setItem("/data/true.json", true);
    expect(await storage.getItem("/data/true.json")).toBe(true);
  });

  test("serialize (lossy object with toJSON())", async () => {
    class Text {
      toJSON(): string {
        return "SERIALIZED";
      }
    }
    class Structure {
      toJSON(): object {
        return { serializedObj: "works" };
      }
    }
    await storage.setItem("/data/text.json", new Text());
    await storage.setItem("/data/structure.json", new Structure());
    expect(await storage.getItem("/data/text.json")).toBe("SERIALIZED");
    expect(await storage.getItem("/data/structure.json")).toEqual({ serializedObj: "works" });
  });

  test("serialize (error for non primitives)", async () => {
    await expect(storage.setItem("/data/bad.json", new Map())).rejects.toThrow("[unstorage] Cannot stringify value!");
  });

  test("raw support", async () => {
    const value = new Uint8Array([1, 2, 3]);
    await storage.setItemRaw("/data/raw.bin", value);
    const found = await storage.getItemRaw<Buffer>("/data/raw.bin");
    expect(found).toHaveLength(3);
    expect([...found!]).toEqual([...value]);
  });

  test("setItems", async () => {
    await storage.setItems(["1", "2", "3"].map((name) => ({ key: `t:${name}`, value: `data ${name}` })));
    for (const name of ["1", "2", "3"]) expect(await storage.getItem(`t:${name}`)).toBe(`data ${name}`);
  });

  test("getItems", async () => {
    await storage.setItem("v3:a?q=1", "data 3");
    await storage.setItem("v2:a", "data 2");
    await storage.setItem("v1:a", "data 1");
    expect(await storage.getItems([{ key: "v1:a" }, "v2:a", { key: "v3:a?q=1" }, "v4:none"])).toEqual([
      { key: "v1:a", value: "data 1" },
      { key: "v2:a", value: "data 2" },
      { key: "v3:a", value: "data 3" },
      { key: "v4:none", value: null },
    ]);
  });

  test("getItem - return falsy values when set in storage", async () => {
    await storage.setItem("zero", 0);
    await storage.setItem("flag", false);
    expect(await storage.getItem("zero")).toBe(0);
    expect(await storage.getItem("flag")).toBe(false);
  });

  test("removeItem", async () => {
    await storage.setItem("s1:a", "data");
    await storage.removeItem("s1:a", false);
    expect(await storage.hasItem("s1:a")).toBe(false);
    expect(await storage.getItem("s1:a")).toBeNull();
  });

  test("clear", async () => {
    await storage.setItem("s1:a", "data");
    for (let turn = 0; turn < 2; turn += 1) {
      await storage.clear();
      expect(await storage.getKeys()).toEqual([]);
    }
  });
});
