import { describe, expect, test } from "vitest";
import { crashedAt, mergeSegments, storeOf, watchCrashes, writeFrames } from "./support.ts";

describe("what a merge drops", () => {
  test("a value that was overwritten goes, the newest stays as it was", async () => {
    const store = storeOf(["a=1", "b=1"], ["a=2"]);
    const report = await mergeSegments(store);
    expect(store.records()).toEqual(["a=2@3", "b=1@2"]);
    expect(report).toMatchObject({ recordsKept: 2, recordsDropped: 1 });
    store.check();
  });

  test("a value that was deleted goes with its tombstone when both are merged", async () => {
    const store = storeOf(["a=1"], ["-a", "b=2"]);
    const report = await mergeSegments(store);
    expect(store.records()).toEqual(["b=2@3"]);
    expect(report).toMatchObject({ recordsDropped: 2, tombstonesDropped: 1, tombstonesKept: 0 });
  });

  test("a value in an input whose newer value is only in the active segment goes, once that is durable", async () => {
    const store = storeOf(["a=old"]);
    writeFrames(store, ["a=new"]);
    watchCrashes(store);
    await mergeSegments(store);
    expect(store.records()).toEqual(["a=new@2"]);
    expect(store.crashed("synced").get("a")).toBe("new");
  });
});

describe("a tombstone", () => {
  test("stays while a segment outside of the merge reaches below it", async () => {
    const store = storeOf(["a=1"], ["-a"]);
    const report = await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["-a@2", "a=1@1"]);
    expect(report).toMatchObject({ tombstonesKept: 1, tombstonesDropped: 0, recordsKept: 1 });
    expect(store.crashed("all").get("a")).toBeUndefined();
  });

  test("stays also when the segment that reaches below it holds other keys: nobody knows which", async () => {
    const store = storeOf(["x=1"], ["a=1", "-a"]);
    await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["-a@3", "x=1@1"]);
  });

  test("goes when everything outside is newer", async () => {
    const store = storeOf(["a=1", "-a"], ["b=1"]);
    writeFrames(store, ["c=1"]);
    await mergeSegments(store, [1]);
    expect(store.records()).toEqual(["b=1@3", "c=1@4"]);
  });

  test("goes when the lowest sequence outside is its own: that of the copy which a crash left behind", async () => {
    const store = storeOf(["a=1"], ["-a"]);
    const twice = await crashedAt(store, "retire", "before", () => mergeSegments(store, [2]));
    expect(twice.records()).toEqual(["-a@2", "-a@2", "a=1@1"]);
    await mergeSegments(twice, [1]);
    expect(await mergeSegments(twice, [2])).toMatchObject({ tombstonesDropped: 1 });
    twice.check();
    twice.checkCrash("all");
  });

  test("goes when a newer value of its key is there, as that shields in its stead", async () => {
    const store = storeOf(["a=1"], ["-a"], ["a=2"]);
    const report = await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["a=1@1", "a=2@3"]);
    expect(report).toMatchObject({ tombstonesDropped: 1, outputs: [] });
    expect(store.crashed("all").get("a")).toBe("2");
  });

  test("does not go before that newer value is durable", async () => {
    const store = storeOf(["a=1"], ["-a"]);
    writeFrames(store, ["a=2"]);
    watchCrashes(store);
    await mergeSegments(store, [2]);
    // Without a sync of the log the power cut takes a=2, and a=1 would be back.
    expect(store.crashed("synced").get("a")).toBe("2");
  });

  test("is kept though a newer value came after it, when that one is deleted again", async () => {
    const store = storeOf(["a=1"], ["-a"], ["a=2"], ["-a"]);
    watchCrashes(store);
    await mergeSegments(store, [2]);
    expect(store.records()).toEqual(["-a@2", "-a@4", "a=1@1", "a=2@3"]);
    for (const id of [3, 4]) await mergeSegments(store, [id]);
    expect(store.records()).toEqual(["-a@2", "-a@4", "a=1@1"]);
    await mergeSegments(store);
    expect(store.records()).toEqual([]);
  });

  test("does not win over a newer value, though its copy lies in a younger file", async () => {
    const store = storeOf(["x=1"], ["a=1", "-a"], ["a=2"]);
    await mergeSegments(store, [2]);
    await mergeSegments(store, [1]);
    expect(store.crashed("all").get("a")).toBe("2");
  });

  test("that cannot go is copied by every merge, and goes with the last segment that held it back", async () => {
    const store = storeOf(["a=1"], ["-a"]);
    for (let round = 0; round < 3; round++) await mergeSegments(store, [store.sealedIds().find((id) => id !== 1)!]);
    expect(store.records()).toEqual(["-a@2", "a=1@1"]);
    await mergeSegments(store);
    expect(store.records()).toEqual([]);
    expect(store.sealedIds()).toEqual([]);
  });

  test("goes though an older tombstone of the same key is in the same merge", async () => {
    const store = storeOf(["a=1", "-a", "a=2", "-a"]);
    expect(await mergeSegments(store)).toMatchObject({ recordsDropped: 4, tombstonesDropped: 2 });
  });

  test("is held back by an unsealed segment, too", async () => {
    const store = storeOf(["a=1", "-a"]);
    store.disk.manifest = store.disk.manifest.map((listed) =>
      listed.sealedBytes === undefined ? { ...listed, lowestSequence: 1 } : listed,
    );
    expect(await mergeSegments(store)).toMatchObject({ tombstonesKept: 1, recordsDropped: 1 });
  });
});
