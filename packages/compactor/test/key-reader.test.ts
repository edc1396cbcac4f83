import { bytesSource, KEY_BYTES_MAX, placeOf } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { KeyReader } from "../src/key-reader.ts";
import type { MergeInput } from "../src/index.ts";

/** An input of which only the bytes matter: no two near each other are alike. Counts its reads. */
function inputOf(segmentId: number, bytes: number): MergeInput & { readonly content: Uint8Array; reads: number } {
  const content = Uint8Array.from({ length: bytes }, (_, at) => (at * 2_654_435_761 + segmentId * 40_503) >>> 24);
  const source = bytesSource(content);
  const input = {
    segmentId,
    place: placeOf(BigInt(segmentId)),
    sealedBytes: bytes,
    lowestSequence: 1,
    highestSequence: 1,
    content,
    reads: 0,
    source: {
      bytes,
      read: (target: Uint8Array, at: number, count: number, position: number) => {
        input.reads += 1;
        return source.read(target, at, count, position);
      },
    },
  };
  return input;
}

async function keyAt(reader: KeyReader, input: MergeInput, offset: number, keyBytes: number): Promise<Uint8Array> {
  await reader.read(input, offset, keyBytes);
  return reader.bytes.slice(reader.start, reader.start + keyBytes);
}

describe("a KeyReader", () => {
  test("reads keys of every length, also those that lie across the end of what it has", async () => {
    const input = inputOf(1, 400_000);
    const reader = new KeyReader();
    let offset = 50;
    for (const keyBytes of [0, 1, 65_000, KEY_BYTES_MAX, 3, 40_000, 40_000, 20_000, KEY_BYTES_MAX, 0, 10]) {
      const key = await keyAt(reader, input, offset, keyBytes);
      expect(key).toEqual(input.content.subarray(offset, offset + keyBytes));
      offset += keyBytes + 26;
    }
  });

  test("reads once for many keys that lie close together", async () => {
    const input = inputOf(1, 100_000);
    const reader = new KeyReader();
    for (let offset = 0; offset < 100_000; offset += 1_000) await reader.read(input, offset, 16);
    expect(input.reads).toBe(1);
  });

  test("reads up to the end of an input, then the next input, and back again if it must", async () => {
    const first = inputOf(1, 1_000);
    const second = inputOf(2, 1_000);
    const reader = new KeyReader();
    expect(await keyAt(reader, first, 990, 10)).toEqual(first.content.subarray(990));
    expect(await keyAt(reader, second, 992, 8)).toEqual(second.content.subarray(992));
    expect(await keyAt(reader, second, 100, 8)).toEqual(second.content.subarray(100, 108));
    expect(await keyAt(reader, first, 0, 5)).toEqual(first.content.subarray(0, 5));
  });

  test("reads nothing twice: what it has reaches from the first byte to the last, and no further than the input", async () => {
    const input = inputOf(1, 1_000);
    const read = input.source.read.bind(input.source);
    input.source.read = (target, at, count, position) => {
      expect(position + count).toBeLessThanOrEqual(input.sealedBytes);
      return read(target, at, count, position);
    };
    const reader = new KeyReader();
    expect(await keyAt(reader, input, 100, 8)).toEqual(input.content.subarray(100, 108));
    expect(await keyAt(reader, input, 100, 3)).toEqual(input.content.subarray(100, 103));
    expect(await keyAt(reader, input, 990, 10)).toEqual(input.content.subarray(990));
    expect(input.reads).toBe(1);
  });
});
