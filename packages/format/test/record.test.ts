import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  crc32,
  FormatError,
  KEY_BYTES_MAX,
  moveRecord,
  newRecordFields,
  placeMask,
  placeOf,
  readRecord,
  RECORD_HEADER_BYTES,
  recordBytes,
  recordBytesAt,
  SEQUENCE_MAX,
  verifyRecord,
  writeRecordHeader,
} from "../src/index.ts";
import { readU32, writeU32 } from "../src/integers.ts";
import { sealRecord } from "../src/record.ts";
import {
  anyBytes,
  anyContent,
  bytesOfRecord,
  flippedBits,
  PLACE,
  put,
  type RecordSpec,
  recordsIn,
  tombstone,
  utf8,
  writeRecord,
} from "./support.ts";

/** A record's bytes, its checksum right for `offset`. */
function sealed(record: RecordSpec, offset = 64): Uint8Array {
  const bytes = new Uint8Array(bytesOfRecord(record));
  sealRecord(bytes, 0, writeRecord(bytes, 0, record), PLACE, offset);
  return bytes;
}

function isRecord(bytes: Uint8Array, offset = 64): boolean {
  const fields = newRecordFields();
  return readRecord(bytes, 0, bytes.length, fields) && verifyRecord(bytes, 0, fields.end, PLACE, offset);
}

const anySequence = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: SEQUENCE_MAX }));
const anyRecord = fc.tuple(anyContent, anySequence).map(([content, sequence]) => ({ ...content, sequence }));

test("A record comes back as it was written, at its place", () => {
  fc.assert(
    fc.property(anyRecord, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (record, offset) => {
      const bytes = sealed(record, offset);
      expect(recordsIn(bytes, 0, bytes.length)).toEqual([record]);
      expect(isRecord(bytes, offset)).toBe(true);
    }),
  );
});

test("A record's header tells how long all of it is, and no fewer bytes than that do", () => {
  fc.assert(
    fc.property(anyRecord, fc.nat({ max: 40 }), (record, more) => {
      const bytes = sealed(record);
      const around = new Uint8Array(more + bytes.length + more).fill(0xff);
      around.set(bytes, more);
      const limit = more + RECORD_HEADER_BYTES;
      expect(recordBytesAt(around, more, limit)).toBe(bytes.length);
      expect(recordBytesAt(around, more, around.length)).toBe(bytes.length);
      for (let cut = 1; cut <= RECORD_HEADER_BYTES; cut += 1) {
        expect(recordBytesAt(around, more, limit - cut)).toBeUndefined();
      }
    }),
  );
});

test("What cannot be a record's header is not asked how long it is", () => {
  const bytes = sealed(put(1, "key", "value"));
  for (const flags of [0x00, 0x01, 0x7f, 0x83, 0x84, 0xff]) {
    bytes[4] = flags;
    expect(recordBytesAt(bytes, 0, bytes.length)).toBeUndefined();
  }
});

const extremes: [string, RecordSpec][] = [
  ["an empty key", put(1, "", "value")],
  ["an empty value", put(1, "key", "")],
  ["an empty key and an empty value", put(1, "", "")],
  ["a key of one byte", put(1, "k", "value")],
  ["the longest key", { ...put(1, "", "value"), key: new Uint8Array(KEY_BYTES_MAX).fill(0xc1) }],
  ["a long value", { ...put(1, "key", ""), value: new Uint8Array(300_000).fill(7) }],
  ["the highest sequence", put(SEQUENCE_MAX, "key", "value")],
  ["the latest expiry", put(1, "key", "value", Number.MAX_SAFE_INTEGER)],
  ["the earliest expiry", put(1, "key", "value", 1)],
  ["a tombstone of the empty key", tombstone(2 ** 32, "")],
];

test.each(extremes)("A record with %s is an ordinary record", (_, record) => {
  const bytes = sealed(record);
  expect(recordsIn(bytes, 0, bytes.length)).toEqual([record]);
  expect(isRecord(bytes)).toBe(true);
});

test("The header's bytes lie as FORMAT.md says", () => {
  const bytes = sealed(put(0x1f_1112_1314_1516, "ab", "cde", 0x01_0203_0405_0607));
  const stored = (crc32(bytes, 4) ^ placeMask(PLACE, 64)) >>> 0;
  expect([...bytes.subarray(4)]).toEqual([
    ...[0x82, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x1f, 2, 0, 3, 0, 0, 0],
    ...[7, 6, 5, 4, 3, 2, 1, 0],
    ...utf8("abcde"),
  ]);
  expect(readU32(bytes, 0)).toBe(stored);
});

test("The length of a record is the sum of its parts", () => {
  expect(recordBytes(0, 0, false)).toBe(18);
  expect(recordBytes(5, 100, true)).toBe(18 + 8 + 5 + 100);
  expect(recordBytes(KEY_BYTES_MAX, 2 ** 32 - 1, true)).toBe(18 + 8 + 65_535 + 2 ** 32 - 1);
});

test("A record that is cut anywhere is none", () => {
  for (const record of [put(5, "key", "value", 99), tombstone(6, "key")]) {
    const bytes = sealed(record);
    for (let limit = 0; limit < bytes.length; limit++) {
      expect(readRecord(bytes, 0, limit, newRecordFields())).toBe(false);
    }
    expect(readRecord(bytes, 0, bytes.length, newRecordFields())).toBe(true);
  }
});

test("A record that is an expiry and nothing else is cut by any byte that is missing", () => {
  const bytes = sealed(put(5, "", "", 77));
  const fields = newRecordFields();
  expect(bytes).toHaveLength(26);
  for (let limit = 0; limit <= 26; limit++) expect(readRecord(bytes, 0, limit, fields)).toBe(limit === 26);
});

test("A record with any bit flipped does not verify", () => {
  for (const record of [put(5, "key", "value"), put(5, "key", "value", 12_345), tombstone(6, "key")]) {
    for (const { flipped } of flippedBits(sealed(record))) expect(isRecord(flipped)).toBe(false);
  }
});

test("A record with a reserved flag is none, though its checksum is right", () => {
  for (const flag of [0x04, 0x08, 0x10, 0x20, 0x40]) {
    const bytes = sealed(put(5, "key", "value"));
    bytes[4]! |= flag;
    sealRecord(bytes, 0, bytes.length, PLACE, 64);
    expect(isRecord(bytes)).toBe(false);
  }
});

test("There is one encoding of every record: any other is none, though its checksum is right", () => {
  const forge = (record: RecordSpec, change: (bytes: Uint8Array) => void) => {
    const bytes = sealed(record);
    change(bytes);
    sealRecord(bytes, 0, bytes.length, PLACE, 64);
    return isRecord(bytes);
  };
  const plain = put(5, "key", "value-value");
  expect(forge(plain, () => {})).toBe(true);
  expect(forge(plain, (bytes) => bytes.fill(0, 5, 12))).toBe(false); // sequence 0
  expect(forge(plain, (bytes) => bytes.fill(0xff, 5, 12))).toBe(false); // sequence 2^56 - 1
  expect(forge(plain, (bytes) => bytes.set([0, 0, 0, 0, 0, 0, 0x20], 5))).toBe(false); // sequence 2^53
  expect(forge(plain, (bytes) => bytes.fill(0x02, 4, 5))).toBe(false); // the flag that is always set is not
  expect(forge(plain, (bytes) => bytes.fill(0x81, 4, 5))).toBe(false); // a tombstone with a value
  expect(forge(put(5, "key", "", 77), (bytes) => bytes.fill(0x83, 4, 5))).toBe(false); // ... with an expiry
  const expiring = put(5, "key", "value", 77);
  expect(forge(expiring, (bytes) => bytes.fill(0, 18, 26))).toBe(false); // an expiry of "never"
  expect(forge(expiring, (bytes) => bytes.set([0, 0, 0, 0, 0, 0, 0x20, 0], 18))).toBe(false); // expiry 2^53
});

test("Zero bytes are no record, at any length", () => {
  for (const length of [18, 19, 64, 4_096]) {
    expect(readRecord(new Uint8Array(length), 0, length, newRecordFields())).toBe(false);
  }
});

test("A record at any other offset or of any other identity does not verify", () => {
  const bytes = sealed(put(5, "key", "value"), 1_000);
  expect(isRecord(bytes, 1_000)).toBe(true);
  for (let offset = 0; offset < 5_000; offset++) expect(isRecord(bytes, offset)).toBe(offset === 1_000);
  for (const bit of [0n, 1n, 31n, 32n, 63n]) {
    const other = placeOf(PLACE.identity ^ (1n << bit));
    expect(verifyRecord(bytes, 0, bytes.length, other, 1_000)).toBe(false);
  }
});

test("A moved record verifies at its target, no longer at its source, and only its checksum changed", () => {
  const anyOffset = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const target = placeOf(0xfeed_beefn);
  fc.assert(
    fc.property(anyRecord, anyOffset, anyOffset, (record, from, to) => {
      const bytes = sealed(record, from);
      const before = bytes.slice();
      expect(moveRecord(bytes, 0, bytes.length, PLACE, from, target, to)).toBe(true);
      expect(verifyRecord(bytes, 0, bytes.length, target, to)).toBe(true);
      expect(verifyRecord(bytes, 0, bytes.length, PLACE, from)).toBe(false);
      expect(bytes.subarray(4)).toEqual(before.subarray(4));
    }),
  );
});

test("A record that does not verify is not moved and not changed", () => {
  for (const { flipped } of flippedBits(sealed(put(5, "key", "value")))) {
    const before = flipped.slice();
    expect(moveRecord(flipped, 0, flipped.length, PLACE, 64, placeOf(9n), 0)).toBe(false);
    expect(flipped).toEqual(before);
  }
  const good = sealed(put(5, "key", "value"));
  expect(moveRecord(good, 0, good.length, PLACE, 65, placeOf(9n), 0)).toBe(false);
  expect(isRecord(good)).toBe(true);
});

test("Arbitrary bytes never read beyond the limit and never verify", () => {
  const fields = newRecordFields();
  fc.assert(
    fc.property(anyBytes(200), fc.nat(200), (bytes, cut) => {
      const limit = Math.min(cut, bytes.length);
      if (!readRecord(bytes, 0, limit, fields)) return;
      expect(fields.end).toBeLessThanOrEqual(limit);
      expect(verifyRecord(bytes, 0, fields.end, PLACE, 64)).toBe(false);
    }),
  );
});

test("Any well-formed record is exactly its fields written again", () => {
  const forms = fc.tuple(
    fc.constantFrom(0x80, 0x81, 0x82, 0x83, 0x84, 0xff),
    fc.integer({ min: 0, max: 40 }),
    anyBytes(90),
  );
  const fields = newRecordFields();
  fc.assert(
    fc.property(forms, ([flags, keyBytes, bytes]) => {
      fc.pre(bytes.length >= 60);
      bytes[4] = flags;
      bytes.fill(0, 9, 18);
      bytes[12] = keyBytes;
      if (!readRecord(bytes, 0, bytes.length, fields)) return;
      const again = new Uint8Array(fields.end);
      const [record] = recordsIn(bytes, 0, fields.end);
      writeRecord(again, 0, record!);
      writeU32(bytes, 0, 0);
      expect(again).toEqual(bytes.slice(0, fields.end));
    }),
  );
});

test("The checksum is left 0, whatever lay there before", () => {
  const target = new Uint8Array(RECORD_HEADER_BYTES + 20).fill(0xaa);
  writeRecordHeader(target, 3, 1, 4, 5, false, 0);
  expect([...target.subarray(2, 8)]).toEqual([0xaa, 0, 0, 0, 0, 0x80]);
});

const refused: [string, [number, number, number, boolean, number]][] = [
  ["sequence", [0, 3, 5, false, 0]],
  ["sequence", [2 ** 53, 3, 5, false, 0]],
  ["sequence", [1.5, 3, 5, false, 0]],
  ["keyBytes", [1, KEY_BYTES_MAX + 1, 5, false, 0]],
  ["keyBytes", [1, -1, 5, false, 0]],
  ["valueBytes", [1, 3, 2 ** 32, false, 0]],
  ["valueBytes", [1, 3, Number.NaN, false, 0]],
  ["expiresAtMs", [1, 3, 5, false, -1]],
  ["expiresAtMs", [1, 3, 5, false, 2 ** 53]],
  ["tombstone", [1, 3, 5, true, 0]],
  ["tombstone", [1, 3, 0, true, 7]],
  ["target", [1, 3, 100, false, 0]],
];

test.each(refused)("A wrong %s is refused before anything is written: %j", (argument, fields) => {
  const target = new Uint8Array(RECORD_HEADER_BYTES + 20).fill(0xaa);
  const writing = () => writeRecordHeader(target, 0, ...fields);
  expect(writing).toThrow(expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument }));
  expect(writing).toThrow(FormatError);
  expect(target.every((byte) => byte === 0xaa)).toBe(true);
});

test("A refusal says what is wrong", () => {
  const writing = (keyBytes: number, valueBytes: number, tombstone: boolean) => () =>
    writeRecordHeader(new Uint8Array(30), 0, 1, keyBytes, valueBytes, tombstone, 0);
  expect(writing(3, 5, true)).toThrow("tombstone has neither value nor expiry");
  expect(writing(3, 10, false)).toThrow("target is too small for the record");
});
