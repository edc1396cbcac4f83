import { crc32 } from "./crc32.ts";
import type { Decoded } from "./decoded.ts";
import { checkInteger } from "./errors.ts";
import { readBig64, readU32, writeBig64, writeU32 } from "./integers.ts";
import { FILE_ID_MAX, FORMAT_VERSION, SEGMENT_HEADER_BYTES } from "./limits.ts";
import { standsAt, SEGMENT_MAGIC } from "./magic.ts";
import { placeOf } from "./place.ts";

/**
 * The first bytes of a segment file. FORMAT.md, "Segment header":
 *
 *     0        8         12          16         24         28      32
 *     | magic  | version | segmentId | identity | zero     | crc   |
 *
 * The identity is random and chosen once; every checksum in the file depends on it (place.ts). The header's own
 * checksum is the bare CRC of the 28 bytes before it, as it must be readable by whoever does not know the identity yet.
 */
export interface SegmentHeader {
  /** 1 to 2^32 - 1: the number in the file's name. */
  readonly segmentId: number;
  /** Random, in `[0, 2^64)`. */
  readonly identity: bigint;
}

const CRC_AT = 28;

/**
 * The header's bytes, fresh.
 * @throws FormatError `FORMAT_INVALID_ARGUMENT`
 */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  checkInteger("segmentId", header.segmentId, 1, FILE_ID_MAX);
  placeOf(header.identity);
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  bytes.set(SEGMENT_MAGIC);
  writeU32(bytes, 8, FORMAT_VERSION);
  writeU32(bytes, 12, header.segmentId);
  writeBig64(bytes, 16, header.identity);
  writeU32(bytes, CRC_AT, crc32(bytes, 0, CRC_AT));
  return bytes;
}

/** Reads the header at the beginning of `bytes`, which may go on. Never throws. */
export function decodeSegmentHeader(bytes: Uint8Array): Decoded<SegmentHeader> {
  if (bytes.length < 12) return { kind: "damaged", reason: "short segment header" };
  if (!standsAt(bytes, 0, SEGMENT_MAGIC)) return { kind: "damaged", reason: "no segment magic" };
  const version = readU32(bytes, 8);
  // Told before anything else is looked at: a later version may lay out the rest as it likes.
  if (version > FORMAT_VERSION) return { kind: "version", version };
  if (bytes.length < SEGMENT_HEADER_BYTES) return { kind: "damaged", reason: "short segment header" };
  if (crc32(bytes, 0, CRC_AT) !== readU32(bytes, CRC_AT)) return { kind: "damaged", reason: "segment header checksum" };
  const segmentId = readU32(bytes, 12);
  if (version !== FORMAT_VERSION || segmentId === 0 || readU32(bytes, 24) !== 0) {
    return { kind: "damaged", reason: "segment header fields" };
  }
  return { kind: "ok", value: { segmentId, identity: readBig64(bytes, 16) } };
}
