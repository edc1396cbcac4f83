import { newRecordFields, readRecord, recordBytes, verifyRecord, type RecordFields } from "@hashlog/format";
import type { RecordLocation } from "@hashlog/index";
import { corrupt, inOwnWords, HashlogError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import type { Segment } from "./segment.ts";
import { ValueCopies } from "./value-copies.ts";

/** Neighbouring records that were read at once. */
export interface RecordRun {
  readonly segment: Segment;
  readonly from: number;
  readonly to: number;
  /** Fewer than from `from` to `to` where the file ends before. */
  readonly bytes: Uint8Array;
}

/** A value, and the sequence of its record. */
export interface ReadRecord {
  readonly value: Uint8Array;
  readonly sequence: number;
}

/**
 * Reads one record, in exactly its length, and gives out its value: verified by checksum, by key, and by the lengths
 * that the keydir holds, so that damage, and a record in the wrong place, are told and never served.
 *
 * The value is the caller's own copy (`ValueCopies`). Invariant: the caller pins the segment while an asynchronous read runs.
 */
export class RecordReader {
  readonly #fields: RecordFields = newRecordFields();
  readonly #sharedBytesMax: number;
  readonly #copies = new ValueCopies();
  /** Records that were read, and their bytes. */
  recordsRead = 0;
  bytesRead = 0;

  /** `sharedBytesMax`: see `Limits.sharedReadBytesMax`; at most that of every store. */
  constructor(sharedBytesMax: number = LIMITS.sharedReadBytesMax) {
    this.#sharedBytesMax = sharedBytesMax;
  }

  /** The value of the record of `key` at `location` in `segment`. */
  readSync(segment: Segment, location: Readonly<RecordLocation>, key: Uint8Array): Uint8Array {
    const bytes = recordBytes(key.length, location.valueBytes, location.expiresAtMs !== 0);
    const large = bytes > this.#sharedBytesMax;
    const buffer = large ? new Uint8Array(bytes) : readBuffer;
    const got = readAtOnce(segment, buffer, bytes, location.offset);
    this.#verify(buffer, 0, got, segment, location, key);
    return this.#take(buffer, large);
  }

  /** The bytes of `segment` from `from` to `to`, where several records lie, for `readFrom`. */
  readRunSync(segment: Segment, from: number, to: number): RecordRun {
    const bytes = new Uint8Array(to - from);
    const got = readAtOnce(segment, bytes, bytes.length, from);
    return { segment, from, to, bytes: bytes.subarray(0, got) };
  }

  /** As `readRunSync`, off the event loop. */
  async readRun(segment: Segment, from: number, to: number): Promise<RecordRun> {
    const bytes = new Uint8Array(to - from);
    const got = await this.#readAside(segment, bytes, from);
    return { segment, from, to, bytes: bytes.subarray(0, got) };
  }

  /** As `readSync`, of a record that begins within the run. */
  readFrom(run: RecordRun, location: Readonly<RecordLocation>, key: Uint8Array): Uint8Array {
    const at = location.offset - run.from;
    this.#verify(run.bytes, at, run.bytes.length - at, run.segment, location, key);
    return this.#take(run.bytes, false);
  }

  /** As `readSync`, off the event loop. `location` and `key` are read again when the bytes are there. */
  async read(segment: Segment, location: Readonly<RecordLocation>, key: Uint8Array): Promise<Uint8Array> {
    return (await this.readWithSequence(segment, location, key)).value;
  }

  /** The sequence of the record of `key` at `location` in `segment`, verified as its value would be. */
  sequenceSync(segment: Segment, location: Readonly<RecordLocation>, key: Uint8Array): number {
    this.readSync(segment, location, key);
    return this.lastSequence;
  }

  /** That of the record that was read last. */
  get lastSequence(): number {
    return this.#fields.sequence;
  }

  /** As `read`, with the sequence of the record. */
  async readWithSequence(segment: Segment, location: Readonly<RecordLocation>, key: Uint8Array): Promise<ReadRecord> {
    const bytes = recordBytes(key.length, location.valueBytes, location.expiresAtMs !== 0);
    // Its own buffer, of which the value is a part: one allocation, one copy less.
    const buffer = new Uint8Array(bytes);
    const got = await this.#readAside(segment, buffer, location.offset);
    this.#verify(buffer, 0, got, segment, location, key);
    return { value: this.#take(buffer, bytes > this.#sharedBytesMax), sequence: this.#fields.sequence };
  }

  async #readAside(segment: Segment, buffer: Uint8Array, offset: number): Promise<number> {
    try {
      return await segment.file.read(buffer, 0, buffer.length, offset);
    } catch (error) {
      throw inOwnWords(error, `reading segment ${segment.segmentId} at offset ${offset} failed`);
    }
  }

  /** The value of the record that was verified: a part of the buffer if that is its own, else a copy. */
  #take(buffer: Uint8Array, isOwn: boolean): Uint8Array {
    const { valueStart, valueEnd } = this.#fields;
    return isOwn ? buffer.subarray(valueStart, valueEnd) : this.#copies.copy(buffer, valueStart, valueEnd);
  }

  /** @throws HashlogError `HASHLOG_CORRUPT` unless `buffer[at..at + got)` begins with the record that is meant */
  #verify(
    buffer: Uint8Array,
    at: number,
    got: number,
    segment: Segment,
    location: Readonly<RecordLocation>,
    key: Uint8Array,
  ): void {
    const fields = this.#fields;
    const bytes = recordBytes(key.length, location.valueBytes, location.expiresAtMs !== 0);
    const end = at + bytes;
    const sound =
      got >= bytes &&
      readRecord(buffer, at, end, fields) &&
      fields.end === end &&
      !fields.tombstone &&
      fields.expiresAtMs === location.expiresAtMs &&
      verifyRecord(buffer, at, end, segment.place, location.offset) &&
      sameKey(buffer, fields, key);
    if (!sound) throw damagedRecord(segment, location.offset, bytes, got);
    this.recordsRead += 1;
    this.bytesRead += bytes;
  }
}

function sameKey(buffer: Uint8Array, fields: RecordFields, key: Uint8Array): boolean {
  if (fields.keyEnd - fields.keyStart !== key.length) return false;
  for (let index = 0; index < key.length; index += 1) {
    if (buffer[fields.keyStart + index] !== key[index]) return false;
  }
  return true;
}

/** `expected` and `actual` are bytes, where there are fewer than there should be. */
function damagedRecord({ path, segmentId }: Segment, offset: number, expected: number, actual: number): HashlogError {
  const words = `the record at offset ${offset} of ${path} is damaged`;
  if (actual >= expected) return corrupt(words, { path, segmentId, offset });
  const missing = `${words}: the file ends ${expected - actual} bytes too early`;
  return corrupt(missing, { path, segmentId, offset, expected, actual });
}

function readAtOnce(segment: Segment, buffer: Uint8Array, bytes: number, offset: number): number {
  try {
    return segment.file.readSync(buffer, 0, bytes, offset);
  } catch (error) {
    throw inOwnWords(error, `reading segment ${segment.segmentId} at offset ${offset} failed`);
  }
}

// One for all stores: what a synchronous read puts into it is copied out before anybody else can read.
const readBuffer = new Uint8Array(LIMITS.sharedReadBytesMax);
