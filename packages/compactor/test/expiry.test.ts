import { describe, expect, test } from "vitest";
import { crashedAt, failOnce, mergeSegments, storeOf, watchCrashes, writeFrames } from "./support.ts";

// The model's clock begins at 1000.

describe("an expired record", () => {
  test("stays while a segment outside of the merge reaches below it, or the older version would be back", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    watchCrashes(store);
    const report = await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["a=old@1", "a=short@2"]);
    expect(report).toMatchObject({ recordsKept: 1, expiredDropped: 0 });
    expect(store.crashed("all").get("a")).toBeUndefined();
  });

  test("goes with its key's entry when everything outside is newer", async () => {
    const store = storeOf(["a=old", "a=short!1010", "b=1"]);
    store.advance(10);
    const report = await mergeSegments(store);
    expect(store.records()).toEqual(["b=1@3"]);
    expect(store.keydir.has("a")).toBe(false);
    expect(report).toMatchObject({ expiredDropped: 1, recordsDropped: 2, recordsKept: 1, superseded: 0 });
    store.check();
  });

  test("is live to the last millisecond", async () => {
    const store = storeOf(["a=short!1010"]);
    store.advance(9);
    expect(await mergeSegments(store)).toMatchObject({ expiredDropped: 0, recordsKept: 1 });
    expect(store.get("a")).toBe("short");
    store.advance(1);
    expect(await mergeSegments(store)).toMatchObject({ expiredDropped: 1, recordsKept: 0 });
  });

  test("is judged by the time when the merge began", async () => {
    const store = storeOf(["a=1!1005", "b=1!1005"]);
    store.onEvent = () => store.advance(1);
    expect(await mergeSegments(store)).toMatchObject({ expiredDropped: 0, recordsKept: 2 });
    expect(store.calls.filter((name) => name === "now")).toHaveLength(1);
  });

  test("that is overwritten between copying and moving does not take the new value with it", async () => {
    const store = storeOf(["a=short!1010"]);
    store.advance(10);
    store.onEvent = ({ name, when }) => {
      if (name === "syncLog" && when === "before") store.put("a", "new");
    };
    const report = await mergeSegments(store);
    expect(report).toMatchObject({ expiredDropped: 0, recordsDropped: 1 });
    expect(store.get("a")).toBe("new");
    store.checkCrash("all");
  });

  test("that was overwritten before the merge goes at once, whatever is outside", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"], ["a=new"]);
    store.advance(10);
    watchCrashes(store);
    expect(await mergeSegments(store, [2])).toMatchObject({ recordsDropped: 1, expiredDropped: 0 });
    expect(store.records()).toEqual(["a=new@3", "a=old@1"]);
  });

  test("with an empty key is dropped like any other", async () => {
    const store = storeOf(["=x!1001", "b=1"]);
    store.advance(1);
    expect(await mergeSegments(store)).toMatchObject({ expiredDropped: 1 });
    expect(store.keydir.has("")).toBe(false);
  });

  test("among many in many inputs takes its own key, not its neighbour's", async () => {
    const store = storeOf();
    for (let segment = 0; segment < 3; segment++) {
      for (let index = 0; index < 50; index++) {
        const expiry = index % 3 === 0 ? 1_001 : 0;
        store.put(`${segment}-${index}-${"k".repeat(index * 60)}`, "v".repeat(index), expiry);
      }
      store.rotate();
    }
    store.advance(1);
    expect(await mergeSegments(store)).toMatchObject({ expiredDropped: 51, recordsKept: 99 });
    expect(store.keydir.size).toBe(99);
    store.check();
  });
});

describe("a record with an expiry whose key is not in the keydir", () => {
  test("still shields after a merge that took the entry out, and failed before the record was gone", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    failOnce(store, "retire");
    await expect(mergeSegments(store)).rejects.toMatchObject({ code: "MERGE_IO" });
    expect(store.keydir.has("a")).toBe(false);
    expect(store.records()).toEqual(["a=old@1", "a=short@2"]);
    // The record is its key's newest, though the keydir does not say so.
    await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["a=old@1", "a=short@2"]);
    store.checkCrash("all");
  });

  test("still shields when the clock stands earlier than when the entry was taken out", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    store.sweep();
    store.advance(-10);
    await mergeSegments(store, [2]);
    expect(store.crashed("all").get("a")).not.toBe("old");
  });

  test("goes when everything outside is newer", async () => {
    const store = storeOf(["a=old", "a=short!1010"]);
    store.advance(10);
    store.sweep();
    expect(await mergeSegments(store)).toMatchObject({ recordsKept: 0, recordsDropped: 2, expiredDropped: 0 });
  });

  test("is kept without its key, and counts neither as live nor as superseded", async () => {
    const store = storeOf(["a=old"], ["a=short!9999", "-a"]);
    const report = await mergeSegments(store, [2]);
    expect(report).toMatchObject({ recordsKept: 2, tombstonesKept: 1, superseded: 0 });
    expect(store.calls.filter((name) => name === "relocate")).toHaveLength(0);
    store.checkCrash("all");
  });
});

describe("two copies of one record, after a crash between publishing and retiring", () => {
  test("are one after the next merge of both, whichever the keydir points to", async () => {
    const store = storeOf(["a=1", "b=1!5000"], ["-x"]);
    const twice = await crashedAt(store, "retire", "before", () => mergeSegments(store, [1]));
    expect(twice.records()).toEqual(["-x@3", "a=1@1", "a=1@1", "b=1@2", "b=1@2"]);
    watchCrashes(twice);
    expect(await mergeSegments(twice)).toMatchObject({ recordsKept: 2, recordsDropped: 3, superseded: 0 });
    expect(twice.records()).toEqual(["a=1@1", "b=1@2"]);
  });

  test("leave one when only the one that the keydir points to is merged", async () => {
    for (const which of [0, 1]) {
      const store = storeOf(["a=1", "b=1!5000"]);
      const twice = await crashedAt(store, "retire", "before", () => mergeSegments(store));
      watchCrashes(twice);
      await mergeSegments(twice, [twice.sealedIds()[which]!]);
      twice.check();
      await mergeSegments(twice);
      expect(twice.records()).toEqual(["a=1@1", "b=1@2"]);
    }
  });

  test("of an expired record take their key with them once, and nothing older comes back", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    const twice = await crashedAt(store, "retire", "before", () => mergeSegments(store, [2]));
    expect(twice.records()).toEqual(["a=old@1", "a=short@2", "a=short@2"]);
    watchCrashes(twice);
    writeFrames(twice, ["z=1"]);
    await mergeSegments(twice, [2]);
    await mergeSegments(twice);
    expect(twice.records()).toEqual(["z=1@3"]);
  });
});
