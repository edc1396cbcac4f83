import { crc32 } from "./crc32.ts";
import { checkInteger, invalidArgument } from "./errors.ts";
import { readU32, readU56, readU64, writeU32, writeU56, writeU64 } from "./integers.ts";
import { FRAME_HEADER_BYTES, RECORD_HEADER_BYTES, SEGMENT_BYTES_MAX, SEQUENCE_MAX } from "./limits.ts";
import { FRAME_MAGIC_0, FRAME_MAGIC_1, FRAME_MAGIC_2, FRAME_MAGIC_3 } from "./magic.ts";
import { type Place, placeMask } from "./place.ts";
import { FLAG_ALWAYS, newRecordFields, readRecord, sealRecord, verifyRecord } from "./record.ts";

/**
 * A frame: the unit of atomicity, one or more commits that reached the log together. FORMAT.md, "Frame":
 *
 *     0       4     8              12            16      17              24      32
 *     | magic | crc | payloadBytes | recordCount | flags | firstSequence | floor | records ... |
 *
 * `crc` covers the header behind it and is bound to its place; each record has a checksum of its own. A frame is read
 * whole or not at all, so a batch inside of one needs no commit marker. A *fence* is a frame with no record, written
 * for its floor alone.
 */
export interface FrameHeader {
  /** Bytes of the records behind the header. */
  readonly payloadBytes: number;
  readonly recordCount: number;
  /** The sequence of the first record; of a fence the next one expected; of a sparse frame the lowest. */
  readonly firstSequence: number;
  /** The frame's testimony: the last sequence known durable when it was written; 0 for none. */
  readonly floor: number;
  /** Its writes are acknowledged only when synced; `false`: when the operating system has them. */
  readonly acknowledgedWhenSynced: boolean;
  /** Of a merged segment: the sequences inside are neither consecutive nor in order. */
  readonly sparse: boolean;
}

const FLAG_WHEN_SYNCED = 0x01;
const FLAG_SPARSE = 0x02;
const FLAGS_FIXED = 0xfc;

/** What the header's checksum covers begins here. */
const COVERED_AT = 8;

/** Scratch of the walks, so that none of them allocates. */
const fields = newRecordFields();

/**
 * Makes `buffer[start..end)` a frame. `buffer[start..start + 32)` is room for the header; the records, as
 * `writeRecordHeader` and the caller wrote them, lie behind it up to `end`. Fills in every record's checksum, and the
 * header. Allocates nothing.
 * @param fileOffset where `buffer[start]` will lie in the file that `place` is of
 * @throws FormatError `FORMAT_INVALID_ARGUMENT` if a field is out of its range, the frame would reach beyond
 * `SEGMENT_BYTES_MAX`, or the records are not those that the header announces; the frame must not be used then
 */
export function sealFrame(
  buffer: Uint8Array,
  start: number,
  end: number,
  header: Omit<FrameHeader, "payloadBytes">,
  place: Place,
  fileOffset: number,
): void {
  checkHeader(buffer, start, end, header, fileOffset);
  const flaw = walkRecords(buffer, start, end, header, place, fileOffset, true);
  if (flaw !== undefined) throw invalidArgument("records", `must be as the header says: ${flaw}`, header.recordCount);
  writeHeader(buffer, start, end, header, place, fileOffset);
}

/**
 * As `sealFrame`, for records that are bound to their places already (`moveRecord`): writes the header alone. That the
 * records are those which the header announces is for the caller to know, as none of them is looked at.
 * @throws FormatError `FORMAT_INVALID_ARGUMENT` if a field is out of its range, or the frame would reach beyond
 * `SEGMENT_BYTES_MAX`; nothing is written then
 */
export function sealFrameHeader(
  buffer: Uint8Array,
  start: number,
  end: number,
  header: Omit<FrameHeader, "payloadBytes">,
  place: Place,
  fileOffset: number,
): void {
  checkHeader(buffer, start, end, header, fileOffset);
  writeHeader(buffer, start, end, header, place, fileOffset);
}

/**
 * The frame header at `at`, or `undefined` if no valid one for this place lies in `bytes[at..limit)`. Says nothing of
 * the payload, which may be missing: a header alone testifies.
 * @param fileOffset where `bytes[at]` lies in the file that `place` is of
 */
export function readFrameHeader(
  bytes: Uint8Array,
  at: number,
  limit: number,
  place: Place,
  fileOffset: number,
): FrameHeader | undefined {
  if (limit - at < FRAME_HEADER_BYTES || !hasFrameMagic(bytes, at)) return undefined;
  const flags = bytes[at + 16]!;
  if ((flags & FLAGS_FIXED) !== FLAG_ALWAYS) return undefined;
  if (readU32(bytes, at + 4) !== headerChecksum(bytes, at, place, fileOffset)) return undefined;
  const header: FrameHeader = {
    payloadBytes: readU32(bytes, at + 8),
    recordCount: readU32(bytes, at + 12),
    firstSequence: readU56(bytes, at + 17),
    floor: readU64(bytes, at + 24),
    acknowledgedWhenSynced: (flags & FLAG_WHEN_SYNCED) !== 0,
    sparse: (flags & FLAG_SPARSE) !== 0,
  };
  return isPossible(header) ? header : undefined;
}

/**
 * Why the payload of the frame at `at`, whole in `bytes`, is not what its header says; `undefined` if it is: the records
 * fill it exactly, each verifies at its place, there are as many as announced, and their sequences are the announced ones.
 */
export function flawOfPayload(
  bytes: Uint8Array,
  at: number,
  header: FrameHeader,
  place: Place,
  fileOffset: number,
): string | undefined {
  return walkRecords(bytes, at, at + FRAME_HEADER_BYTES + header.payloadBytes, header, place, fileOffset, false);
}

/** Whether a frame's magic stands at `at`. */
export function hasFrameMagic(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === FRAME_MAGIC_0 &&
    bytes[at + 1] === FRAME_MAGIC_1 &&
    bytes[at + 2] === FRAME_MAGIC_2 &&
    bytes[at + 3] === FRAME_MAGIC_3
  );
}

function checkHeader(
  buffer: Uint8Array,
  start: number,
  end: number,
  header: Omit<FrameHeader, "payloadBytes">,
  fileOffset: number,
): void {
  checkInteger("end", end, start + FRAME_HEADER_BYTES, buffer.length);
  checkInteger("fileOffset", fileOffset, 0, SEGMENT_BYTES_MAX - (end - start));
  checkInteger("floor", header.floor, 0, SEQUENCE_MAX);
  checkInteger("firstSequence", header.firstSequence, 1, SEQUENCE_MAX);
}

function writeHeader(
  buffer: Uint8Array,
  start: number,
  end: number,
  header: Omit<FrameHeader, "payloadBytes">,
  place: Place,
  fileOffset: number,
): void {
  buffer[start] = FRAME_MAGIC_0;
  buffer[start + 1] = FRAME_MAGIC_1;
  buffer[start + 2] = FRAME_MAGIC_2;
  buffer[start + 3] = FRAME_MAGIC_3;
  writeU32(buffer, start + 8, end - start - FRAME_HEADER_BYTES);
  writeU32(buffer, start + 12, header.recordCount);
  buffer[start + 16] =
    FLAG_ALWAYS | (header.acknowledgedWhenSynced ? FLAG_WHEN_SYNCED : 0) | (header.sparse ? FLAG_SPARSE : 0);
  writeU56(buffer, start + 17, header.firstSequence);
  writeU64(buffer, start + 24, header.floor);
  writeU32(buffer, start + 4, headerChecksum(buffer, start, place, fileOffset));
}

function headerChecksum(bytes: Uint8Array, at: number, place: Place, fileOffset: number): number {
  return (crc32(bytes, at + COVERED_AT, at + FRAME_HEADER_BYTES) ^ placeMask(place, fileOffset)) >>> 0;
}

function isPossible(header: FrameHeader): boolean {
  return (
    header.firstSequence >= 1 &&
    header.firstSequence <= SEQUENCE_MAX &&
    header.floor <= SEQUENCE_MAX &&
    header.recordCount * RECORD_HEADER_BYTES <= header.payloadBytes &&
    (header.recordCount !== 0 || header.payloadBytes === 0)
  );
}

/**
 * The one walk over a frame's records, so that what is checked on reading is what was checked on writing. With
 * `sealing` it writes every record's checksum, without it compares them.
 */
function walkRecords(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Omit<FrameHeader, "payloadBytes">,
  place: Place,
  fileOffset: number,
  sealing: boolean,
): string | undefined {
  let count = 0;
  let lowest = header.firstSequence;
  for (let at = start + FRAME_HEADER_BYTES; at < end; at = fields.end) {
    if (!readRecord(bytes, at, end, fields)) return "a record is not well-formed";
    const offset = fileOffset + (at - start);
    if (sealing) sealRecord(bytes, at, fields.end, place, offset);
    else if (!verifyRecord(bytes, at, fields.end, place, offset)) return "a record's checksum does not match";
    if (!header.sparse && fields.sequence !== header.firstSequence + count) return "sequences are not consecutive";
    if (count === 0 || fields.sequence < lowest) lowest = fields.sequence;
    count++;
  }
  if (count !== header.recordCount) return "the number of records differs";
  return lowest === header.firstSequence ? undefined : "the lowest sequence differs";
}
