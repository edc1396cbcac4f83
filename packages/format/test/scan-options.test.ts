import { describe, expect, test, vi } from "vitest";
import {
  bytesSource,
  type ByteSource,
  findRecords,
  findTestimony,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  SEQUENCE_MAX,
} from "../src/index.ts";
import { fence, PLACE, segmentBytes } from "./support.ts";

const { bytes } = segmentBytes([fence(2, 1), fence(2, 1), fence(2, 1), fence(2, 1)]);

type Changes = Readonly<Record<string, number>>;

/** Whatever goes through a file, each with the smallest chunk that it takes. */
const walks = {
  scanFrames: {
    chunkBytesMin: 1,
    run: (source: ByteSource, changes: Changes = {}) =>
      scanFrames(source, { place: PLACE, from: SEGMENT_HEADER_BYTES, onFrame: () => undefined, ...changes }),
  },
  findTestimony: {
    chunkBytesMin: 32,
    run: (source: ByteSource, changes: Changes = {}) =>
      findTestimony(source, { place: PLACE, from: 0, onTestimony: () => undefined, ...changes }),
  },
  findRecords: {
    chunkBytesMin: 1,
    run: (source: ByteSource, changes: Changes = {}) =>
      findRecords(source, { place: PLACE, from: 0, to: source.bytes, onRecord: () => undefined, ...changes }),
  },
};

describe.each(Object.entries(walks))("%s", (_, { run, chunkBytesMin }) => {
  const safe = Number.MAX_SAFE_INTEGER;
  test.each([
    ["from", -1, 0, safe],
    ["from", 0.5, 0, safe],
    ["to", -1, 0, safe],
    ["to", 2 ** 53, 0, safe],
    ["chunkBytes", chunkBytesMin - 1, chunkBytesMin, 2 ** 31],
    ["chunkBytes", 2 ** 31 + 1, chunkBytesMin, 2 ** 31],
  ])("names an option that is out of range: %s of %d", async (argument, value, lowest, highest) => {
    await expect(run(bytesSource(bytes), { [argument]: value })).rejects.toMatchObject({
      code: "FORMAT_INVALID_ARGUMENT",
      argument,
      value,
      message: `${argument} must be an integer from ${lowest} to ${highest}`,
    });
  });

  test("asks for no byte beyond its end, and never for none", async () => {
    const asked: { from: number; to: number }[] = [];
    const source: ByteSource = {
      bytes: bytes.length,
      read(target, at, count, position) {
        asked.push({ from: position, to: position + count });
        return bytesSource(bytes).read(target, at, count, position);
      },
    };
    for (const chunkBytes of [chunkBytesMin, 40, 1_000])
      for (const from of [32, bytes.length - 1, bytes.length]) await run(source, { chunkBytes, from });
    expect(asked.length).toBeGreaterThan(0);
    for (const { from, to } of asked) expect(from < to && to <= bytes.length).toBe(true);
  });

  test("takes no more memory than the bytes that it is to look at, where those fit in a chunk", async () => {
    const from = 32;
    const wanted = bytes.length - from;
    for (const chunkBytes of [wanted, wanted + 1, bytes.length + from, 1 << 20]) {
      const source = bytesSource(bytes);
      const read = vi.spyOn(source, "read");
      await run(source, { from, chunkBytes });
      expect(read.mock.calls.map(([target]) => target.length)).toEqual([wanted]);
    }
  });
});

test("The sequence expected first is one that may be given out, or the one behind the last of them", async () => {
  const { run } = walks.scanFrames;
  const empty = bytesSource(segmentBytes([]).bytes);
  for (const expectedSequence of [1, SEQUENCE_MAX, SEQUENCE_MAX + 1])
    expect(await run(empty, { expectedSequence })).toEqual({ kind: "end", offset: SEGMENT_HEADER_BYTES });
  await expect(run(empty, { expectedSequence: 0 })).rejects.toMatchObject({ argument: "expectedSequence", value: 0 });
});
