import { FRAME_HEADER_BYTES, recordBytes, sealFrame, writeRecordHeader } from "@hashlog/format";
import { type Disk, type Listed, ModelFile, readValue, visitRecords } from "./model-disk.ts";

/** A put or a delete. */
export interface Write {
  readonly key: string;
  /** `undefined`: a delete. */
  readonly value: string | undefined;
  readonly expiresAtMs?: number;
}

interface Commit extends Write {
  readonly sequence: number;
}

interface Entry {
  segmentId: number;
  offset: number;
  expiresAtMs: number;
  value: string;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * A store in memory without merges: segments are byte arrays in the real format, the keydir is a map with exact places, a write
 * is visible at once and durable when the log is synced (the weakest sync policy, under which a merge has the most to get
 * wrong). It remembers every write, and so knows what it must hold at any moment.
 */
export class LoggedStore {
  readonly disk: Disk;
  /** Every write that is in the log, oldest first. */
  history: Commit[] = [];
  nextSequence = 1;
  nextSegmentId = 1;
  /** The last sequence that a sync of the log has made durable. */
  durableThrough = 0;
  timeMs = 1_000;
  /** The latest time that anybody ever saw, before a crash too. */
  latestTimeMs = 1_000;
  readonly keydir: Map<string, Entry> = new Map();

  constructor(disk?: Disk) {
    this.disk = disk ?? { files: new Map(), manifest: [] };
    if (disk === undefined) this.#beginActive();
  }

  put(key: string, value: string, expiresAtMs = 0): void {
    this.write([{ key, value, expiresAtMs }]);
  }

  delete(key: string): void {
    this.write([{ key, value: undefined }]);
  }

  /** One frame. */
  write(writes: readonly Write[]): void {
    const { file } = this;
    const first = this.nextSequence;
    const frame = this.#encode(writes);
    const header = { recordCount: writes.length, firstSequence: first, floor: this.durableThrough };
    sealFrame(
      frame.bytes,
      0,
      frame.bytes.length,
      { ...header, acknowledgedWhenSynced: false, sparse: false },
      file.place,
      file.bytes.length,
    );
    const start = file.bytes.length;
    file.append(frame.bytes);
    for (const [index, write] of writes.entries()) {
      this.history.push({ ...write, sequence: first + index });
      this.#apply(write, file.segmentId, start + frame.offsets[index]!);
    }
    this.nextSequence += writes.length;
  }

  /** An empty frame, as a sync leaves it behind. */
  fence(): void {
    this.write([]);
  }

  /** Seals the active segment, unless no record is in it, and begins a new one. */
  rotate(): void {
    if (this.nextSequence === this.disk.manifest.at(-1)!.lowestSequence) return;
    this.syncNow();
    this.#seal();
    this.#beginActive();
  }

  syncNow(): void {
    this.file.sync();
    this.durableThrough = this.nextSequence - 1;
  }

  advance(milliseconds: number): void {
    this.timeMs += milliseconds;
    this.latestTimeMs = Math.max(this.latestTimeMs, this.timeMs);
  }

  /** Takes expired keys out of the keydir, as a store may do at any time to have its memory back. */
  sweep(): void {
    for (const [key, { expiresAtMs }] of this.keydir) if (isPast(expiresAtMs, this.timeMs)) this.keydir.delete(key);
  }

  sealedIds(): number[] {
    return this.disk.manifest.filter((listed) => listed.sealedBytes !== undefined).map((listed) => listed.segmentId);
  }

  sealedBytes(): number {
    return this.disk.manifest.reduce((sum, listed) => sum + (listed.sealedBytes ?? 0), 0);
  }

  /** All records in the listed segments: `key=value`, `-key` for a tombstone, with their sequences; sorted. */
  records(ids: readonly number[] = this.disk.manifest.map((listed) => listed.segmentId)): string[] {
    const found: string[] = [];
    for (const listed of this.disk.manifest.filter(({ segmentId }) => ids.includes(segmentId))) {
      visitRecords(this.disk, listed, ({ fields, bytes }) => {
        const key = text.decode(bytes.subarray(fields.keyStart, fields.keyEnd));
        const value = text.decode(bytes.subarray(fields.valueStart, fields.valueEnd));
        found.push(`${fields.tombstone ? `-${key}` : `${key}=${value}`}@${fields.sequence}`);
      });
    }
    return found.sort();
  }

  /** What a reader gets. */
  get(key: string): string | undefined {
    const entry = this.keydir.get(key);
    if (entry === undefined || isPast(entry.expiresAtMs, this.timeMs)) return undefined;
    return this.#valueAt(entry);
  }

  /** Throws unless the store holds exactly what its history says, in memory and on its disk. */
  check(): void {
    for (const key of new Set(this.history.map((commit) => commit.key))) this.#checkKey(key);
    for (const entry of this.keydir.values()) {
      const listed = this.disk.manifest.some(({ segmentId }) => segmentId === entry.segmentId);
      // What has expired is dropped when its segment is retired, before the file goes.
      if (isPast(entry.expiresAtMs, this.latestTimeMs) && this.disk.files.has(entry.segmentId)) continue;
      if (!listed) throw new Error(`a key points into segment ${entry.segmentId}, which is not listed`);
    }
  }

  // How it works.

  get file(): ModelFile {
    return this.disk.files.get(this.disk.manifest.at(-1)!.segmentId)!;
  }

  #encode(writes: readonly Write[]): { bytes: Uint8Array; offsets: number[] } {
    const records = writes.map(({ key, value = "", expiresAtMs = 0, ...rest }) => ({
      key: utf8.encode(key),
      value: utf8.encode(value),
      expiresAtMs,
      ...rest,
    }));
    const sizes = records.map((record) =>
      recordBytes(record.key.length, record.value.length, record.expiresAtMs !== 0),
    );
    const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, FRAME_HEADER_BYTES));
    const offsets: number[] = [];
    let at = FRAME_HEADER_BYTES;
    for (const [index, { key, value, expiresAtMs }] of records.entries()) {
      offsets.push(at);
      const tombstone = writes[index]!.value === undefined;
      const sequence = this.nextSequence + index;
      const keyAt = writeRecordHeader(bytes, at, sequence, key.length, value.length, tombstone, expiresAtMs);
      bytes.set(key, keyAt);
      bytes.set(value, keyAt + key.length);
      at += sizes[index]!;
    }
    return { bytes, offsets };
  }

  #apply({ key, value, expiresAtMs = 0 }: Write, segmentId: number, offset: number): void {
    if (value === undefined) this.keydir.delete(key);
    else this.keydir.set(key, { segmentId, offset, expiresAtMs, value });
  }

  /** A file of the next id, in no manifest yet. */
  createFile(): ModelFile {
    const file = new ModelFile(this.nextSegmentId++);
    this.disk.files.set(file.segmentId, file);
    return file;
  }

  #beginActive(): void {
    const file = this.createFile();
    file.named = true;
    file.sync();
    const listed = { segmentId: file.segmentId, sealedBytes: undefined, highestSequence: 0 };
    this.disk.manifest = [...this.disk.manifest, { ...listed, lowestSequence: this.nextSequence }];
  }

  #seal(): void {
    const active = this.disk.manifest.at(-1)!;
    const sealed = { ...active, sealedBytes: this.file.bytes.length, highestSequence: this.nextSequence - 1 };
    this.disk.manifest = [...this.disk.manifest.slice(0, -1), sealed];
  }

  /** Reads the listed segments by sequence, seals what was active, and returns the last sequence found. */
  recover(firstCopy: boolean): number {
    const newest = new Map<string, { sequence: number; tombstone: boolean; entry: Entry }>();
    const active = this.disk.manifest.at(-1)!;
    let last = active.lowestSequence - 1;
    for (const listed of this.disk.manifest) {
      visitRecords(this.disk, listed, ({ fields, bytes, segmentId, offset }) => {
        const key = text.decode(bytes.subarray(fields.keyStart, fields.keyEnd));
        const value = text.decode(bytes.subarray(fields.valueStart, fields.valueEnd));
        const { sequence, tombstone, expiresAtMs } = fields;
        if (listed === active) last = sequence;
        if (sequence < listed.lowestSequence) throw new Error(`segment ${segmentId} has ${sequence} below its lowest`);
        const known = newest.get(key);
        const isOlder = known !== undefined && known.sequence > sequence;
        const isCopy = known?.sequence === sequence && known.tombstone === tombstone;
        const isBuried = known?.sequence === sequence && tombstone;
        if (isOlder || (isCopy ? firstCopy : isBuried)) return;
        newest.set(key, { sequence, tombstone, entry: { segmentId, offset, expiresAtMs, value } });
      });
    }
    for (const [key, { tombstone, entry }] of newest) if (!tombstone) this.keydir.set(key, entry);
    const files = this.disk.manifest.map((listed) => listed.segmentId);
    for (const id of this.disk.files.keys()) if (!files.includes(id)) this.disk.files.delete(id);
    this.durableThrough = last;
    this.#sealRecovered(active, last);
    return last;
  }

  #sealRecovered(active: Listed, last: number): void {
    const sealed = { ...active, sealedBytes: this.file.bytes.length, highestSequence: last };
    const others = this.disk.manifest.slice(0, -1);
    this.disk.manifest = last < active.lowestSequence ? others : [...others, sealed];
    this.#beginActive();
  }

  #checkKey(key: string): void {
    const commit = this.history.findLast((each) => each.key === key)!;
    const expiresAtMs = commit.expiresAtMs ?? 0;
    const expected = isPast(expiresAtMs, this.timeMs) ? undefined : commit.value;
    const actual = this.get(key);
    if (actual === expected) return;
    // Under a clock that was set back, a record that somebody saw expire may be gone for good.
    if (actual === undefined && isPast(expiresAtMs, this.latestTimeMs)) return;
    throw new Error(`${key} is ${actual} instead of ${expected} (sequence ${commit.sequence})`);
  }

  #valueAt({ segmentId, offset, value }: Entry): string {
    const listed = this.disk.manifest.find((each) => each.segmentId === segmentId);
    if (listed === undefined) throw new Error(`a reader finds segment ${segmentId} gone`);
    const found = readValue(this.disk.files.get(segmentId)!, offset);
    if (found !== value) throw new Error(`a reader finds ${found} instead of ${value}`);
    return found;
  }
}

export function isPast(expiresAtMs: number, timeMs: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= timeMs;
}
