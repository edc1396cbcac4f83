import { describe, expect, test } from "vitest";
import { measure, measureAlone, packedBytes } from "../src/measures.ts";
import { segment, store } from "./statistics-of.ts";

const MIB = 1024 * 1024;

describe("what records take in outputs", () => {
  // Two headers of 32 bytes for each file, of itself and of its last frame, and one for every 64 KiB.
  test.each([
    [0, Infinity, 0],
    [1, Infinity, 1 + 64],
    [65_535, Infinity, 65_535 + 64],
    [65_536, Infinity, 65_536 + 64 + 32],
    [10 * MIB, Infinity, 10 * MIB + 64 + 160 * 32],
    [10 * MIB, 4 * MIB, 10 * MIB + 3 * 64 + 160 * 32],
    [8 * MIB, 4 * MIB, 8 * MIB + 2 * 64 + 128 * 32],
    [100, 0, 100 + 100 * 64],
  ])("%d bytes in files of %d: with their headers", (recordBytes, outputBytesMax, bytes) => {
    expect(packedBytes(recordBytes, outputBytesMax)).toBe(bytes);
  });
});

describe("a segment alone", () => {
  test("is measured by what a merge of it would keep and free", () => {
    const one = segment(1, { dead: 4, expired: 2, tombstones: 1 });
    const keptBytes = packedBytes(one.liveBytes - 2 * MIB);
    const freedBytes = one.fileBytes - keptBytes;
    expect(measure(one, Infinity)).toEqual({
      segment: one,
      keptBytes,
      freedBytes,
      pinnedBytes: 0,
      freedShare: freedBytes / one.fileBytes,
      gain: freedBytes / (one.fileBytes + keptBytes),
    });
  });

  test("keeps its tombstones when any record outside is older than one of its own", () => {
    const one = segment(5, { tombstones: 2 }, { lowestSequence: 70, highestSequence: 80 });
    const pinned = [69, 79, 80, 81].map((lowest) => measure(one, lowest).pinnedBytes);
    expect(pinned).toEqual([2 * MIB, 2 * MIB, 0, 0]);
  });

  test("has the oldest of the others outside, whichever it is itself, and is told in the order of the ids", () => {
    const at = (segmentId: number, sequence: number) =>
      segment(segmentId, { tombstones: 1 }, { lowestSequence: sequence, highestSequence: sequence + 5 });
    const measures = measureAlone(store([at(3, 10), at(1, 30), at(2, 20)]));
    expect(measures.map((one) => [one.segment.segmentId, one.pinnedBytes])).toEqual([
      [1, MIB],
      [2, MIB],
      [3, 0],
    ]);
  });

  test("keeps its tombstones for the oldest of the others, though its own sequence is the next", () => {
    const oldest = segment(1, {}, { lowestSequence: 10, highestSequence: 15 });
    const second = segment(2, { tombstones: 1 }, { lowestSequence: 20, highestSequence: 20 });
    expect(measureAlone(store([oldest, second])).map(({ pinnedBytes }) => pinnedBytes)).toEqual([0, MIB]);
  });
});
