import { crc32 } from "./crc32.ts";
import { checkInteger, invalidArgument } from "./errors.ts";
import { readU16, readU32, readU56, readU64, writeU16, writeU32, writeU56, writeU64 } from "./integers.ts";
import {
  EXPIRY_BYTES,
  EXPIRY_MAX,
  KEY_BYTES_MAX,
  RECORD_HEADER_BYTES,
  SEGMENT_BYTES_MAX,
  SEQUENCE_MAX,
} from "./limits.ts";
import { type Place, placeMask } from "./place.ts";

/**
 * A record: one put or one tombstone. FORMAT.md, "Record":
 *
 *     0     4       5          12         14           18
 *     | crc | flags | sequence | keyBytes | valueBytes | [expiry, 8] | key | value |
 *
 * `crc` covers everything behind it and is bound to its place (place.ts). There is exactly one encoding of every record:
 * reserved flags are zero, a tombstone has neither value nor expiry, and an expiry of 0 is left out. Reading checks that.
 */
/** Set in the flags of every record and every frame, so that zero bytes are neither. */
export const FLAG_ALWAYS = 0x80;
const FLAG_TOMBSTONE = 0x01;
const FLAG_EXPIRY = 0x02;
/** All bits but the known ones. They are for compression and encryption; until then a record with one set is damaged. */
const FLAGS_FIXED = 0xfc;
const FLAGS_IMPOSSIBLE = FLAG_ALWAYS | FLAG_TOMBSTONE | FLAG_EXPIRY;

const FLAGS_AT = 4;
const SEQUENCE_AT = 5;
const KEY_BYTES_AT = 12;
const VALUE_BYTES_AT = 14;

/** Bytes of a whole record, header, expiry, key and value. */
export function recordBytes(keyBytes: number, valueBytes: number, hasExpiry: boolean): number {
  return RECORD_HEADER_BYTES + (hasExpiry ? EXPIRY_BYTES : 0) + keyBytes + valueBytes;
}

/**
 * Writes a record's header and expiry into `target` from `at`, and returns where its key goes; its value follows the key.
 * The checksum is left 0: `sealFrame` fills it in, when the record's place is known.
 * @param expiresAtMs milliseconds since 1970, up to 2^53 - 1; 0 for none. A tombstone has none, and no value.
 * @throws FormatError `FORMAT_INVALID_ARGUMENT`, with nothing written, if a field is out of its range or the record
 * does not fit in `target`
 */
export function writeRecordHeader(
  target: Uint8Array,
  at: number,
  sequence: number,
  keyBytes: number,
  valueBytes: number,
  tombstone: boolean,
  expiresAtMs: number,
): number {
  checkInteger("sequence", sequence, 1, SEQUENCE_MAX);
  checkInteger("keyBytes", keyBytes, 0, KEY_BYTES_MAX);
  checkInteger("valueBytes", valueBytes, 0, SEGMENT_BYTES_MAX);
  checkInteger("expiresAtMs", expiresAtMs, 0, EXPIRY_MAX);
  const hasExpiry = expiresAtMs !== 0;
  if (tombstone && (hasExpiry || valueBytes !== 0)) {
    throw invalidArgument("tombstone", "has neither value nor expiry", valueBytes);
  }
  if (at + recordBytes(keyBytes, valueBytes, hasExpiry) > target.length) {
    throw invalidArgument("target", "is too small for the record", target.length);
  }
  writeU32(target, at, 0);
  target[at + FLAGS_AT] = FLAG_ALWAYS | (tombstone ? FLAG_TOMBSTONE : 0) | (hasExpiry ? FLAG_EXPIRY : 0);
  writeU56(target, at + SEQUENCE_AT, sequence);
  writeU16(target, at + KEY_BYTES_AT, keyBytes);
  writeU32(target, at + VALUE_BYTES_AT, valueBytes);
  if (!hasExpiry) return at + RECORD_HEADER_BYTES;
  writeU64(target, at + RECORD_HEADER_BYTES, expiresAtMs);
  return at + RECORD_HEADER_BYTES + EXPIRY_BYTES;
}

/** What `readRecord` finds. Mutable and the caller's: one object serves a whole scan. Positions are in the buffer. */
export interface RecordFields {
  tombstone: boolean;
  sequence: number;
  /** Milliseconds since 1970; 0 for none. */
  expiresAtMs: number;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  /** Where the record ends. */
  end: number;
}

/** Fields to be filled by `readRecord`. */
export function newRecordFields(): RecordFields {
  return { tombstone: false, sequence: 0, expiresAtMs: 0, keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0, end: 0 };
}

/**
 * Bytes of the whole record whose header lies at `at`, as that says: how much has to be there before `readRecord` is asked.
 * `undefined` if no header that could be one lies in `bytes[at..limit)`. Verifies nothing.
 */
export function recordBytesAt(bytes: Uint8Array, at: number, limit: number): number | undefined {
  if (limit - at < RECORD_HEADER_BYTES) return undefined;
  const flags = bytes[at + FLAGS_AT]!;
  if ((flags & FLAGS_FIXED) !== FLAG_ALWAYS || flags === FLAGS_IMPOSSIBLE) return undefined;
  return recordBytes(
    readU16(bytes, at + KEY_BYTES_AT),
    readU32(bytes, at + VALUE_BYTES_AT),
    (flags & FLAG_EXPIRY) !== 0,
  );
}

/**
 * Reads the structure of the record at `at` into `fields`: whether it lies in `[at, limit)` whole and every field is
 * possible. Says nothing of its checksum; on `false` the content of `fields` is undefined. `limit` is at most
 * `bytes.length`.
 */
export function readRecord(bytes: Uint8Array, at: number, limit: number, fields: RecordFields): boolean {
  if (limit - at < RECORD_HEADER_BYTES) return false;
  const flags = bytes[at + FLAGS_AT]!;
  if ((flags & FLAGS_FIXED) !== FLAG_ALWAYS || flags === FLAGS_IMPOSSIBLE) return false;
  fields.tombstone = (flags & FLAG_TOMBSTONE) !== 0;
  fields.sequence = readU56(bytes, at + SEQUENCE_AT);
  fields.expiresAtMs = 0;
  fields.keyStart = at + RECORD_HEADER_BYTES;
  if ((flags & FLAG_EXPIRY) !== 0 && !readExpiry(bytes, limit, fields)) return false;
  fields.keyEnd = fields.keyStart + readU16(bytes, at + KEY_BYTES_AT);
  fields.valueStart = fields.keyEnd;
  fields.valueEnd = fields.valueStart + readU32(bytes, at + VALUE_BYTES_AT);
  fields.end = fields.valueEnd;
  if (fields.end > limit || fields.sequence === 0 || fields.sequence > SEQUENCE_MAX) return false;
  return !fields.tombstone || fields.valueStart === fields.valueEnd;
}

function readExpiry(bytes: Uint8Array, limit: number, fields: RecordFields): boolean {
  const at = fields.keyStart;
  if (limit - at < EXPIRY_BYTES) return false;
  fields.expiresAtMs = readU64(bytes, at);
  fields.keyStart = at + EXPIRY_BYTES;
  return fields.expiresAtMs !== 0 && fields.expiresAtMs <= EXPIRY_MAX;
}

/**
 * Whether the checksum of the record `bytes[at..end)` is right for its place: `offset` is where its first byte lies in
 * the file that `place` is of. `end` is what `readRecord` gave.
 */
export function verifyRecord(bytes: Uint8Array, at: number, end: number, place: Place, offset: number): boolean {
  return readU32(bytes, at) === (crc32(bytes, at + FLAGS_AT, end) ^ placeMask(place, offset)) >>> 0;
}

/** Fills in the checksum of the record `bytes[at..end)` for its place. */
export function sealRecord(bytes: Uint8Array, at: number, end: number, place: Place, offset: number): void {
  writeU32(bytes, at, crc32(bytes, at + FLAGS_AT, end) ^ placeMask(place, offset));
}

/**
 * Verifies the record `bytes[at..end)` at its source place and binds it, where it lies in the buffer, to its target
 * place: one CRC pass, no other byte changes. Returns `false`, and changes nothing, if it does not verify.
 */
export function moveRecord(
  bytes: Uint8Array,
  at: number,
  end: number,
  source: Place,
  sourceOffset: number,
  target: Place,
  targetOffset: number,
): boolean {
  const crc = crc32(bytes, at + FLAGS_AT, end);
  if (readU32(bytes, at) !== (crc ^ placeMask(source, sourceOffset)) >>> 0) return false;
  writeU32(bytes, at, crc ^ placeMask(target, targetOffset));
  return true;
}
