import { describe, expect, test } from "vitest";
import { merge, MergeError, type MergeProgress } from "../src/index.ts";
import { damage, failOnce, mergeSegments, storeOf, watchCrashes, writeFrames } from "./support.ts";

/** The calls that make or need durability, or give the event loop away; reads are not among them. */
const STEPS = new Set([
  ...["createOutput", "append", "sync", "syncDirectory", "syncLog", "publish", "relocate", "dropExpired"],
  ...["keysPointingInto", "retire", "removeInputs", "abandonOutputs"],
]);

function stepsOf(calls: readonly string[]): string[] {
  return calls.filter((name) => STEPS.has(name));
}

describe("the steps of a merge", () => {
  test("come in the one order that is safe", async () => {
    const store = storeOf(["a=1", "x=1!1001"], ["b=1", "-c"]);
    store.advance(1);
    await mergeSegments(store);
    expect(stepsOf(store.calls)).toEqual([
      ...["createOutput", "append", "sync", "syncDirectory", "syncLog", "publish"],
      ...["relocate", "keysPointingInto"],
      ...["retire", "dropExpired", "removeInputs"],
    ]);
  });

  test("read every output back after its last sync and before publishing, and again before its keys move", async () => {
    const store = storeOf(["a=1"]);
    await mergeSegments(store);
    const calls = store.calls.filter((name) => ["read", "sync", "publish", "relocate"].includes(name));
    expect(calls).toEqual(["read", "sync", "read", "publish", "read", "relocate"]);
  });

  test("make no output and no edit for one when nothing has to stay, but sync the log all the same", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    writeFrames(store, ["a=2", "-b"]);
    watchCrashes(store);
    const report = await mergeSegments(store);
    expect(stepsOf(store.calls)).toEqual(["syncLog", "keysPointingInto", "retire", "removeInputs"]);
    expect(report).toMatchObject({ outputs: [], bytesWritten: 0, bytesFreed: report.bytesRead + 2 * 32 });
    expect(store.sealedIds()).toEqual([]);
  });

  test("take all inputs out in one edit, none of them before the outputs are in", async () => {
    const store = storeOf(["a=1"], ["b=1"], ["c=1"]);
    const listed: (readonly number[])[] = [];
    store.onEvent = () => {
      const ids = store.sealedIds();
      if (listed.at(-1)?.join() !== ids.join()) listed.push(ids);
    };
    await mergeSegments(store, [1, 3]);
    expect(listed).toEqual([
      [1, 2, 3],
      [5, 1, 2, 3],
      [5, 2],
    ]);
  });

  test("merge an empty list of inputs into nothing, without touching the store's files", async () => {
    const store = storeOf(["a=1"]);
    expect(await mergeSegments(store, [])).toMatchObject({ inputs: [], outputs: [], leftOut: [], bytesRead: 0 });
    expect(stepsOf(store.calls)).toEqual([]);
  });

  test("merge a segment in which only fences are", async () => {
    const store = storeOf(["a=1"]);
    store.fence();
    store.put("b", "1");
    store.fence();
    store.rotate();
    expect(await mergeSegments(store, undefined, { sliceBytes: 1 })).toMatchObject({ recordsKept: 2 });
    store.check();
  });
});

describe("the list of inputs", () => {
  test("is the caller's again as soon as the merge has begun", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    const inputs = store.inputs();
    const merging = merge(inputs, store, { outputBytesMax: 1_000 });
    inputs.push(...store.inputs());
    expect((await merging).inputs).toHaveLength(2);
    store.check();
  });
});

describe("the report", () => {
  test("says what became of every byte and record", async () => {
    const store = storeOf(["a=1", "b=1", "x=1!1001"], ["a=2", "-b", "c=3"]);
    store.advance(1);
    const before = store.inputs().map(({ segmentId, sealedBytes }) => ({ segmentId, bytes: sealedBytes }));
    store.onEvent = ({ name, when }) => {
      if (name === "publish" && when === "before") store.put("c", "4");
    };
    const report = await mergeSegments(store);
    const inputBytes = before[0]!.bytes + before[1]!.bytes;
    const outputBytes = store.disk.files.get(4)!.bytes.length;
    expect(report).toEqual({
      inputs: before,
      outputs: [{ segmentId: 4, bytes: outputBytes }],
      leftOut: [],
      bytesRead: inputBytes - 2 * 32,
      bytesWritten: outputBytes - 32,
      bytesFreed: inputBytes - outputBytes,
      recordsKept: 2,
      recordsBuried: 0,
      recordsDropped: 4,
      tombstonesKept: 0,
      tombstonesDropped: 1,
      expiredDropped: 1,
      superseded: 1,
    });
  });

  test("counts bytes of attempts that were given up as read and written, but as freed only what went", async () => {
    const store = storeOf([`a=${"v".repeat(300_000)}`], ["b=1"], ["c=1"]);
    damage(store, 3, 40);
    const report = await mergeSegments(store);
    const large = 32 + 19 + 300_000;
    const small = 32 + 20;
    expect(report.bytesRead).toBe(2 * (large + small));
    // The first time the small frame was not full yet, and so not written.
    expect(report.bytesWritten).toBe(large + large + small);
    expect(report.bytesFreed).toBe(32);
  });
});

describe("while a merge runs", () => {
  test("what is written between copying and moving stands, whatever it is", async () => {
    const store = storeOf(["a=1", "b=1", "c=1", "d=1"]);
    store.onEvent = ({ name, when }) => {
      if (name !== "syncDirectory" || when !== "before") return;
      writeFrames(store, ["a=2", "-b", "c=2!1500"]);
      store.rotate();
    };
    const report = await mergeSegments(store);
    expect(report).toMatchObject({ recordsKept: 4, superseded: 3 });
    expect(["a", "b", "c", "d"].map((key) => store.get(key))).toEqual(["2", undefined, "2", "1"]);
    store.check();
    store.checkCrash("all");
  });

  test("a key that is deleted and written again is not moved back to its old value", async () => {
    const store = storeOf(["a=1"]);
    store.onEvent = ({ name, when }) => {
      if (name === "syncLog" && when === "before") writeFrames(store, ["-a", "a=1"]);
    };
    expect(await mergeSegments(store)).toMatchObject({ superseded: 1 });
    expect(store.keydir.get("a")).toMatchObject({ segmentId: 2 });
  });

  test("the event loop has its turn after every slice, in a single large frame as well", async () => {
    const frame = Array.from({ length: 100 }, (_, index) => `key${index}=${"v".repeat(82)}`).join(",");
    const store = storeOf([frame]);
    await mergeSegments(store, undefined, { sliceBytes: 1_000 });
    // About 10,000 bytes: ten slices of copying; the output is one frame, for each of the two times it is read.
    const yields = store.calls.filter((name) => name === "yield").length;
    expect(yields).toBe(12);
    expect(store.calls.indexOf("yield")).toBeLessThan(15);
  });

  test("the store is told how much was done since the event loop had its last turn", async () => {
    const store = storeOf(["a=1", "b=1"], ["c=1"]);
    await mergeSegments(store, undefined, { sliceBytes: 60 });
    expect(store.sliceBytes.every((bytes) => bytes >= 60)).toBe(true);
    // Three frames copied; one output, of three records in one frame, read twice.
    const copied = 3 * 52;
    const written = 32 + 3 * 20;
    const told = store.sliceBytes.reduce((sum, bytes) => sum + bytes, 0);
    expect(told).toBeGreaterThan(copied + 2 * written - 60);
    expect(told).toBeLessThanOrEqual(copied + 2 * written);
  });

  test("dropping the keys of expired records gives the event loop its turn, too", async () => {
    const frame = Array.from({ length: 100 }, (_, index) => `${index}${"k".repeat(98)}=!1001`).join(",");
    const store = storeOf([frame]);
    store.advance(1);
    await mergeSegments(store, undefined, { sliceBytes: 5_000 });
    const calls = store.calls.slice(store.calls.indexOf("dropExpired"));
    expect(calls.filter((name) => name === "yield")).toHaveLength(2);
  });

  test("its progress is told, phase by phase, up to the whole of each", async () => {
    const store = storeOf(["a=1", "b=1"], ["c=1"]);
    const told: MergeProgress[] = [];
    await mergeSegments(store, undefined, { sliceBytes: 1, onProgress: (progress) => told.push(progress) });
    const inputBytes = 3 * 52 + 2 * 32;
    const outputBytes = 32 + 32 + 3 * 20;
    const phases = ["copy", "sync", "swing", "retire"] as const;
    const totals = [inputBytes, outputBytes, outputBytes, inputBytes];
    for (const [index, phase] of phases.entries()) {
      const own = told.filter((progress) => progress.phase === phase);
      expect(own[0]).toEqual({ phase, bytesDone: 0, bytesTotal: totals[index] });
      expect(own.at(-1)).toEqual({ phase, bytesDone: totals[index], bytesTotal: totals[index] });
      const done = own.map((progress) => progress.bytesDone);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
    }
    expect(told.filter(({ phase }) => phase === "copy").length).toBeGreaterThan(4);
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(phases);
  });
});

describe("an abort", () => {
  test("before the merge begins touches nothing", async () => {
    const store = storeOf(["a=1"]);
    const reason = new Error("not today");
    await expect(mergeSegments(store, undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(store.calls).toEqual([]);
  });

  test("while the store holds the merge is heeded as soon as the store lets go", async () => {
    const store = storeOf(["a=1", "b=1", "c=1"]);
    const controller = new AbortController();
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    store.yield = () => held;
    const merged = mergeSegments(store, undefined, { sliceBytes: 1, signal: controller.signal });
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    expect(store.calls).not.toContain("publish");
    controller.abort("enough");
    letGo();
    await expect(merged).rejects.toBe("enough");
    expect(store.calls.filter((name) => name === "lookUp")).toHaveLength(0);
    store.check();
  });

  test("while copying abandons the outputs and rejects with the signal's reason", async () => {
    const store = storeOf(["a=1", "b=1", "c=1"]);
    const controller = new AbortController();
    let yields = 0;
    store.onEvent = ({ name, when }) => {
      if (name === "yield" && when === "before" && ++yields === 3) controller.abort("enough");
    };
    const options = { sliceBytes: 1, outputBytesMax: 1, signal: controller.signal };
    await expect(mergeSegments(store, undefined, options)).rejects.toBe("enough");
    // At once: the third record was not copied any more.
    expect(store.calls.filter((name) => name === "createOutput")).toHaveLength(1);
    expect(store.calls.slice(store.calls.lastIndexOf("yield"))).toEqual(["yield", "abandonOutputs"]);
    expect(store.sealedIds()).toEqual([1]);
    expect([...store.disk.files.keys()]).toEqual([1, 2]);
    store.check();
  });

  test("during the last step before publishing still abandons", async () => {
    const store = storeOf(["a=1"]);
    const controller = new AbortController();
    store.onEvent = ({ name }) => {
      if (name === "syncLog") controller.abort();
    };
    await expect(mergeSegments(store, undefined, { signal: controller.signal })).rejects.toThrow(/abort/i);
    expect(store.calls).not.toContain("publish");
    expect([...store.disk.files.keys()]).toEqual([1, 2]);
  });

  test("from publishing on changes nothing: the merge completes", async () => {
    const store = storeOf(["a=1", "b=1"]);
    const controller = new AbortController();
    store.onEvent = ({ name }) => {
      if (name === "publish") controller.abort();
    };
    const report = await mergeSegments(store, undefined, { sliceBytes: 1, signal: controller.signal });
    expect(report.inputs).toHaveLength(1);
    expect(store.disk.files.has(1)).toBe(false);
    store.check();
  });

  test("does not hide what went wrong otherwise", async () => {
    const store = storeOf(["a=1"]);
    const controller = new AbortController();
    controller.signal.addEventListener("abort", () => {});
    const error = failOnce(store, "syncDirectory");
    const { onEvent } = store;
    store.onEvent = (event) => {
      if (event.name === "syncDirectory") controller.abort();
      onEvent(event);
    };
    const failure = mergeSegments(store, undefined, { signal: controller.signal });
    await expect(failure).rejects.toMatchObject({ code: "MERGE_IO", cause: error });
  });
});

describe("a key that still points into an input at the end", () => {
  test("keeps all inputs, and is told as an error of the program", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    const relocate = store.relocate.bind(store);
    // A store that refuses to move keys for a reason of its own.
    // The second one, of segment 2, is left out.
    store.relocate = (moves) => relocate({ ...moves, count: 1 });
    await expect(mergeSegments(store)).rejects.toMatchObject({
      code: "MERGE_KEYS_REMAIN",
      outcome: "published",
      segmentId: 2,
      message: "1 keys still point into segment 2 after its records were moved",
    });
    expect(store.sealedIds()).toEqual([4, 1, 2]);
    expect(store.calls).not.toContain("retire");
    store.check();
    store.checkCrash("all");
    store.relocate = relocate;
    await mergeSegments(store);
    expect(store.records()).toEqual(["a=1@1", "b=1@2"]);
  });

  test("is found among those that are to be dropped, also where one of these was written anew", async () => {
    const store = storeOf(["a=1", "x=1!1001", "y=1!1001"]);
    store.advance(1);
    store.relocate = (moves) => {
      store.put("x", "again");
      return moves.count;
    };
    await expect(mergeSegments(store)).rejects.toMatchObject({ code: "MERGE_KEYS_REMAIN", segmentId: 1 });
    expect(store.calls).not.toContain("retire");
    store.check();
  });
});

describe("arguments", () => {
  test.each([
    ["outputBytesMax", 0],
    ["outputBytesMax", 2 ** 32],
    ["outputBytesMax", 1.5],
    ["outputBytesMax", undefined],
    ["syncEveryBytes", 0],
    ["syncEveryBytes", Number.NaN],
    ["sliceBytes", -1],
    ["sliceBytes", "1"],
    ["slizeBytes", 1],
  ])("that are wrong are refused by name: %s = %s", async (name, value) => {
    const store = storeOf(["a=1"]);
    const failure = mergeSegments(store, undefined, { [name]: value });
    await expect(failure).rejects.toMatchObject({
      code: "MERGE_INVALID_ARGUMENT",
      outcome: "abandoned",
      message: expect.stringContaining(name),
    });
    expect(store.calls).toEqual([]);
    // What nothing else is the cause of does not speak of a cause.
    expect(Object.hasOwn((await failure.catch((error: unknown) => error)) as MergeError, "cause")).toBe(false);
  });

  test("may be left undefined where they have a default", async () => {
    const options = { sliceBytes: undefined, syncEveryBytes: undefined, signal: undefined, onProgress: undefined };
    expect(await mergeSegments(storeOf(["a=1"]), undefined, options)).toMatchObject({ recordsKept: 1 });
  });

  test("with a segment twice among the inputs are refused", async () => {
    const store = storeOf(["a=1"]);
    const twice = [...store.inputs(), ...store.inputs()];
    await expect(merge(twice, store, { outputBytesMax: 1 })).rejects.toMatchObject({
      code: "MERGE_INVALID_ARGUMENT",
      message: "inputs must not hold a segment twice",
    });
  });
});

describe("MergeError", () => {
  test("is told by its brand, also across copies of the package", async () => {
    const error: unknown = await merge([], storeOf(), { outputBytesMax: 0 }).catch((reason: unknown) => reason);
    expect(MergeError.is(error)).toBe(true);
    expect(error).toMatchObject({ name: "MergeError", segmentId: undefined });
    expect(MergeError.is({ [Symbol.for("@hashlog/compactor/MergeError")]: true })).toBe(true);
    for (const other of [new Error("no"), undefined, null, "MergeError"]) expect(MergeError.is(other)).toBe(false);
  });
});
