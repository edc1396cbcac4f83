import type { Decoded } from "./decoded.ts";
import { crc32 } from "./crc32.ts";
import { flawError } from "./flaw.ts";
import { readBig128, readBig64, readU32, readU64, writeBig128, writeBig64, writeU32, writeU64 } from "./integers.ts";
import { FORMAT_VERSION } from "./limits.ts";
import { standsAt, MANIFEST_MAGIC } from "./magic.ts";
import { flawOfManifest } from "./manifest-rules.ts";

/**
 * The manifest: the list of files that are the store. Replaced as a whole, never edited in place. FORMAT.md, "Manifest":
 *
 *     0       8         12           16        32        48      56      64             72
 *     | magic | version | totalBytes | storeId | hashKey | epoch | floor | nextSequence | logCompleteFrom |
 *     80           84             88                96              100            104
 *     | nextFileId | checkpointId | checkpointBytes | checkpointCrc | segmentCount | segments, 40 each | crc |
 *
 * The CRC covers everything before it. manifest-rules.ts has what holds between the fields; it is checked on writing and
 * on reading.
 */
export interface Manifest {
  /** Random, in `[0, 2^128)`; every copy that is written to has one of its own. */
  readonly storeId: bigint;
  /** 16 random bytes: the key of the keydir's hash, for the life of the store. */
  readonly hashKey: Uint8Array;
  /** Raised by every opening for writing. */
  readonly epoch: number;
  /** The last sequence known durable; 0 for none. */
  readonly floor: number;
  /** Every id ever given to a segment or checkpoint is below it. 1 to 2^32 - 1. */
  readonly nextFileId: number;
  /** Every sequence ever given out is below it. 1 to 2^53 - 1. */
  readonly nextSequence: number;
  /** From this sequence on no merge has taken anything out of the log. */
  readonly logCompleteFrom: number;
  /** In log order. */
  readonly segments: readonly ManifestSegment[];
  /** The one checkpoint that fits. */
  readonly checkpoint: ManifestCheckpoint | undefined;
}

/** A segment as the manifest lists it. */
export type ManifestSegment = SealedSegment | UnsealedSegment;

/** Its first `sealedBytes` bytes are durable and never change; nothing behind them belongs to the store. */
export interface SealedSegment {
  readonly state: "sealed";
  readonly segmentId: number;
  readonly identity: bigint;
  readonly sealedBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
  /** Written by a merge: its frames are sparse. */
  readonly merged: boolean;
}

/** Part of the log that recovery scans. */
export interface UnsealedSegment {
  readonly state: "unsealed";
  readonly segmentId: number;
  readonly identity: bigint;
  /** The sequence of its first record, whether or not that is written yet. */
  readonly firstSequence: number;
  /** Its exact length, all of it durable, when the store was closed clean; 0 if it was not. */
  readonly cleanBytes: number;
}

/** What makes sure that a checkpoint file is the one that was meant. */
export interface ManifestCheckpoint {
  readonly id: number;
  readonly bytes: number;
  /** What `CheckpointEncoder.finish` gave. */
  readonly crc: number;
}

const FIXED_BYTES = 104;
const SEGMENT_ENTRY_BYTES = 40;
const CRC_BYTES = 4;

const ENTRY_ALWAYS = 0x80;
const ENTRY_SEALED = 0x01;
const ENTRY_MERGED = 0x02;

/**
 * The manifest's bytes, fresh.
 * @throws FormatError `FORMAT_INVALID_ARGUMENT` if a rule of manifest-rules.ts does not hold
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const flaw = flawOfManifest(manifest);
  if (flaw !== undefined) throw flawError(flaw);
  const { segments, checkpoint } = manifest;
  const crcAt = FIXED_BYTES + segments.length * SEGMENT_ENTRY_BYTES;
  const bytes = new Uint8Array(crcAt + CRC_BYTES);
  bytes.set(MANIFEST_MAGIC);
  writeU32(bytes, 8, FORMAT_VERSION);
  writeU32(bytes, 12, bytes.length);
  writeBig128(bytes, 16, manifest.storeId);
  bytes.set(manifest.hashKey, 32);
  writeU64(bytes, 48, manifest.epoch);
  writeU64(bytes, 56, manifest.floor);
  writeU64(bytes, 64, manifest.nextSequence);
  writeU64(bytes, 72, manifest.logCompleteFrom);
  writeU32(bytes, 80, manifest.nextFileId);
  writeU32(bytes, 84, checkpoint?.id ?? 0);
  writeU64(bytes, 88, checkpoint?.bytes ?? 0);
  writeU32(bytes, 96, checkpoint?.crc ?? 0);
  writeU32(bytes, 100, segments.length);
  segments.forEach((segment, index) => writeSegment(bytes, FIXED_BYTES + index * SEGMENT_ENTRY_BYTES, segment));
  writeU32(bytes, crcAt, crc32(bytes, 0, crcAt));
  return bytes;
}

/** Reads a whole manifest file. Never throws. What it gives shares nothing with `bytes`. */
export function decodeManifest(bytes: Uint8Array): Decoded<Manifest> {
  if (bytes.length < 12) return { kind: "damaged", reason: "short manifest" };
  if (!standsAt(bytes, 0, MANIFEST_MAGIC)) return { kind: "damaged", reason: "no manifest magic" };
  const version = readU32(bytes, 8);
  // Told before anything else is looked at: a later version may lay out the rest as it likes.
  if (version > FORMAT_VERSION) return { kind: "version", version };
  if (bytes.length < FIXED_BYTES + CRC_BYTES) return { kind: "damaged", reason: "short manifest" };
  if (readU32(bytes, 12) !== bytes.length) return { kind: "damaged", reason: "manifest length" };
  const crcAt = bytes.length - CRC_BYTES;
  if (crc32(bytes, 0, crcAt) !== readU32(bytes, crcAt)) return { kind: "damaged", reason: "manifest checksum" };
  if (version !== FORMAT_VERSION) return { kind: "damaged", reason: "manifest version 0" };
  return readManifest(bytes, crcAt);
}

function readManifest(bytes: Uint8Array, crcAt: number): Decoded<Manifest> {
  if (FIXED_BYTES + readU32(bytes, 100) * SEGMENT_ENTRY_BYTES !== crcAt) {
    return { kind: "damaged", reason: "manifest segment count" };
  }
  const segments: ManifestSegment[] = [];
  for (let at = FIXED_BYTES; at < crcAt; at += SEGMENT_ENTRY_BYTES) {
    const segment = readSegment(bytes, at);
    if (segment === undefined) return { kind: "damaged", reason: `manifest segments[${segments.length}]` };
    segments.push(segment);
  }
  const manifest: Manifest = {
    storeId: readBig128(bytes, 16),
    hashKey: new Uint8Array(bytes.subarray(32, 48)),
    epoch: readU64(bytes, 48),
    floor: readU64(bytes, 56),
    nextFileId: readU32(bytes, 80),
    nextSequence: readU64(bytes, 64),
    logCompleteFrom: readU64(bytes, 72),
    segments,
    checkpoint: readCheckpointEntry(bytes),
  };
  const flaw = flawOfManifest(manifest);
  if (flaw !== undefined) return { kind: "damaged", reason: `manifest ${flaw.field} ${flaw.rule}` };
  return { kind: "ok", value: manifest };
}

function readCheckpointEntry(bytes: Uint8Array): ManifestCheckpoint | undefined {
  const checkpoint = { id: readU32(bytes, 84), bytes: readU64(bytes, 88), crc: readU32(bytes, 96) };
  return checkpoint.id === 0 && checkpoint.bytes === 0 && checkpoint.crc === 0 ? undefined : checkpoint;
}

/**
 *     0       1      4           8          16                    24                32                      36
 *     | flags | zero | segmentId | identity | lowest or firstSeq. | highest or zero | sealed or cleanBytes | zero |
 */
function writeSegment(bytes: Uint8Array, at: number, segment: ManifestSegment): void {
  writeU32(bytes, at + 4, segment.segmentId);
  writeBig64(bytes, at + 8, segment.identity);
  if (segment.state === "sealed") {
    bytes[at] = ENTRY_ALWAYS | ENTRY_SEALED | (segment.merged ? ENTRY_MERGED : 0);
    writeU64(bytes, at + 16, segment.lowestSequence);
    writeU64(bytes, at + 24, segment.highestSequence);
    writeU32(bytes, at + 32, segment.sealedBytes);
  } else {
    bytes[at] = ENTRY_ALWAYS;
    writeU64(bytes, at + 16, segment.firstSequence);
    writeU32(bytes, at + 32, segment.cleanBytes);
  }
}

function readSegment(bytes: Uint8Array, at: number): ManifestSegment | undefined {
  const flags = bytes[at]!;
  const zeros = bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]! | readU32(bytes, at + 36);
  if (zeros !== 0) return undefined;
  const common = { segmentId: readU32(bytes, at + 4), identity: readBig64(bytes, at + 8) };
  const sequence = readU64(bytes, at + 16);
  const highestSequence = readU64(bytes, at + 24);
  const length = readU32(bytes, at + 32);
  if (flags === ENTRY_ALWAYS && highestSequence === 0) {
    return { state: "unsealed", ...common, firstSequence: sequence, cleanBytes: length };
  }
  if ((flags & ~ENTRY_MERGED) !== (ENTRY_ALWAYS | ENTRY_SEALED)) return undefined;
  const merged = (flags & ENTRY_MERGED) !== 0;
  return { state: "sealed", ...common, sealedBytes: length, lowestSequence: sequence, highestSequence, merged };
}
