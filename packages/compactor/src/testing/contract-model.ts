import { lowestOutside } from "../measures.ts";
import type { SegmentStatistics, StoreStatistics } from "../statistics.ts";

/**
 * A log-structured store of nothing but numbers, in which merges do to records what `verdict.ts` says. So a policy is
 * judged by what becomes of a store, without a byte being written.
 */

const RECORD_HEADER_BYTES = 18;
const EXPIRY_BYTES = 8;
const KEY_BYTES = 16;
const HEADER_BYTES = 32;
const MERGED_FRAME_BYTES = 128 * 1024;

/** How a model is made. */
export interface ModelOptions {
  readonly segmentBytesMax: number;
  /** Bytes of frame headers for each record that is written; 32 if every write is a frame of its own. */
  readonly frameBytes?: number;
}

interface ModelRecord {
  readonly key: number;
  readonly sequence: number;
  readonly bytes: number;
  readonly tombstone: boolean;
  readonly expiresAtMs: number;
  readonly segment: ModelSegment;
}

type Counts = { -readonly [Name in keyof SegmentStatistics]: SegmentStatistics[Name] };

class ModelSegment {
  readonly records: ModelRecord[] = [];
  readonly counts: Counts;

  constructor(segmentId: number, sequence: number, merged: boolean) {
    this.counts = {
      segmentId,
      state: merged ? "sealed" : "active",
      fileBytes: HEADER_BYTES,
      records: 0,
      recordBytes: 0,
      liveRecords: 0,
      liveBytes: 0,
      expiredRecords: 0,
      expiredBytes: 0,
      tombstones: 0,
      tombstoneBytes: 0,
      lowestSequence: merged ? Infinity : sequence,
      highestSequence: merged ? 0 : sequence,
      merged,
    };
  }

  /** Tombstones, and what else a merge has to keep though no key points to it, are counted as such. */
  add(
    fields: Omit<ModelRecord, "segment" | "bytes">,
    bytes: number,
    frameBytes: number,
    shields: boolean = fields.tombstone,
  ): ModelRecord {
    const record = { ...fields, bytes, segment: this };
    const { counts } = this;
    this.records.push(record);
    counts.records += 1;
    counts.recordBytes += bytes;
    counts.fileBytes += bytes + frameBytes;
    counts.tombstones += shields ? 1 : 0;
    counts.tombstoneBytes += shields ? bytes : 0;
    counts.lowestSequence = Math.min(counts.lowestSequence, record.sequence);
    counts.highestSequence = Math.max(counts.highestSequence, record.sequence);
    return record;
  }
}

/** A merge that has copied everything, and has changed nothing yet. */
export interface ModelMerge {
  readonly inputs: ReadonlySet<number>;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly moves: readonly (readonly [old: ModelRecord, copy: ModelRecord | undefined])[];
  readonly outputs: readonly ModelSegment[];
}

/** The store. */
export class ModelLog {
  /** The time; set it as you like. */
  nowMs: number = 1_700_000_000_000;
  idleMs: number = Number.MAX_SAFE_INTEGER;
  freeBytes: number = Infinity;
  /** The size at which segments end; smaller than `segmentBytesMax` in a store that ends them in proportion to its own. */
  rotateBytes: number;
  /** Bytes of all files, and of all records that a key points to. */
  fileBytes = 0;
  liveBytes = 0;

  readonly #options: Required<ModelOptions>;
  readonly #keydir = new Map<number, ModelRecord>();
  readonly #segments = new Map<number, ModelSegment>();
  #active: ModelSegment;
  #segmentId = 0;
  #sequence = 1;
  #anyExpires = false;

  constructor(options: ModelOptions) {
    this.#options = { frameBytes: 0, ...options };
    this.rotateBytes = options.segmentBytesMax;
    this.#active = this.#begin();
  }

  get segmentCount(): number {
    return this.#segments.size;
  }

  get keys(): number {
    return this.#keydir.size;
  }

  has(key: number): boolean {
    return this.#keydir.has(key);
  }

  put(key: number, valueBytes: number, expiresAtMs = 0): void {
    this.#anyExpires ||= expiresAtMs !== 0;
    const record = this.#append(key, valueBytes + (expiresAtMs === 0 ? 0 : EXPIRY_BYTES), false, expiresAtMs);
    this.#point(key, record);
  }

  delete(key: number): void {
    this.#append(key, 0, true, 0);
    this.#point(key, undefined);
  }

  /** Ends the active segment, as a crash and a new opening do. An empty one stays. */
  reopen(): void {
    if (this.#active.records.length === 0) return;
    this.#active.counts.state = "sealed";
    this.#active = this.#begin();
  }

  statistics(): StoreStatistics {
    if (this.#anyExpires) this.#countExpired();
    return {
      segments: [...this.#segments.values()].map(({ counts }) => ({ ...counts })),
      nowMs: this.nowMs,
      idleMs: this.idleMs,
      freeBytes: this.freeBytes,
      segmentBytesMax: this.#options.segmentBytesMax,
    };
  }

  /** Copies what stays of these segments; the active one is sealed for it. */
  beginMerge(segmentIds: readonly number[], outputBytesMax: number): ModelMerge {
    if (segmentIds.includes(this.#active.counts.segmentId)) this.reopen();
    const inputs = new Set(segmentIds);
    const lowest = lowestOutside(this.statistics(), inputs);
    const outputs: ModelSegment[] = [];
    const moves: (readonly [ModelRecord, ModelRecord | undefined])[] = [];
    let bytesRead = 0;
    for (const id of segmentIds) {
      const { records, counts } = this.#segments.get(id)!;
      bytesRead += counts.fileBytes;
      for (const record of records) {
        const written = this.#judge(record, lowest);
        const copy = written === undefined ? undefined : this.#copy(outputs, record, written, outputBytesMax);
        if (this.#keydir.get(record.key) === record) moves.push([record, copy?.tombstone === true ? undefined : copy]);
      }
    }
    for (const { counts } of outputs)
      counts.fileBytes += HEADER_BYTES * Math.ceil(counts.recordBytes / MERGED_FRAME_BYTES);
    const bytesWritten = outputs.reduce((sum, { counts }) => sum + counts.fileBytes, 0);
    return { inputs, bytesRead, bytesWritten, moves, outputs };
  }

  /** Lets the keys point to the copies, but for those that were written meanwhile, and takes the inputs out. */
  finishMerge({ inputs, moves, outputs }: ModelMerge): void {
    for (const output of outputs) {
      this.#segments.set(output.counts.segmentId, output);
      this.fileBytes += output.counts.fileBytes;
    }
    for (const [old, copy] of moves) {
      if (this.#keydir.get(old.key) === old) this.#point(old.key, copy);
    }
    for (const id of inputs) {
      this.fileBytes -= this.#segments.get(id)!.counts.fileBytes;
      this.#segments.delete(id);
    }
  }

  /** The copy to be written of a record, if any: the rule of verdict.ts. */
  #judge(record: ModelRecord, lowest: number): ModelRecord | undefined {
    const mayShield = record.sequence > lowest;
    const expired = record.expiresAtMs !== 0 && record.expiresAtMs <= this.nowMs;
    const newest = this.#keydir.get(record.key);
    if (newest === record && !expired) return record;
    const shields = mayShield && (record.tombstone || record.expiresAtMs !== 0) && (newest ?? record) === record;
    if (!shields) return undefined;
    if (!record.tombstone && !expired) return record;
    return { ...record, tombstone: true, expiresAtMs: 0, bytes: RECORD_HEADER_BYTES + KEY_BYTES };
  }

  #copy(outputs: ModelSegment[], original: ModelRecord, record: ModelRecord, outputBytesMax: number): ModelRecord {
    let output = outputs.at(-1);
    if (output === undefined || output.counts.fileBytes + record.bytes > outputBytesMax) {
      output = new ModelSegment(++this.#segmentId, 0, true);
      outputs.push(output);
    }
    return output.add(record, record.bytes, 0, record.tombstone || this.#keydir.get(record.key) !== original);
  }

  #append(key: number, bytes: number, tombstone: boolean, expiresAtMs: number): ModelRecord {
    const { frameBytes } = this.#options;
    const whole = RECORD_HEADER_BYTES + KEY_BYTES + bytes;
    const { counts } = this.#active;
    if (counts.records > 0 && counts.fileBytes + whole + frameBytes > this.rotateBytes) this.reopen();
    this.fileBytes += whole + frameBytes;
    const fields = { key, sequence: this.#sequence++, tombstone, expiresAtMs };
    return this.#active.add(fields, whole, frameBytes);
  }

  #point(key: number, record: ModelRecord | undefined): void {
    const old = this.#keydir.get(key);
    if (old !== undefined) this.#count(old, -1);
    if (record === undefined) this.#keydir.delete(key);
    else this.#keydir.set(key, record);
    if (record !== undefined) this.#count(record, 1);
  }

  #count({ bytes, segment }: ModelRecord, sign: 1 | -1): void {
    segment.counts.liveRecords += sign;
    segment.counts.liveBytes += sign * bytes;
    this.liveBytes += sign * bytes;
  }

  #countExpired(): void {
    for (const { counts } of this.#segments.values()) counts.expiredRecords = counts.expiredBytes = 0;
    for (const { expiresAtMs, bytes, segment } of this.#keydir.values()) {
      if (expiresAtMs === 0 || expiresAtMs > this.nowMs) continue;
      segment.counts.expiredRecords += 1;
      segment.counts.expiredBytes += bytes;
    }
  }

  #begin(): ModelSegment {
    const segment = new ModelSegment(++this.#segmentId, this.#sequence, false);
    this.#segments.set(segment.counts.segmentId, segment);
    this.fileBytes += segment.counts.fileBytes;
    return segment;
  }
}
