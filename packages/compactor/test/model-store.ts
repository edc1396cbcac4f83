import { FRAME_HEADER_BYTES, recordBytes, sealFrame, writeRecordHeader } from "@hashlog/format";
import {
  type FinishedOutput,
  KEY_ABSENT,
  KEY_ELSEWHERE,
  KEY_HERE,
  type MergeInput,
  type MergeOutput,
  type MergeStore,
  type MoveBatch,
  type RecordBatch,
} from "../src/index.ts";
import {
  afterPowerCut,
  type Disk,
  type Listed,
  ModelFile,
  readValue,
  type Survival,
  visitRecords,
} from "./model-disk.ts";

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

/** Where a merge touches the store: a call of the port, or a read of a segment. */
export interface PortEvent {
  readonly name: string;
  /** The effect is done when `"after"`. */
  readonly when: "before" | "after";
  /** 0 for the first event of the store. */
  readonly number: number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * A store in memory, as small as the port allows: segments are byte arrays in the real format, the keydir is a map with
 * exact places, a write is visible at once and durable when the log is synced (the weakest sync policy, under which a
 * merge has the most to get wrong). It remembers every write, and so knows what it must hold at any moment, also after a
 * power cut at that moment.
 */
export class ModelStore implements MergeStore {
  readonly disk: Disk;
  /** Every write that is in the log, oldest first. */
  history: Commit[] = [];
  nextSequence = 1;
  nextSegmentId = 1;
  timeMs = 1_000;
  /** The latest time that anybody ever saw, before a crash too. */
  latestTimeMs = 1_000;
  /** Called at every touch of the port that can be interleaved, before and after its effect. May write, throw, look. */
  onEvent: (event: PortEvent) => void = () => {};
  /** Called at every synchronous touch of the port. May throw. */
  onSyncCall: (name: string) => void = () => {};
  /** The names of all calls, for tests about their order. */
  readonly calls: string[] = [];
  readonly keydir: Map<string, Entry> = new Map();
  /** Whether what asks the keydir or changes it is answered some turns later, as from another thread. */
  answersLater = false;
  /** What the calls of `yield` were told. */
  readonly sliceBytes: number[] = [];
  #events = 0;
  #durableThrough = 0;

  constructor(disk?: Disk) {
    this.disk = disk ?? { files: new Map(), manifest: [] };
    if (disk === undefined) this.#beginActive();
  }

  // What a test does with it.

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
    const header = { recordCount: writes.length, firstSequence: first, floor: this.#durableThrough };
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
    this.#durableThrough = this.nextSequence - 1;
  }

  advance(milliseconds: number): void {
    this.timeMs += milliseconds;
    this.latestTimeMs = Math.max(this.latestTimeMs, this.timeMs);
  }

  /** Takes expired keys out of the keydir, as a store may do at any time to have its memory back. */
  sweep(): void {
    for (const [key, { expiresAtMs }] of this.keydir) if (isPast(expiresAtMs, this.timeMs)) this.keydir.delete(key);
  }

  /** The sealed segments, as inputs; those with the given ids, or all. */
  inputs(ids: readonly number[] = this.sealedIds()): MergeInput[] {
    return ids.map((id) => this.#input(this.disk.manifest.find((listed) => listed.segmentId === id)!));
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

  /**
   * The store that an opening finds after a power cut now, its clock set back by `backMs`. Of two copies of one record it
   * takes the one in the segment that is listed first, or last; of a put and a tombstone with its sequence the put.
   */
  crashed(survival: Survival, { backMs = 0, firstCopy = false } = {}): ModelStore {
    const store = new ModelStore(afterPowerCut(this.disk, survival));
    store.nextSequence = this.nextSequence;
    store.nextSegmentId = this.nextSegmentId;
    store.timeMs = this.timeMs - backMs;
    store.latestTimeMs = this.latestTimeMs;
    const last = store.#recover(firstCopy);
    store.history = this.history.filter(({ sequence }) => sequence <= last);
    return store;
  }

  /** Throws unless the store holds exactly what its history says, in memory and on its disk. */
  check(): void {
    for (const key of new Set(this.history.map((commit) => commit.key))) this.#checkKey(key);
    for (const entry of this.keydir.values()) {
      const listed = this.disk.manifest.some(({ segmentId }) => segmentId === entry.segmentId);
      if (!listed) throw new Error(`a key points into segment ${entry.segmentId}, which is not listed`);
    }
  }

  /** Throws unless a power cut at this moment leaves a store that holds a prefix of the history, the synced part at least. */
  checkCrash(survival: Survival): void {
    const store = this.crashed(survival);
    store.check();
    const durable = this.history.findLast((commit) => commit.sequence <= this.#durableThrough)?.sequence ?? 0;
    const last = store.history.at(-1)?.sequence ?? 0;
    if (last < durable) throw new Error(`synced through ${durable}, found ${last}`);
  }

  // The port.

  lowestSequenceOutside(inputs: readonly MergeInput[]): number | Promise<number> {
    return this.#answer("lowestSequenceOutside", () => {
      const ids = new Set(inputs.map((input) => input.segmentId));
      const outside = this.disk.manifest.filter((listed) => !ids.has(listed.segmentId));
      return Math.min(...outside.map((listed) => listed.lowestSequence));
    });
  }

  lookUp(records: RecordBatch, found: Uint8Array): void | Promise<void> {
    return this.#answer("lookUp", () => {
      for (let index = 0; index < records.count; index++) {
        const key = keyOf(records, index);
        const isHere = this.#isAt(key, records.input.segmentId, records.offsets[index]!);
        const isThere = this.keydir.has(key);
        // Where it may say either, it says what is not true.
        const isSaidToBeThere = records.absenceMatters[index] === 0 ? !isThere : isThere;
        found[index] = isHere ? KEY_HERE : isSaidToBeThere ? KEY_ELSEWHERE : KEY_ABSENT;
      }
    });
  }

  now(): number {
    this.#touch("now");
    return this.timeMs;
  }

  floor(): number {
    this.#touch("floor");
    return this.#durableThrough;
  }

  createOutput(): Promise<MergeOutput> {
    return this.#call("createOutput", () => {
      const file = this.#createFile();
      return {
        segmentId: file.segmentId,
        place: file.place,
        get position() {
          return file.bytes.length;
        },
        append: (bytes, start, end) => {
          this.#touch("append");
          file.append(bytes.subarray(start, end));
        },
        sync: () => {
          const { length } = file.bytes;
          return this.#call("sync", () => file.sync(length));
        },
        source: this.#source(file),
      };
    });
  }

  syncDirectory(): Promise<void> {
    return this.#call("syncDirectory", () => {
      for (const file of this.disk.files.values()) file.named = true;
    });
  }

  syncLog(): Promise<void> {
    return this.#call("syncLog", () => this.syncNow());
  }

  publish(outputs: readonly FinishedOutput[]): Promise<void> {
    return this.#call("publish", () => {
      const listed = outputs.map(({ output, sealedBytes, lowestSequence, highestSequence }) => ({
        segmentId: output.segmentId,
        sealedBytes,
        lowestSequence,
        highestSequence,
      }));
      this.disk.manifest = [...listed, ...this.disk.manifest];
    });
  }

  relocate(moves: MoveBatch): number | Promise<number> {
    return this.#answer("relocate", () => {
      let moved = 0;
      for (let index = 0; index < moves.count; index++) if (this.#relocate(moves, index)) moved++;
      return moved;
    });
  }

  dropExpired(records: RecordBatch): number | Promise<number> {
    return this.#answer("dropExpired", () => {
      let dropped = 0;
      for (let index = 0; index < records.count; index++) {
        const key = keyOf(records, index);
        if (!this.#isAt(key, records.input.segmentId, records.offsets[index]!)) continue;
        this.keydir.delete(key);
        dropped++;
      }
      return dropped;
    });
  }

  keysPointingInto(input: MergeInput): number | Promise<number> {
    return this.#answer("keysPointingInto", () => {
      return [...this.keydir.values()].filter((entry) => entry.segmentId === input.segmentId).length;
    });
  }

  retire(inputs: readonly MergeInput[]): Promise<void> {
    return this.#call("retire", () => {
      const ids = new Set(inputs.map((input) => input.segmentId));
      this.disk.manifest = this.disk.manifest.filter((listed) => !ids.has(listed.segmentId));
    });
  }

  removeInputs(inputs: readonly MergeInput[]): Promise<void> {
    return this.#call("removeInputs", () => this.#remove(inputs.map((input) => input.segmentId)));
  }

  abandonOutputs(outputs: readonly MergeOutput[]): Promise<void> {
    return this.#call("abandonOutputs", () => this.#remove(outputs.map((output) => output.segmentId)));
  }

  yield(bytes: number): Promise<void> {
    if (bytes < 1) throw new Error("a slice without work");
    return this.#call("yield", () => {
      this.sliceBytes.push(bytes);
    });
  }

  // How it works.

  get file(): ModelFile {
    return this.disk.files.get(this.disk.manifest.at(-1)!.segmentId)!;
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    this.calls.push(name);
    this.#tell(name, "before");
    const result = effect();
    // A turn of the event loop, as everything behind this port takes one.
    await Promise.resolve();
    this.#tell(name, "after");
    return result;
  }

  #tell(name: string, when: "before" | "after"): void {
    this.onEvent({ name, when, number: this.#events++ });
  }

  #answer<T>(name: string, effect: () => T): T | Promise<T> {
    if (this.answersLater) return this.#call(name, effect);
    this.#touch(name);
    return effect();
  }

  #touch(name: string): void {
    this.calls.push(name);
    this.onSyncCall(name);
  }

  #input({ segmentId, sealedBytes, lowestSequence, highestSequence }: Listed): MergeInput {
    const file = this.disk.files.get(segmentId)!;
    const { place } = file;
    return { segmentId, place, sealedBytes: sealedBytes!, lowestSequence, highestSequence, source: this.#source(file) };
  }

  #source(file: ModelFile): MergeInput["source"] {
    return {
      get bytes() {
        return file.bytes.length;
      },
      read: (target, at, bytes, position) =>
        this.#call("read", () => {
          const piece = file.bytes.subarray(position, position + bytes);
          target.set(piece, at);
          return piece.length;
        }),
    };
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

  #createFile(): ModelFile {
    const file = new ModelFile(this.nextSegmentId++);
    this.disk.files.set(file.segmentId, file);
    return file;
  }

  #beginActive(): void {
    const file = this.#createFile();
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

  #remove(ids: readonly number[]): void {
    for (const id of ids) {
      if (this.disk.manifest.some((listed) => listed.segmentId === id)) throw new Error(`segment ${id} is listed`);
      this.disk.files.delete(id);
    }
  }

  /** Reads the listed segments by sequence, seals what was active, and returns the last sequence found. */
  #recover(firstCopy: boolean): number {
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
    this.#durableThrough = last;
    this.#sealRecovered(active, last);
    return last;
  }

  #sealRecovered(active: Listed, last: number): void {
    const sealed = { ...active, sealedBytes: this.file.bytes.length, highestSequence: last };
    const others = this.disk.manifest.slice(0, -1);
    this.disk.manifest = last < active.lowestSequence ? others : [...others, sealed];
    this.#beginActive();
  }

  #relocate(moves: MoveBatch, index: number): boolean {
    const key = keyOf(moves, index);
    if (!this.#isAt(key, moves.sourceIds[index]!, moves.sourceOffsets[index]!)) return false;
    const { value } = this.keydir.get(key)!;
    const expiresAtMs = moves.expiresAtMs[index]!;
    const entry = { segmentId: moves.output.segmentId, offset: moves.targetOffsets[index]!, expiresAtMs, value };
    if (moves.valueBytes[index] !== utf8.encode(value).length) throw new Error(`wrong valueBytes for ${key}`);
    this.keydir.set(key, entry);
    return true;
  }

  #isAt(key: string, segmentId: number, offset: number): boolean {
    const entry = this.keydir.get(key);
    return entry?.segmentId === segmentId && entry.offset === offset;
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

function keyOf({ bytes, keyStarts, keyEnds }: RecordBatch | MoveBatch, index: number): string {
  return text.decode(bytes.subarray(keyStarts[index], keyEnds[index]));
}

function isPast(expiresAtMs: number, timeMs: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= timeMs;
}
