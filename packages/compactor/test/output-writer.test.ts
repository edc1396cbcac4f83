import { FRAME_HEADER_BYTES, readFrameHeader, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FinishedOutput } from "../src/index.ts";
import { FRAME_PAYLOAD_BYTES } from "../src/output-writer.ts";
import { type ModelFile } from "./model-disk.ts";
import { ModelStore } from "./model-store.ts";
import { mergeSegments, storeOf, writeFrames } from "./support.ts";

const RECORD_OVERHEAD = 18;

/** A store with one sealed segment that holds a record for each size, in bytes of the whole record; keys of 4 bytes. */
function storeOfSizes(...sizes: readonly number[]): ModelStore {
  const store = storeOf();
  for (const [index, size] of sizes.entries()) {
    store.put(String(index).padStart(4, "0"), "v".repeat(size - RECORD_OVERHEAD - 4));
  }
  store.rotate();
  return store;
}

/** The frames of a file, as pairs of record count and payload bytes. */
function framesOf({ bytes, place }: ModelFile): [number, number][] {
  const frames: [number, number][] = [];
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length;) {
    const header = readFrameHeader(bytes, at, bytes.length, place, at)!;
    frames.push([header.recordCount, header.payloadBytes]);
    at += FRAME_HEADER_BYTES + header.payloadBytes;
  }
  return frames;
}

/** Outputs whose syncs end when they are told to. */
function heldSyncs(store: ModelStore): {
  readonly begun: (count: number) => Promise<void>;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
} {
  const held: { readonly end: () => void; readonly fail: (error: Error) => void }[] = [];
  const createOutput = store.createOutput.bind(store);
  const waiting = new Map<number, () => void>();
  let count = 0;
  store.createOutput = async () => {
    const output = await createOutput();
    const sync = output.sync.bind(output);
    return Object.assign(output, {
      async sync(): Promise<void> {
        const done = sync();
        const ended = new Promise<void>((resolve, reject) => held.push({ end: resolve, fail: reject }));
        waiting.get(++count)?.();
        await ended;
        return done;
      },
    });
  };
  return {
    begun: (wanted) => (count >= wanted ? Promise.resolve() : new Promise((resolve) => waiting.set(wanted, resolve))),
    end: () => held.shift()!.end(),
    fail: (error) => held.shift()!.fail(error),
  };
}

/** Some turns of the event loop: time for whatever does not wait for a sync. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function appended(store: ModelStore): number {
  return store.calls.filter((name) => name === "append").length;
}

async function mergedFrames(store: ModelStore, outputBytesMax: number): Promise<[number, number][][]> {
  const report = await mergeSegments(store, undefined, { outputBytesMax });
  store.check();
  store.checkCrash("synced");
  return report.outputs.map(({ segmentId }) => framesOf(store.disk.files.get(segmentId)!));
}

describe("the frames of an output", () => {
  test("hold many records, in the order of the inputs, byte for byte as they were", async () => {
    const store = storeOf(["b=1", "a=2!5000"], ["c=3"]);
    const bytes = store.disk.files.get(1)!.bytes;
    await mergeSegments(store);
    const merged = store.disk.files.get(4)!;
    expect(framesOf(merged)).toEqual([[3, 20 + 28 + 20]]);
    // All of a record but its checksum, which is bound to its place, is the same.
    expect(merged.bytes.subarray(64 + 4, 64 + 20)).toEqual(bytes.subarray(64 + 4, 64 + 20));
    expect(merged.bytes.subarray(84 + 4, 84 + 28)).toEqual(bytes.subarray(116 + 4, 116 + 28));
    expect(store.records()).toEqual(["a=2@2", "b=1@1", "c=3@3"]);
  });

  test("are sparse, acknowledged when written, begin with their lowest sequence, and testify the floor", async () => {
    const store = storeOf(["a=1"], ["b=1"], ["c=1"]);
    writeFrames(store, ["d=1"]);
    await mergeSegments(store, [3, 1]);
    const { bytes, place } = store.disk.files.get(5)!;
    expect(readFrameHeader(bytes, 32, bytes.length, place, 32)).toMatchObject({
      sparse: true,
      acknowledgedWhenSynced: false,
      firstSequence: 1,
      recordCount: 2,
      floor: 3,
    });
  });

  test("are filled up to their limit, exactly", async () => {
    const half = FRAME_PAYLOAD_BYTES / 2;
    expect(await mergedFrames(storeOfSizes(half, half, half), 1 << 20)).toEqual([
      [
        [2, 2 * half],
        [1, half],
      ],
    ]);
    expect(await mergedFrames(storeOfSizes(half, half + 1, half - 1), 1 << 20)).toEqual([
      [
        [1, half],
        [2, 2 * half],
      ],
    ]);
  });

  test("hold one record alone if it is larger than the limit, and are small again after it", async () => {
    const large = FRAME_PAYLOAD_BYTES + 1;
    expect(await mergedFrames(storeOfSizes(100, large, 100, 100), 1 << 20)).toEqual([
      [
        [1, 100],
        [1, large],
        [2, 200],
      ],
    ]);
    expect(await mergedFrames(storeOfSizes(2 * large, large, 100), 1 << 20)).toEqual([
      [
        [1, 2 * large],
        [1, large],
        [1, 100],
      ],
    ]);
  });
});

describe("outputs", () => {
  test("are filled up to outputBytesMax, exactly", async () => {
    const three = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 3 * 100;
    expect(await mergedFrames(storeOfSizes(100, 100, 100, 100, 100), three)).toEqual([[[3, 300]], [[2, 200]]]);
    expect(await mergedFrames(storeOfSizes(100, 100, 100, 100, 100), three - 1)).toEqual([
      [[2, 200]],
      [[2, 200]],
      [[1, 100]],
    ]);
  });

  test("count the header of a further frame before they begin it", async () => {
    const full = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES;
    const sizes = [FRAME_PAYLOAD_BYTES, 100];
    const two = full + FRAME_HEADER_BYTES + 100;
    expect(await mergedFrames(storeOfSizes(...sizes), two)).toHaveLength(1);
    expect(await mergedFrames(storeOfSizes(...sizes), two - 1)).toHaveLength(2);
  });

  test("hold one record alone if it is larger than outputBytesMax", async () => {
    expect(await mergedFrames(storeOfSizes(100, 5_000, 100, 5_000), 1_000)).toEqual([
      [[1, 100]],
      [[1, 5_000]],
      [[1, 100]],
      [[1, 5_000]],
    ]);
  });

  test("are not made before a record needs them", async () => {
    const store = storeOf(["a=1"], ["a=2"], ["a=3"]);
    await mergeSegments(store, [1, 2]);
    expect(store.calls).not.toContain("createOutput");
  });

  test("are synced every syncEveryBytes, and once more at their end only if something is left", async () => {
    const large = FRAME_PAYLOAD_BYTES;
    const syncsOf = async (syncEveryBytes: number | undefined): Promise<number> => {
      const store = storeOfSizes(large, large, large, large);
      await mergeSegments(store, undefined, { syncEveryBytes });
      store.checkCrash("synced");
      return store.calls.filter((name) => name === "sync").length;
    };
    expect(await syncsOf(undefined)).toBe(1);
    expect(await syncsOf(2 * large)).toBe(2);
    expect(await syncsOf(large)).toBe(4);
    expect(await syncsOf(large + FRAME_HEADER_BYTES)).toBe(4);
    expect(await syncsOf(large + FRAME_HEADER_BYTES + 1)).toBe(2);
    expect(await syncsOf(3 * large)).toBe(2);
  });

  test("go on being written while they are synced, up to the next sync", async () => {
    const large = FRAME_PAYLOAD_BYTES;
    const store = storeOfSizes(large, large, large, large, large);
    const syncs = heldSyncs(store);
    const merged = mergeSegments(store, undefined, { syncEveryBytes: 2 * large });
    await syncs.begun(1);
    await turns();
    expect(appended(store)).toBe(4);
    syncs.end();
    await syncs.begun(2);
    await turns();
    expect(appended(store)).toBe(5);
    syncs.end();
    await syncs.begun(3);
    expect(store.calls).not.toContain("syncDirectory");
    syncs.end();
    await merged;
    store.checkCrash("synced");
  });

  test("are not abandoned before their sync has ended, whatever the merge failed of", async () => {
    const large = FRAME_PAYLOAD_BYTES;
    const store = storeOfSizes(large, large, large);
    const syncs = heldSyncs(store);
    const controller = new AbortController();
    const { signal } = controller;
    const merged = mergeSegments(store, undefined, { syncEveryBytes: large, sliceBytes: 1, signal });
    await syncs.begun(1);
    controller.abort(new Error("enough"));
    await turns();
    expect(store.calls).not.toContain("abandonOutputs");
    syncs.end();
    await expect(merged).rejects.toThrow("enough");
    expect(store.calls.filter((name) => name === "abandonOutputs")).toHaveLength(1);
  });

  test("that a sync failed of, with nothing to write after it, are not published", async () => {
    const large = FRAME_PAYLOAD_BYTES;
    const store = storeOfSizes(large, large);
    const syncs = heldSyncs(store);
    const merged = mergeSegments(store, undefined, { syncEveryBytes: 2 * large });
    await syncs.begun(1);
    syncs.fail(new Error("no sync"));
    await expect(merged).rejects.toMatchObject({ code: "MERGE_IO", outcome: "abandoned" });
    expect(store.calls).not.toContain("publish");
  });

  test("that a sync failed of before anybody waits for it are not published either, and only the merge tells of it", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const large = FRAME_PAYLOAD_BYTES;
    const store = storeOfSizes(large, large, large);
    const syncs = heldSyncs(store);
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    store.yield = () => (store.calls.includes("sync") ? held : Promise.resolve());
    const merged = mergeSegments(store, undefined, { syncEveryBytes: large, sliceBytes: 1 });
    await syncs.begun(1);
    await turns();
    syncs.fail(new Error("no sync"));
    await turns();
    expect(unhandled).toEqual([]);
    goOn();
    await expect(merged).rejects.toMatchObject({ code: "MERGE_IO", outcome: "abandoned" });
    expect(store.calls).not.toContain("publish");
  });

  test("are each synced when the next begins, and are announced with what they hold", async () => {
    const store = storeOf(["a=1!5000", "b=22"], ["x=1"], ["-x", "c=333"]);
    let finished: readonly FinishedOutput[] = [];
    const publish = store.publish.bind(store);
    store.publish = (outputs) => {
      finished = outputs;
      return publish(outputs);
    };
    await mergeSegments(store, [3, 1], { outputBytesMax: 32 + 32 + 50 });
    expect(finished.map(({ output, ...totals }) => ({ id: output.segmentId, ...totals }))).toEqual([
      {
        ...{ id: 5, sealedBytes: 64 + 19 + 22, lowestSequence: 4, highestSequence: 5 },
        ...{ recordCount: 2, recordBytes: 41, tombstoneCount: 1, tombstoneBytes: 19, expiringCount: 0 },
      },
      {
        ...{ id: 6, sealedBytes: 64 + 28 + 21, lowestSequence: 1, highestSequence: 2 },
        ...{ recordCount: 2, recordBytes: 49, tombstoneCount: 0, tombstoneBytes: 0, expiringCount: 1 },
      },
    ]);
    expect(store.calls.filter((name) => name === "sync")).toHaveLength(2);
    store.checkCrash("synced");
    await mergeSegments(store, [5, 6]);
    expect(finished).toMatchObject([{ lowestSequence: 1, highestSequence: 5 }]);
  });

  test("of many small records in small frames take no more than 1.02 of the records' own bytes", async () => {
    const store = storeOfSizes(...Array.from({ length: 3_000 }, () => 122));
    const recordBytes = 3_000 * 122;
    expect(store.sealedBytes()).toBeGreaterThan(1.2 * recordBytes);
    await mergeSegments(store, undefined, { outputBytesMax: 200_000 });
    expect(store.sealedBytes()).toBeLessThan(1.001 * recordBytes);
  });
});
