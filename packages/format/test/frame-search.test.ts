import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type ByteSource, bytesSource, findTestimony, type FrameHeader, placeOf } from "../src/index.ts";
import {
  anyBytes,
  anyLog,
  concat,
  failingSource,
  fence,
  frame,
  frameBytes,
  PLACE,
  put,
  segmentBytes,
  stingySource,
} from "./support.ts";

const MAGIC = Uint8Array.of(0xc1, 0xf6, 0x48, 0x46);
const CHUNK_BYTES = 256;

async function search(
  content: Uint8Array | ByteSource,
  options: { from?: number; to?: number; chunkBytes?: number } = {},
): Promise<[offset: number, floor: number][]> {
  const found: [number, number][] = [];
  await findTestimony(content instanceof Uint8Array ? bytesSource(content) : content, {
    place: PLACE,
    from: 0,
    onTestimony: ({ floor }: FrameHeader, offset: number) => {
      found.push([offset, floor]);
    },
    ...options,
  });
  return found;
}

test("Every frame of a log is found, from whatever place the search begins", async () => {
  await fc.assert(
    fc.asyncProperty(anyLog, fc.nat(4_000), fc.integer({ min: 32, max: 300 }), async (log, from, chunkBytes) => {
      const { bytes, ends } = segmentBytes(log);
      const all = log.map(({ floor }, index) => [ends[index - 1] ?? 32, floor]);
      const expected = all.filter(([offset]) => offset! >= from);
      expect(await search(bytes, { from })).toEqual(expected);
      expect(await search(bytes, { from, chunkBytes })).toEqual(expected);
    }),
  );
});

test("A header is found at any byte offset among arbitrary bytes", async () => {
  await fc.assert(
    fc.asyncProperty(anyBytes(300), anyBytes(300), async (before, after) => {
      const content = concat([before, frameBytes(fence(8, 5), PLACE, before.length), after]);
      expect(await search(content)).toEqual([[before.length, 5]]);
    }),
  );
});

test("A header is found across the boundary of chunks, wherever that cuts it", async () => {
  const content = new Uint8Array(CHUNK_BYTES + 100).fill(0xc1);
  for (let cut = 0; cut <= 33; cut++) {
    const at = CHUNK_BYTES - cut;
    const copy = content.slice();
    copy.set(frameBytes(fence(8, 5), PLACE, at), at);
    expect(await search(copy, { chunkBytes: CHUNK_BYTES })).toEqual([[at, 5]]);
  }
});

test("The search ends where whoever is told says so", async () => {
  const { bytes } = segmentBytes([fence(1), fence(1), fence(1)]);
  const found: number[] = [];
  await findTestimony(bytesSource(bytes), {
    place: PLACE,
    from: 0,
    onTestimony: (_header, offset) => found.push(offset) < 2,
  });
  expect(found).toEqual([32, 64]);
});

test("A header testifies without its payload", async () => {
  const whole = frameBytes(frame([put(9, "key", "value")]), PLACE, 10);
  const content = concat([new Uint8Array(10), whole.subarray(0, 32)]);
  expect(await search(content)).toEqual([[10, 8]]);
  expect(await search(content.subarray(0, 41))).toEqual([]);
});

test("A header that ends behind `to` or begins before `from` is not found", async () => {
  const content = concat([new Uint8Array(10), frameBytes(fence(8, 5), PLACE, 10), new Uint8Array(10)]);
  expect(await search(content, { to: 42 })).toEqual([[10, 5]]);
  expect(await search(content, { to: 41 })).toEqual([]);
  expect(await search(content, { from: 10 })).toEqual([[10, 5]]);
  expect(await search(content, { from: 11 })).toEqual([]);
  expect(await search(content, { from: 1_000 })).toEqual([]);
});

test("Frames of other places inside of values do not testify", async () => {
  const inner = segmentBytes([fence(5_000, 4_999), frame([put(5_000, "k", "v")], { floor: 4_999 })]).bytes;
  const other = segmentBytes([fence(6_000, 5_999)], placeOf(77n)).bytes;
  const value = concat([inner, other, MAGIC, MAGIC]);
  const { bytes } = segmentBytes([frame([{ sequence: 1, key: value, value, expiresAtMs: 0 }]), fence(2)]);
  expect((await search(bytes)).map(([, floor]) => floor)).toEqual([0, 1]);
});

test("Pieces of magics one upon the other hide nothing", async () => {
  const pieces = [MAGIC.subarray(0, 1), MAGIC.subarray(0, 2), MAGIC.subarray(0, 3), MAGIC];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), async (before) => {
      const prefix = concat(before);
      expect(await search(concat([prefix, frameBytes(fence(8, 5), PLACE, prefix.length)]))).toEqual([
        [prefix.length, 5],
      ]);
    }),
  );
});

test("Memory is four chunks, whatever the bytes say", async () => {
  const source = bytesSource(new Uint8Array(30 * CHUNK_BYTES).fill(0xc1));
  const read = vi.spyOn(source, "read");
  expect(await search(source, { chunkBytes: CHUNK_BYTES })).toEqual([]);
  const buffers = new Set(read.mock.calls.map(([target]) => target));
  expect([...buffers].map((buffer) => buffer.length)).toEqual([2 * CHUNK_BYTES, 2 * CHUNK_BYTES]);
});

test("Sources that give little at a time, or less than they said, are searched as far as they go", async () => {
  const { bytes } = segmentBytes([fence(2, 1), fence(2, 1), fence(2, 1)]);
  expect(await search(stingySource(bytes, 7))).toHaveLength(3);
  expect(await search(stingySource(bytes, 7, bytes.length + 500))).toHaveLength(3);
  expect(await search(new Uint8Array(0))).toEqual([]);
});

test("What the source or the callback throws reaches the caller unchanged", async () => {
  const broken = new Error("the disk is gone");
  const { bytes } = segmentBytes([fence(2)]);
  await expect(search(failingSource(bytes, 10, broken))).rejects.toBe(broken);
  const onTestimony = () => {
    throw broken;
  };
  await expect(findTestimony(bytesSource(bytes), { place: PLACE, from: 0, onTestimony })).rejects.toBe(broken);
});
