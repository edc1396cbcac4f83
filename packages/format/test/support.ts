import * as fc from "fast-check";
import {
  type ByteSource,
  bytesSource,
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  newRecordFields,
  type Place,
  placeOf,
  readRecord,
  recordBytes,
  scanFrames,
  type ScanEnd,
  type ScanOptions,
  sealFrame,
  SEGMENT_HEADER_BYTES,
  writeRecordHeader,
} from "../src/index.ts";

/** A record as a test means it. */
export interface RecordSpec {
  readonly sequence: number;
  readonly key: Uint8Array;
  /** `undefined` is a tombstone. */
  readonly value: Uint8Array | undefined;
  /** 0 for none. */
  readonly expiresAtMs: number;
}

/** A frame as a test means it: `firstSequence` is what is expected next where there is no record. */
export interface FrameSpec {
  readonly records: readonly RecordSpec[];
  readonly firstSequence: number;
  readonly floor: number;
  readonly acknowledgedWhenSynced: boolean;
  readonly sparse: boolean;
}

export const IDENTITY = 0x0123_4567_89ab_cdefn;
export const PLACE: Place = placeOf(IDENTITY);

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function put(sequence: number, key: string, value: string, expiresAtMs = 0): RecordSpec {
  return { sequence, key: utf8(key), value: utf8(value), expiresAtMs };
}

export function tombstone(sequence: number, key: string): RecordSpec {
  return { sequence, key: utf8(key), value: undefined, expiresAtMs: 0 };
}

export function frame(records: readonly RecordSpec[], rest: Partial<FrameSpec> = {}): FrameSpec {
  const firstSequence = Math.min(...records.map((record) => record.sequence));
  return { records, firstSequence, floor: firstSequence - 1, acknowledgedWhenSynced: true, sparse: false, ...rest };
}

export function fence(firstSequence: number, floor: number = firstSequence - 1): FrameSpec {
  return { records: [], firstSequence, floor, acknowledgedWhenSynced: false, sparse: false };
}

export function bytesOfRecord(record: RecordSpec): number {
  return recordBytes(record.key.length, record.value?.length ?? 0, record.expiresAtMs !== 0);
}

/** Writes the record as a caller of the package would, checksum still missing. Returns where it ends. */
export function writeRecord(target: Uint8Array, at: number, record: RecordSpec): number {
  const { sequence, key, value, expiresAtMs } = record;
  const valueBytes = value?.length ?? 0;
  const keyAt = writeRecordHeader(target, at, sequence, key.length, valueBytes, value === undefined, expiresAtMs);
  target.set(key, keyAt);
  if (value !== undefined) target.set(value, keyAt + key.length);
  return keyAt + key.length + valueBytes;
}

/** A frame's bytes, for its place. */
export function frameBytes(spec: FrameSpec, place: Place, fileOffset: number): Uint8Array {
  const length = spec.records.reduce((sum, record) => sum + bytesOfRecord(record), FRAME_HEADER_BYTES);
  const bytes = new Uint8Array(length);
  let at = FRAME_HEADER_BYTES;
  for (const record of spec.records) at = writeRecord(bytes, at, record);
  sealFrame(bytes, 0, length, { ...spec, recordCount: spec.records.length }, place, fileOffset);
  return bytes;
}

/** A whole segment file, and where each of its frames ends. */
export function segmentBytes(
  frames: readonly FrameSpec[],
  place: Place = PLACE,
  segmentId = 1,
): { bytes: Uint8Array; ends: number[] } {
  const pieces = [encodeSegmentHeader({ segmentId, identity: place.identity })];
  const ends: number[] = [];
  let offset = SEGMENT_HEADER_BYTES;
  for (const spec of frames) {
    const piece = frameBytes(spec, place, offset);
    pieces.push(piece);
    offset += piece.length;
    ends.push(offset);
  }
  return { bytes: concat(pieces), ends };
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The records in `bytes[start..end)`, copied out. */
export function recordsIn(bytes: Uint8Array, start: number, end: number): RecordSpec[] {
  const fields = newRecordFields();
  const records: RecordSpec[] = [];
  for (let at = start; at < end; at = fields.end) {
    if (!readRecord(bytes, at, end, fields)) throw new Error(`no record at ${at}`);
    const { sequence, keyStart, keyEnd, valueStart, valueEnd, expiresAtMs } = fields;
    const value = fields.tombstone ? undefined : bytes.slice(valueStart, valueEnd);
    records.push({ sequence, key: bytes.slice(keyStart, keyEnd), value, expiresAtMs });
  }
  return records;
}

/** Scans, and gives the frames back in the terms in which a test wrote them. */
export async function scan(
  content: Uint8Array | ByteSource,
  options: Partial<ScanOptions> = {},
): Promise<{ frames: FrameSpec[]; end: ScanEnd }> {
  const source = content instanceof Uint8Array ? bytesSource(content) : content;
  const frames: FrameSpec[] = [];
  const end = await scanFrames(source, {
    place: PLACE,
    from: SEGMENT_HEADER_BYTES,
    onFrame({ header, bytes, payloadStart, payloadEnd }) {
      frames.push(specOf(header, recordsIn(bytes, payloadStart, payloadEnd)));
    },
    ...options,
  });
  return { frames, end };
}

function specOf(header: FrameHeader, records: RecordSpec[]): FrameSpec {
  const { firstSequence, floor, acknowledgedWhenSynced, sparse } = header;
  return { records, firstSequence, floor, acknowledgedWhenSynced, sparse };
}

/** A source that gives at most `most` bytes a call, and from `bytes` on nothing, whatever it announces. */
export function stingySource(content: Uint8Array, most: number, announced: number = content.length): ByteSource {
  const whole = bytesSource(content);
  return {
    bytes: announced,
    read: (target, at, bytes, position) => whole.read(target, at, Math.min(bytes, most), position),
  };
}

/** A source that fails with `error` when a read touches a byte at `from` or behind. */
export function failingSource(content: Uint8Array, from: number, error: Error): ByteSource {
  const whole = bytesSource(content);
  return {
    bytes: content.length,
    async read(target, at, bytes, position) {
      if (position + bytes > from) throw error;
      return whole.read(target, at, bytes, position);
    },
  };
}

/** All copies of `bytes` with one bit flipped, lazily, each with the byte that it lies in. */
export function* flippedBits(bytes: Uint8Array): Generator<{ flipped: Uint8Array; at: number }> {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << bit;
      yield { flipped, at };
    }
  }
}

export const anyBytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength, size: "max" });

const anyExpiry = fc.oneof(fc.constant(0), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));

/** Content of a record, without its sequence. */
export const anyContent: fc.Arbitrary<Omit<RecordSpec, "sequence">> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ key: anyBytes(40), value: anyBytes(600), expiresAtMs: anyExpiry }) },
  {
    weight: 1,
    arbitrary: fc.record({ key: anyBytes(40), value: fc.constant(undefined), expiresAtMs: fc.constant(0) }),
  },
);

/** A log: frames with consecutive sequences, fences among them. */
export const anyLog: fc.Arbitrary<FrameSpec[]> = fc
  .record({
    first: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1_000_000 })),
    frames: fc.array(
      fc.record({ contents: fc.array(anyContent, { maxLength: 5 }), synced: fc.boolean(), behind: fc.nat(3) }),
      { maxLength: 6 },
    ),
  })
  .map(({ first, frames }) => {
    let next = first;
    return frames.map(({ contents, synced, behind }) => {
      const firstSequence = next;
      const records = contents.map((content) => ({ ...content, sequence: next++ }));
      const floor = Math.max(0, firstSequence - 1 - behind);
      return { records, firstSequence, floor, acknowledgedWhenSynced: synced, sparse: false };
    });
  });
