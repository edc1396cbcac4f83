import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  crc32,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  placeMask,
  placeOf,
  readFrameHeader,
  RECORD_HEADER_BYTES,
  sealFrame,
  sealFrameHeader,
  SEGMENT_BYTES_MAX,
  SEQUENCE_MAX,
  verifyRecord,
} from "../src/index.ts";
import { writeU32 } from "../src/integers.ts";
import {
  anyBytes,
  anyLog,
  concat,
  fence,
  flippedBits,
  frame,
  frameBytes,
  PLACE,
  put,
  tombstone,
  writeRecord,
} from "./support.ts";

const OFFSET = 1_000;
const example = frameBytes(frame([put(8, "key", "value"), tombstone(9, "key")]), PLACE, OFFSET);

function headerOf(bytes: Uint8Array, offset = OFFSET): FrameHeader | undefined {
  return readFrameHeader(bytes, 0, bytes.length, PLACE, offset);
}

/** Makes the header's checksum right again after a change. */
function resealed(bytes: Uint8Array): Uint8Array {
  writeU32(bytes, 4, crc32(bytes, 8, FRAME_HEADER_BYTES) ^ placeMask(PLACE, OFFSET));
  return bytes;
}

test("A frame's header comes back as it was sealed", () => {
  fc.assert(
    fc.property(anyLog, fc.integer({ min: 0, max: 2 ** 31 }), (log, offset) => {
      for (const spec of log) {
        const bytes = frameBytes(spec, PLACE, offset);
        expect(headerOf(bytes, offset)).toEqual({
          payloadBytes: bytes.length - FRAME_HEADER_BYTES,
          recordCount: spec.records.length,
          firstSequence: spec.firstSequence,
          floor: spec.floor,
          acknowledgedWhenSynced: spec.acknowledgedWhenSynced,
          sparse: false,
        });
      }
    }),
  );
});

test("The header's bytes lie as FORMAT.md says", () => {
  const bytes = frameBytes(frame([put(0x010203, "", "")], { floor: 0x0a0b, sparse: true }), PLACE, OFFSET);
  expect([...bytes.subarray(0, 4)]).toEqual([0xc1, 0xf6, 0x48, 0x46]);
  expect([...bytes.subarray(8, FRAME_HEADER_BYTES)]).toEqual([
    ...[18, 0, 0, 0, 1, 0, 0, 0, 0x83],
    ...[3, 2, 1, 0, 0, 0, 0],
    ...[0x0b, 0x0a, 0, 0, 0, 0, 0, 0],
  ]);
});

test("Sealing fills in every record's checksum for its own place", () => {
  const first = FRAME_HEADER_BYTES;
  const second = first + RECORD_HEADER_BYTES + 8;
  expect(verifyRecord(example, first, second, PLACE, OFFSET + first)).toBe(true);
  expect(verifyRecord(example, second, example.length, PLACE, OFFSET + second)).toBe(true);
});

test("A frame can be sealed anywhere in a larger buffer, which stays as it is around it", () => {
  const buffer = new Uint8Array(example.length + 30).fill(0xee);
  const end = writeRecord(
    buffer,
    writeRecord(buffer, 10 + FRAME_HEADER_BYTES, put(8, "key", "value")),
    tombstone(9, "key"),
  );
  const header = { recordCount: 2, firstSequence: 8, floor: 7, acknowledgedWhenSynced: true, sparse: false };
  sealFrame(buffer, 10, end, header, PLACE, OFFSET);
  expect(buffer.subarray(10, end)).toEqual(example);
  expect(buffer.subarray(0, 10).every((byte) => byte === 0xee)).toBe(true);
  expect(buffer.subarray(end).every((byte) => byte === 0xee)).toBe(true);
});

test("A fence is a frame of 32 bytes that testifies its floor", () => {
  const bytes = frameBytes(fence(100, 42), PLACE, OFFSET);
  expect(bytes).toHaveLength(32);
  expect(headerOf(bytes)).toMatchObject({ payloadBytes: 0, recordCount: 0, firstSequence: 100, floor: 42 });
});

test("A header with any bit flipped is none", () => {
  for (const { flipped } of flippedBits(example.slice(0, FRAME_HEADER_BYTES))) {
    expect(headerOf(flipped)).toBeUndefined();
  }
});

test("A header at any other offset or of any other identity is none", () => {
  for (let offset = 0; offset < 3_000; offset++) {
    expect(headerOf(example, offset) !== undefined).toBe(offset === OFFSET);
  }
  const other = placeOf(PLACE.identity ^ (1n << 40n));
  expect(readFrameHeader(example, 0, example.length, other, OFFSET)).toBeUndefined();
});

test("A header is read without its payload, but not when it is cut itself", () => {
  for (let limit = 0; limit <= example.length; limit++) {
    const found = readFrameHeader(example, 0, limit, PLACE, OFFSET) !== undefined;
    expect(found).toBe(limit >= FRAME_HEADER_BYTES);
  }
});

test("A header in the middle of a buffer is read up to the limit, and not when that cuts it", () => {
  const buffer = concat([new Uint8Array(40), example]);
  const limits = [40, 40 + FRAME_HEADER_BYTES - 1, 40 + FRAME_HEADER_BYTES, buffer.length];
  const found = limits.map((limit) => readFrameHeader(buffer, 40, limit, PLACE, OFFSET) !== undefined);
  expect(found).toEqual([false, false, true, true]);
});

test("Zero bytes are no header", () => {
  expect(headerOf(new Uint8Array(64))).toBeUndefined();
});

test("Fields that cannot be make it no header, though its checksum is right", () => {
  const forge = (change: (bytes: Uint8Array) => void) => {
    const bytes = example.slice();
    change(bytes);
    return headerOf(resealed(bytes));
  };
  expect(forge(() => {})).toBeDefined();
  expect(forge((bytes) => writeU32(bytes, 8, 35))).toBeUndefined(); // two records need 36 bytes
  expect(forge((bytes) => writeU32(bytes, 12, 0))).toBeUndefined(); // a payload without a record
  expect(forge((bytes) => bytes.fill(0x01, 16, 17))).toBeUndefined(); // the flag that is always set is not
  expect(forge((bytes) => bytes.fill(0x84, 16, 17))).toBeUndefined(); // a reserved flag
  expect(forge((bytes) => bytes.fill(0, 17, 24))).toBeUndefined(); // sequence 0
  expect(forge((bytes) => bytes.fill(0xff, 17, 24))).toBeUndefined(); // sequence 2^56 - 1
  expect(forge((bytes) => bytes.fill(0xff, 24, 32))).toBeUndefined(); // floor 2^64 - 1
});

test("Arbitrary bytes behind a magic are no header", () => {
  fc.assert(
    fc.property(anyBytes(64), (bytes) => {
      bytes.set(example.subarray(0, Math.min(4, bytes.length)));
      expect(headerOf(bytes)).toBeUndefined();
    }),
  );
});

test("The highest sequence fits in a frame", () => {
  const bytes = frameBytes(frame([put(SEQUENCE_MAX, "k", "v")]), PLACE, OFFSET);
  expect(headerOf(bytes)).toMatchObject({ firstSequence: SEQUENCE_MAX, floor: SEQUENCE_MAX - 1 });
  expect(headerOf(frameBytes(fence(SEQUENCE_MAX, SEQUENCE_MAX), PLACE, OFFSET))).toMatchObject({ floor: SEQUENCE_MAX });
});

test("A sparse frame holds sequences in any order, and the lowest is its first", () => {
  const records = [put(50, "a", "1"), put(20, "b", "2"), tombstone(90, "c")];
  expect(headerOf(frameBytes(frame(records, { sparse: true }), PLACE, OFFSET))).toMatchObject({
    firstSequence: 20,
    recordCount: 3,
    sparse: true,
  });
});

test("Records that are not those of the header are refused, and why", () => {
  const sealing = (records: Parameters<typeof frame>[0], rest: Parameters<typeof frame>[1]) => () =>
    frameBytes(frame(records, rest), PLACE, OFFSET);
  const refusal = (why: string) =>
    expect.objectContaining({
      code: "FORMAT_INVALID_ARGUMENT",
      argument: "records",
      message: `records must be as the header says: ${why}`,
    });
  const consecutive = refusal("sequences are not consecutive");
  expect(sealing([put(1, "a", ""), put(3, "b", "")], {})).toThrow(consecutive);
  expect(sealing([put(2, "a", ""), put(1, "b", "")], {})).toThrow(consecutive); // not in order
  expect(sealing([put(2, "a", "")], { firstSequence: 1 })).toThrow(consecutive); // another first
  const lowest = refusal("the lowest sequence differs");
  expect(sealing([put(2, "a", "")], { firstSequence: 1, sparse: true })).toThrow(lowest);
});

test("A payload that is not the announced number of whole records is refused", () => {
  const header = { recordCount: 2, firstSequence: 8, floor: 7, acknowledgedWhenSynced: true, sparse: false };
  const refusal = (why: string) =>
    expect.objectContaining({ argument: "records", message: `records must be as the header says: ${why}` });
  const buffer = example.slice();
  const seal = (end: number, recordCount: number) => () =>
    sealFrame(buffer, 0, end, { ...header, recordCount }, PLACE, OFFSET);
  expect(seal(buffer.length, 2)).not.toThrow();
  expect(seal(buffer.length, 1)).toThrow(refusal("the number of records differs"));
  expect(seal(buffer.length, 3)).toThrow(refusal("the number of records differs"));
  expect(seal(buffer.length - 1, 2)).toThrow(refusal("a record is not well-formed"));
  expect(seal(FRAME_HEADER_BYTES, 1)).toThrow(refusal("the number of records differs"));
});

test("Fields out of range are refused", () => {
  const header = { recordCount: 0, firstSequence: 8, floor: 7, acknowledgedWhenSynced: true, sparse: false };
  const buffer = new Uint8Array(64);
  const seal =
    (rest: object, end = 32, offset = OFFSET, start = 0) =>
    () =>
      sealFrame(buffer, start, end, { ...header, ...rest }, PLACE, offset);
  const refusal = (argument: string) => expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument });
  expect(seal({})).not.toThrow();
  expect(seal({ floor: -1 })).toThrow(refusal("floor"));
  expect(seal({ floor: 2 ** 53 })).toThrow(refusal("floor"));
  expect(seal({ firstSequence: 0 })).toThrow(refusal("firstSequence"));
  expect(seal({ firstSequence: 2 ** 53 })).toThrow(refusal("firstSequence"));
  expect(seal({}, 31)).toThrow(refusal("end"));
  expect(seal({}, 65)).toThrow(refusal("end"));
  expect(seal({}, 32, -1)).toThrow(refusal("fileOffset"));
  expect(seal({}, 32, SEGMENT_BYTES_MAX - 31)).toThrow(refusal("fileOffset"));
  expect(seal({}, 32, SEGMENT_BYTES_MAX - 32)).not.toThrow();
  expect(seal({}, 64, SEGMENT_BYTES_MAX - 32, 32)).not.toThrow();
});

test("A header sealed alone is the one that sealing the frame gives, and leaves the records as they are", () => {
  const bytes = example.slice();
  bytes.fill(0xff, 0, FRAME_HEADER_BYTES);
  sealFrameHeader(bytes, 0, bytes.length, headerOf(example)!, PLACE, OFFSET);
  expect(bytes).toEqual(example);
});

test("A header sealed alone is refused when a field is out of range, and nothing is written", () => {
  const bytes = example.slice();
  const header = { ...headerOf(example)!, floor: -1 };
  const refusal = expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument: "floor" });
  expect(() => sealFrameHeader(bytes, 0, bytes.length, header, PLACE, OFFSET)).toThrow(refusal);
  expect(bytes).toEqual(example);
});
