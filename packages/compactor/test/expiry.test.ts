import { describe, expect, test } from "vitest";
import type { ModelStore } from "./model-store.ts";
import { crashedAt, damage, failOnce, mergeSegments, storeOf, watchCrashes, writeFrames } from "./support.ts";

// The model's clock begins at 1000.

describe("an expired record", () => {
  test("becomes a tombstone while a segment outside of the merge reaches below it, or the older version would be back", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    watchCrashes(store);
    const report = await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["-a@2", "a=old@1"]);
    expect(report).toMatchObject({ recordsKept: 0, recordsBuried: 1, recordsDropped: 0, expiredDropped: 1 });
    expect(store.keydir.has("a")).toBe(false);
    for (const backMs of [0, 10]) expect(store.crashed("all", { backMs }).get("a")).toBeUndefined();
  });

  test("gives its value's space back, however many there are and whatever old segment stays", async () => {
    const store = storeOf(["z=old"]);
    for (let index = 0; index < 100; index++) store.put(`k${index}`, "v".repeat(1000), 1_010);
    store.rotate();
    store.advance(10);
    const report = await mergeSegments(store, [2]);
    expect(report).toMatchObject({ recordsBuried: 100, expiredDropped: 100, recordsKept: 0, superseded: 0 });
    expect(report.outputs[0]!.bytes).toBeLessThan(3000);
    expect(store.keydir.size).toBe(1);
    store.check();
    store.checkCrash("synced");
    // And with the last segment that held it back, the tombstone goes as well.
    await mergeSegments(store);
    expect(store.records()).toEqual(["z=old@1"]);
  });

  test("takes no more room in an output than its tombstone, which has no expiry", async () => {
    const outputs = async (outputBytesMax: number): Promise<number> => {
      const store = storeOf(["z=old"], ["a=short!1010", "b=short!1010"]);
      store.advance(10);
      const report = await mergeSegments(store, [2], { outputBytesMax });
      expect(report).toMatchObject({ recordsBuried: 2 });
      return report.outputs.length;
    };
    // The headers of the file and of its frame, and twice that of a record and a key of one byte.
    const bytes = 32 + 32 + 2 * (18 + 1);
    expect(await outputs(bytes)).toBe(1);
    expect(await outputs(bytes - 1)).toBe(2);
  });

  test("is dropped with a thousand others at once, however many there are", async () => {
    const store = storeOf();
    for (let index = 0; index < 2500; index++) store.put(`k${index}`, "v", 1_010);
    store.rotate();
    store.advance(10);
    const report = await mergeSegments(store, undefined, { sliceBytes: 2 ** 30 });
    expect(report).toMatchObject({ expiredDropped: 2500, recordsKept: 0 });
    expect(store.keydir.size).toBe(0);
    expect(store.calls.filter((name) => name === "dropExpired")).toHaveLength(3);
  });

  test("is dropped by itself where a slice holds no more, and nothing is asked for none", async () => {
    const store = storeOf(["a=1!1010", "b=1!1010", "c=1!1010"]);
    store.advance(10);
    expect(await mergeSegments(store, undefined, { sliceBytes: 1 })).toMatchObject({ expiredDropped: 3 });
    expect(store.calls.filter((name) => name === "dropExpired")).toHaveLength(3);
  });

  test("that is buried does not take the new value with it which was written between copying and moving", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    store.onEvent = ({ name, when }) => {
      if (name === "publish" && when === "after") store.put("a", "new");
    };
    const report = await mergeSegments(store, [2]);
    expect(report).toMatchObject({ expiredDropped: 0, recordsBuried: 1 });
    expect(store.records()).toEqual(["-a@2", "a=new@3", "a=old@1"]);
    expect(store.get("a")).toBe("new");
    store.checkCrash("all");
    store.checkCrash("synced");
  });

  test("that does not verify makes its segment leave the merge, and is not buried", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    damage(store, 2, store.inputs([2])[0]!.sealedBytes - 1);
    const report = await mergeSegments(store, [2]);
    expect(report).toMatchObject({ recordsBuried: 0, outputs: [], leftOut: [{ segmentId: 2 }] });
  });

  test("with a key of the largest size is buried like any other", async () => {
    const key = "k".repeat(65_535);
    const store = storeOf(["z=old"], [`${key}=x!1010`, `b${key.slice(1)}=y!1010`, `c${key.slice(1)}=z!1010`]);
    store.advance(10);
    const report = await mergeSegments(store, [2], { sliceBytes: 2 ** 30 });
    expect(report).toMatchObject({ recordsBuried: 3, expiredDropped: 3 });
    expect(store.calls.filter((name) => name === "dropExpired")).toHaveLength(2); // two such keys fit into a batch
    expect(store.keydir.size).toBe(1);
    store.checkCrash("all");
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

  test("has its entry until it is out of the store: a key that is not in the keydir needs no tombstone", async () => {
    for (const inputs of [[2], [1, 2]]) {
      const store = storeOf(["a=old"], ["a=short!1010"]);
      store.advance(10);
      let looks = 0;
      store.onEvent = () => {
        if (store.keydir.has("a")) return;
        looks += 1;
        expect(store.crashed("all", { backMs: 10 }).get("a")).toBeUndefined();
      };
      expect(await mergeSegments(store, inputs)).toMatchObject({ expiredDropped: 1 });
      expect(looks).toBeGreaterThan(0);
    }
  });

  test("keeps its entry where the merge fails before it is gone, and shields", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    failOnce(store, "retire");
    await expect(mergeSegments(store)).rejects.toMatchObject({ code: "MERGE_IO" });
    expect(store.keydir.has("a")).toBe(true);
    expect(store.records()).toEqual(["a=old@1", "a=short@2"]);
    expect(await mergeSegments(store, [2])).toMatchObject({ recordsBuried: 1, recordsKept: 0, expiredDropped: 1 });
    expect(store.records()).toEqual(["-a@2", "a=old@1"]);
    store.checkCrash("all");
  });
});

describe("a record with an expiry whose key is not in the keydir", () => {
  test("still shields when the clock stands earlier than when the entry was taken out", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    store.sweep();
    store.advance(-10);
    expect(await mergeSegments(store, [2])).toMatchObject({ recordsKept: 0, recordsBuried: 1 });
    expect(store.records()).toEqual(["-a@2", "a=old@1"]);
    expect(store.crashed("all").get("a")).toBeUndefined();
  });

  test("becomes a tombstone, as one whose key is there", async () => {
    const store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    store.sweep();
    watchCrashes(store);
    const report = await mergeSegments(store, [2]);
    expect(report).toMatchObject({ recordsBuried: 1, recordsKept: 0, expiredDropped: 0, superseded: 0 });
    expect(store.records()).toEqual(["-a@2", "a=old@1"]);
    expect(store.crashed("all").get("a")).toBeUndefined();
  });

  test("goes when everything outside is newer", async () => {
    const store = storeOf(["a=old", "a=short!1010"]);
    store.advance(10);
    store.sweep();
    expect(await mergeSegments(store)).toMatchObject({ recordsKept: 0, recordsDropped: 2, expiredDropped: 0 });
  });

  test("needs no value, though its time has not come: something newer has taken its key", async () => {
    const store = storeOf(["a=old"], ["a=short!9999", "-a"]);
    const report = await mergeSegments(store, [2]);
    expect(report).toMatchObject({ recordsKept: 1, tombstonesKept: 1, recordsBuried: 1, superseded: 0 });
    expect(store.records()).toEqual(["-a@2", "-a@3", "a=old@1"]);
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
    const twice = await crashedAt(store, "retire", "before", () => mergeSegments(store, [2]));
    expect(twice.records()).toEqual(["a=old@1", "a=short@2", "a=short@2"]);
    twice.advance(10);
    watchCrashes(twice);
    writeFrames(twice, ["z=1"]);
    await mergeSegments(twice, [2]);
    await mergeSegments(twice);
    expect(twice.records()).toEqual(["z=1@3"]);
  });
});

describe("a put and the tombstone in its place, after a merge that stopped between publishing and retiring", () => {
  const PUT = 2;

  /** Segment 1 holds the older version, 2 the expired put, the last one its tombstone. */
  async function halfBuried(entry: "with its entry" | "without"): Promise<{ store: ModelStore; tombstone: number }> {
    let store = storeOf(["a=old"], ["a=short!1010"]);
    store.advance(10);
    failOnce(store, "retire");
    await expect(mergeSegments(store, [PUT])).rejects.toMatchObject({ code: "MERGE_IO", outcome: "unknown" });
    if (entry === "with its entry") store = store.crashed("all");
    else store.sweep();
    expect(store.keydir.has("a")).toBe(entry === "with its entry");
    expect(store.records()).toEqual(["-a@2", "a=old@1", "a=short@2"]);
    return { store, tombstone: store.sealedIds()[0]! };
  }

  test("are the put, whichever is read first, so that the clock says whether it is there", async () => {
    const { store } = await halfBuried("without");
    for (const firstCopy of [true, false]) {
      expect(store.crashed("all", { firstCopy }).get("a")).toBeUndefined();
      expect(store.crashed("all", { firstCopy, backMs: 1 }).get("a")).toBe("short");
    }
  });

  test.each([
    [
      "the tombstone, with the put's entry there, is dropped: the put shields",
      "with its entry",
      "tombstone",
      ["a=short@2"],
    ],
    ["the tombstone, without an entry, is held", "without", "tombstone", ["-a@2", "a=short@2"]],
    ["the put, with its entry there, is buried again", "with its entry", "put", ["-a@2", "-a@2"]],
    ["the put, without an entry, is buried again", "without", "put", ["-a@2", "-a@2"]],
    ["both, with the put's entry there, leave one tombstone", "with its entry", "both", ["-a@2"]],
    ["both, without an entry, leave two tombstones", "without", "both", ["-a@2", "-a@2"]],
  ] as const)("when merged again: %s", async (_title, entry, which, left) => {
    const { store, tombstone } = await halfBuried(entry);
    watchCrashes(store);
    const merged = { tombstone: [tombstone], put: [PUT], both: [PUT, tombstone] }[which];
    await mergeSegments(store, merged);
    expect(store.records()).toEqual([...left, "a=old@1"].sort());
    for (const backMs of [0, 1]) expect(store.crashed("all", { backMs }).get("a")).not.toBe("old");
    // In the end nothing is left of any of it.
    await mergeSegments(store);
    expect(store.records()).toEqual([]);
    expect(store.keydir.size).toBe(0);
  });

  test("are both tombstones once both were merged, also when the clock was set back before", async () => {
    const { store, tombstone } = await halfBuried("without");
    store.advance(-1);
    watchCrashes(store);
    await mergeSegments(store, [tombstone, PUT]);
    expect(store.records()).toEqual(["-a@2", "-a@2", "a=old@1"]);
    expect(store.sealedIds()).toHaveLength(2);
    expect(store.crashed("all").get("a")).toBeUndefined();
  });
});
