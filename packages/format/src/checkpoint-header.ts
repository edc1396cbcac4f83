import {
  aligned,
  byteOrderMark,
  CHECKPOINT_FIXED_BYTES,
  CHECKPOINT_SEGMENT_BYTES,
  type CheckpointHeader,
  type CheckpointSegment,
} from "./checkpoint-layout.ts";
import { flawOfCheckpointHeader } from "./checkpoint-rules.ts";
import { crc32 } from "./crc32.ts";
import type { Decoded } from "./decoded.ts";
import { flawError } from "./flaw.ts";
import { readBig128, readBig64, readU32, readU64, writeBig128, writeBig64, writeU32, writeU64 } from "./integers.ts";
import { FORMAT_VERSION } from "./limits.ts";
import { CHECKPOINT_MAGIC, standsAt } from "./magic.ts";

const CRC_BYTES = 4;

/** The header's bytes, a multiple of 8 of them. @throws FormatError `FORMAT_INVALID_ARGUMENT` */
export function encodeCheckpointHeader(header: CheckpointHeader): Uint8Array {
  const flaw = flawOfCheckpointHeader(header);
  if (flaw !== undefined) throw flawError(flaw);
  const { segments, replay } = header;
  const layout = new TextEncoder().encode(header.layout);
  const layoutAt = CHECKPOINT_FIXED_BYTES + segments.length * CHECKPOINT_SEGMENT_BYTES;
  const bytes = new Uint8Array(aligned(layoutAt + layout.length + CRC_BYTES));
  bytes.set(CHECKPOINT_MAGIC);
  writeU32(bytes, 8, FORMAT_VERSION);
  writeU32(bytes, 12, bytes.length);
  writeBig128(bytes, 16, header.storeId);
  writeU32(bytes, 32, header.checkpointId);
  bytes.set(byteOrderMark(), 36);
  writeU32(bytes, 40, header.shardCount);
  writeU32(bytes, 44, segments.length);
  writeU64(bytes, 48, replay.sequence);
  writeU32(bytes, 64, replay.segmentId);
  writeU32(bytes, 68, replay.offset);
  writeU32(bytes, 72, layout.length);
  segments.forEach((segment, index) => {
    writeSegment(bytes, CHECKPOINT_FIXED_BYTES + index * CHECKPOINT_SEGMENT_BYTES, segment);
  });
  bytes.set(layout, layoutAt);
  const crcAt = bytes.length - CRC_BYTES;
  writeU32(bytes, crcAt, crc32(bytes, 0, crcAt));
  return bytes;
}

/** Reads a header that is exactly `bytes`. Never throws. */
export function decodeCheckpointHeader(bytes: Uint8Array): Decoded<CheckpointHeader> {
  const crcAt = bytes.length - CRC_BYTES;
  if (crcAt < CHECKPOINT_FIXED_BYTES) return { kind: "damaged", reason: "short checkpoint header" };
  if (!standsAt(bytes, 0, CHECKPOINT_MAGIC)) return { kind: "damaged", reason: "no checkpoint magic" };
  const version = readU32(bytes, 8);
  if (version > FORMAT_VERSION) return { kind: "version", version };
  if (readU32(bytes, crcAt) !== crc32(bytes, 0, crcAt)) return { kind: "damaged", reason: "header checksum" };
  const layoutAt = CHECKPOINT_FIXED_BYTES + readU32(bytes, 44) * CHECKPOINT_SEGMENT_BYTES;
  const layoutEnd = layoutAt + readU32(bytes, 72);
  const lengthsFit = readU32(bytes, 12) === bytes.length && aligned(layoutEnd + CRC_BYTES) === bytes.length;
  if (version !== FORMAT_VERSION || !lengthsFit) return { kind: "damaged", reason: "header length" };
  if (!standsAt(bytes, 36, byteOrderMark())) return { kind: "damaged", reason: "another byte order" };
  if (!reservedIsZero(bytes, layoutAt, layoutEnd)) return { kind: "damaged", reason: "header reserved fields" };
  const header = readFields(bytes, layoutAt, layoutEnd);
  // What is no UTF-8 decodes to something else, and is told by that.
  const layout = new TextEncoder().encode(header.layout);
  if (layoutAt + layout.length !== layoutEnd || !standsAt(bytes, layoutAt, layout)) {
    return { kind: "damaged", reason: "header layout" };
  }
  const flaw = flawOfCheckpointHeader(header);
  if (flaw !== undefined) return { kind: "damaged", reason: `header ${flaw.field} ${flaw.rule}` };
  return { kind: "ok", value: header };
}

function reservedIsZero(bytes: Uint8Array, layoutAt: number, layoutEnd: number): boolean {
  let reserved = readU32(bytes, 56) | readU32(bytes, 60) | readU32(bytes, 76);
  for (let at = CHECKPOINT_FIXED_BYTES; at < layoutAt; at += CHECKPOINT_SEGMENT_BYTES)
    reserved |= readU32(bytes, at + 36);
  for (let at = layoutEnd; at < bytes.length - CRC_BYTES; at++) reserved |= bytes[at]!;
  return reserved === 0;
}

function readFields(bytes: Uint8Array, layoutAt: number, layoutEnd: number): CheckpointHeader {
  const segments: CheckpointSegment[] = [];
  for (let at = CHECKPOINT_FIXED_BYTES; at < layoutAt; at += CHECKPOINT_SEGMENT_BYTES) {
    segments.push(readSegment(bytes, at));
  }
  return {
    storeId: readBig128(bytes, 16),
    checkpointId: readU32(bytes, 32),
    layout: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(layoutAt, layoutEnd)),
    shardCount: readU32(bytes, 40),
    replay: { segmentId: readU32(bytes, 64), offset: readU32(bytes, 68), sequence: readU64(bytes, 48) },
    segments,
  };
}

function writeSegment(bytes: Uint8Array, at: number, segment: CheckpointSegment): void {
  writeU32(bytes, at, segment.slot);
  writeU32(bytes, at + 4, segment.segmentId);
  writeBig64(bytes, at + 8, segment.identity);
  writeU32(bytes, at + 16, segment.recordCount);
  writeU32(bytes, at + 20, segment.recordBytes);
  writeU32(bytes, at + 24, segment.tombstoneCount);
  writeU32(bytes, at + 28, segment.tombstoneBytes);
  writeU32(bytes, at + 32, segment.expiringCount);
}

function readSegment(bytes: Uint8Array, at: number): CheckpointSegment {
  return {
    slot: readU32(bytes, at),
    segmentId: readU32(bytes, at + 4),
    identity: readBig64(bytes, at + 8),
    recordCount: readU32(bytes, at + 16),
    recordBytes: readU32(bytes, at + 20),
    tombstoneCount: readU32(bytes, at + 24),
    tombstoneBytes: readU32(bytes, at + 28),
    expiringCount: readU32(bytes, at + 32),
  };
}
