import { FRAME_HEADER_BYTES, readFrameHeader, sealFrameHeader, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { damage, mergeSegments, storeOf, writeFrames } from "./support.ts";

const FIRST_FRAME = SEGMENT_HEADER_BYTES;
const FIRST_RECORD = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES;

describe("an input that is damaged", () => {
  test("leaves the merge and stays, and its older values hold the tombstones of the others back", async () => {
    // The tombstone of a could go if both were merged. As segment 1 stays, a would be back.
    const store = storeOf(["a=1", "r=1"], ["-a", "b=1"]);
    const secondFrame = FIRST_RECORD + 20;
    damage(store, 1, secondFrame + FRAME_HEADER_BYTES + 19);
    const report = await mergeSegments(store);
    expect(report.leftOut).toEqual([
      { segmentId: 1, offset: secondFrame + FRAME_HEADER_BYTES, reason: expect.stringContaining("checksum") },
    ]);
    expect(report.inputs.map((input) => input.segmentId)).toEqual([2]);
    expect(report).toMatchObject({ tombstonesKept: 1, recordsKept: 2 });
    expect(store.sealedIds()).toEqual([expect.any(Number), 1]);
    damage(store, 1, secondFrame + FRAME_HEADER_BYTES + 19);
    store.checkCrash("all");
  });

  test("is found late: what was copied until then is abandoned, and copied again without it", async () => {
    const store = storeOf(["a=1"], ["b=1"], ["c=1"]);
    damage(store, 3, FIRST_RECORD + 18);
    const report = await mergeSegments(store);
    expect(report.leftOut).toMatchObject([{ segmentId: 3, offset: FIRST_RECORD }]);
    expect(store.calls.filter((name) => name === "abandonOutputs")).toHaveLength(1);
    expect(store.calls.filter((name) => name === "publish")).toHaveLength(1);
    expect(report).toMatchObject({ recordsKept: 2, outputs: [{ segmentId: 6 }] });
    expect([...store.disk.files.keys()]).toEqual([3, 4, 6]);
    expect(report.bytesRead).toBe((2 * 2 + 1) * 52);
  });

  test("leaves even if the damaged record is dead: it cannot be told what it was", async () => {
    const store = storeOf(["a=1"], ["a=2"]);
    damage(store, 1, FIRST_RECORD + 18);
    expect((await mergeSegments(store)).leftOut).toMatchObject([{ segmentId: 1 }]);
  });

  test("leaves when its frames do not end exactly at the sealed length", async () => {
    const store = storeOf(["a=1"]);
    const [input] = store.inputs();
    for (const sealedBytes of [input!.sealedBytes - 1, FIRST_RECORD - 1, input!.sealedBytes + 1]) {
      store.disk.manifest = store.disk.manifest.map((listed) =>
        listed.segmentId === 1 ? { ...listed, sealedBytes } : listed,
      );
      const report = await mergeSegments(store);
      expect(report).toMatchObject({ inputs: [], outputs: [], leftOut: [{ segmentId: 1 }] });
    }
    expect(store.disk.files.has(1)).toBe(true);
  });

  test("leaves when a frame holds other than the number of records that it announces", async () => {
    const store = storeOf(["a=1,b=1"]);
    const { bytes, place } = store.disk.files.get(1)!;
    const header = readFrameHeader(bytes, FIRST_FRAME, bytes.length, place, FIRST_FRAME)!;
    sealFrameHeader(bytes, FIRST_FRAME, bytes.length, { ...header, recordCount: 1 }, place, FIRST_FRAME);
    const report = await mergeSegments(store);
    expect(report.leftOut).toEqual([{ segmentId: 1, offset: FIRST_FRAME, reason: "the number of records differs" }]);
  });

  test("is read up to the sealed length only: what a failed append left behind it does not matter", async () => {
    const store = storeOf(["a=1"]);
    store.disk.files.get(1)!.append(new Uint8Array(100).fill(7));
    expect(await mergeSegments(store)).toMatchObject({ leftOut: [], recordsKept: 1 });
    store.check();
  });

  test("leaves one after the other, until none is left and nothing was done", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    damage(store, 1, FIRST_RECORD + 4);
    damage(store, 2, FIRST_FRAME);
    const report = await mergeSegments(store);
    expect(report.leftOut).toEqual([
      { segmentId: 1, offset: FIRST_RECORD, reason: "a record is not well-formed" },
      { segmentId: 2, offset: FIRST_FRAME, reason: "no frame here" },
    ]);
    expect(report).toMatchObject({ inputs: [], outputs: [], bytesFreed: 0, recordsKept: 0, bytesWritten: 0 });
    for (const name of ["createOutput", "abandonOutputs", "publish", "retire", "syncLog"])
      expect(store.calls).not.toContain(name);
  });

  test("that is another segment's content, valid in itself, is not taken for its own", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    store.disk.files.get(1)!.bytes = store.disk.files.get(2)!.bytes.slice();
    expect((await mergeSegments(store)).leftOut).toMatchObject([{ segmentId: 1, offset: FIRST_FRAME }]);
  });
});

describe("memory that does not keep what was read", () => {
  test("is noticed when a record is copied: the input leaves the merge", async () => {
    const store = storeOf(["a=1,b=1", "c=1"], ["d=1"]);
    const lookUp = store.lookUp.bind(store);
    store.lookUp = (records, found) => {
      const looked = lookUp(records, found);
      if (records.input.segmentId === 1) records.bytes[records.keyStarts[1]!]! ^= 1;
      return looked;
    };
    const report = await mergeSegments(store);
    expect(report.leftOut).toMatchObject([{ segmentId: 1, offset: FIRST_RECORD + 20 }]);
    expect(report.recordsKept).toBe(1);
    store.check();
  });

  test("is noticed when a record has lost its shape", async () => {
    const store = storeOf(["a=1,b=1"]);
    const lookUp = store.lookUp.bind(store);
    store.lookUp = (records, found) => {
      records.bytes.fill(0, records.keyEnds[0]! + 1);
      return lookUp(records, found);
    };
    const reason = "a record is not well-formed";
    expect((await mergeSegments(store)).leftOut).toEqual([{ segmentId: 1, offset: FIRST_RECORD + 20, reason }]);
  });
});

describe("an output that does not read back", () => {
  test("is found before it is published: the outputs are abandoned, the inputs stay", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    store.onEvent = ({ name, when }) => {
      if (name === "sync" && when === "after") damage(store, 4, FIRST_RECORD + 19);
    };
    const failure = mergeSegments(store);
    await expect(failure).rejects.toMatchObject({
      ...{ code: "MERGE_OUTPUT_DAMAGED", outcome: "abandoned", segmentId: 4 },
      message: `segment 4 does not read back: a frame's checksum does not match at ${FIRST_FRAME}`,
    });
    expect(store.sealedIds()).toEqual([1, 2]);
    expect([...store.disk.files.keys()]).toEqual([1, 2, 3]);
    store.check();
  });

  test("is found when the keys are moved: none is moved to a damaged frame, and nothing is removed", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    store.onEvent = ({ name, when }) => {
      if (name === "publish" && when === "after") damage(store, 4, FIRST_RECORD + 19);
    };
    const failure = mergeSegments(store);
    await expect(failure).rejects.toMatchObject({ code: "MERGE_OUTPUT_DAMAGED", outcome: "published", segmentId: 4 });
    expect(store.sealedIds()).toEqual([4, 1, 2]);
    store.check();
  });

  test("is found also if a frame cannot be read at all", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    store.onEvent = ({ name, when }) => {
      if (name === "sync" && when === "after") damage(store, 4, FIRST_FRAME);
    };
    await expect(mergeSegments(store)).rejects.toMatchObject({
      code: "MERGE_OUTPUT_DAMAGED",
      message: `segment 4 does not read back: no frame here at ${FIRST_FRAME}`,
    });
  });

  test("is found also if there is less of it than was written", async () => {
    const store = storeOf(["a=1"]);
    writeFrames(store, ["z=1"]);
    const createOutput = store.createOutput.bind(store);
    store.createOutput = async () => ({ ...(await createOutput()), append: () => {} });
    await expect(mergeSegments(store)).rejects.toMatchObject({
      code: "MERGE_OUTPUT_DAMAGED",
      message: expect.stringContaining("0 frames instead of 1"),
    });
  });
});
