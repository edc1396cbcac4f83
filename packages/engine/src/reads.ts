import type { Clock } from "@hashlog/fs-io";
import type { ChangeFeed, ChangesOptions } from "./changes.ts";
import type { RecordLocation } from "@hashlog/index";
import type { Codec } from "./codecs.ts";
import type { LookUps } from "./counts.ts";
import { encodesAnew } from "./codecs.ts";
import { describeType } from "./describe-type.ts";
import { decodeKey, decodeValue, decodeValueOf } from "./decoding.ts";
import { invalidArgument } from "./errors.ts";
import { exportEntries, type ExportOptions, type ExportReport } from "./export.ts";
import type { ExportDestination } from "./export-destination.ts";
import type { Feeds } from "./feeds.ts";
import type { InFlight } from "./in-flight.ts";
import { openFeed } from "./open-feed.ts";
import {
  checkIterateOptions,
  ChunkIterator,
  type EntryMaker,
  type IterateOptions,
  type Iteration,
  type StoreIterator,
} from "./iterate.ts";
import type { Limits } from "./limits.ts";
import type { Ordering } from "./ordering.ts";
import { namesOf, type ExportedEntry } from "./exported-entry.ts";
import { selectionOf, type RangeOptions, type Selection } from "./range.ts";
import type { ReadPace } from "./read-pace.ts";
import { readMany, type Found } from "./read-many.ts";
import type { RecordReader } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import type { Segment } from "./segment.ts";
import { traceMany, tracePromise, traceSync } from "./traced-reads.ts";
import { TRACES, type GetTrace } from "./tracing.ts";
import type { ValueCache } from "./value-cache.ts";
import type { View } from "./views.ts";
import { checkKeyBytes } from "./write-options.ts";

/** A value, and what is known of it besides. */
export interface Entry<V> {
  readonly value: V;
  /** The sequence of the write that set it: it is another after each write of the key, and never comes again. */
  readonly version: number;
  /** Milliseconds since 1970 from which on the key counts as absent; `undefined`: never. */
  readonly expiresAtMs: number | undefined;
}

/** Where is read: in the store as it is at each call, or in a snapshot of it. */
export interface ReadSource {
  /** Where the record of the key lies, if the key is there and has not expired. */
  find(key: Uint8Array, location: RecordLocation): boolean;
  segmentAt(slot: number): Segment;
  /** Throws once nothing may be read any more. */
  checkOpen(): void;
  /** What has expired, for all of one iteration. */
  passed(): (expiresAtMs: number) => boolean;
  /** A view for an iterator, and what gives it up when the iterator has ended or is gone. */
  viewFor(): { readonly view: View; readonly onEnd: () => void; readonly heldBy: (iterator: object) => void };
}

/** What reads need besides. */
export interface ReadParts<K, V> {
  readonly directory: string;
  readonly source: ReadSource;
  readonly keys: Codec<K>;
  readonly values: Pick<Codec<V>, "name" | "decode">;
  readonly reader: RecordReader;
  readonly cache: ValueCache;
  readonly lookUps: LookUps;
  readonly inFlight: InFlight;
  readonly ordering: Ordering;
  readonly limits: Limits;
  readonly clock: Pick<Clock, "yield" | "elapsedMs">;
  readonly pace: ReadPace;
  /** Whether iterators go in order also where no range was asked for. */
  readonly ordered: boolean;
}

/** Every way to read, as the store and its snapshots have them; their methods say what each does. */
export class Reads<K, V> {
  readonly #parts: ReadParts<K, V>;
  readonly #source: ReadSource;
  readonly #location = newLocation();
  readonly #lookUps: LookUps;

  constructor(parts: ReadParts<K, V>) {
    this.#parts = parts;
    this.#source = parts.source;
    this.#lookUps = parts.lookUps;
  }

  get(key: K): Promise<V | undefined> {
    if (!TRACES.get.isOn) return this.#get(key);
    return tracePromise(this.#trace("get", key), this.#location, () => this.#get(key));
  }

  getSync(key: K): V | undefined {
    if (!TRACES.get.isOn) return this.#getSync(key);
    return traceSync(this.#trace("getSync", key), this.#location, () => this.#getSync(key));
  }

  getEntry(key: K): Promise<Entry<V> | undefined> {
    if (!TRACES.get.isOn) return this.#getEntry(key);
    return tracePromise(this.#trace("getEntry", key), this.#location, () => this.#getEntry(key));
  }

  getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    if (!TRACES.getMany.isOn) return this.#getMany(keys);
    return traceMany(this.#parts.directory, keys, () => this.#getMany(keys));
  }

  #get(key: K): Promise<V | undefined> {
    try {
      const bytes = this.#find(key);
      const { pace, values } = this.#parts;
      if (bytes === undefined) return pace.takes(0) ? Promise.resolve(undefined) : this.#absentLater();
      const hasRoom = pace.takes(this.#location.valueBytes);
      const value = hasRoom ? this.#atOnce(this.#segment(), this.#location, bytes) : undefined;
      return value === undefined
        ? this.#later(this.#kept(this.#own(bytes)), hasRoom)
        : Promise.resolve(decodeValueOf(values, value, key));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #getSync(key: K): V | undefined {
    const bytes = this.#find(key);
    if (bytes === undefined) return undefined;
    const { values, reader, cache } = this.#parts;
    const segment = this.#segment();
    const location = this.#location;
    let value = cache.find(segment.fileNumber, location.offset, location.valueBytes);
    if (value === undefined) {
      value = reader.readSync(segment, location, bytes);
      cache.note(segment.fileNumber, location.offset, value);
    }
    return decodeValueOf(values, value, key);
  }

  async #getEntry(key: K): Promise<Entry<V> | undefined> {
    const bytes = this.#find(key);
    const { pace, reader } = this.#parts;
    const found = bytes && this.#kept(this.#own(bytes));
    const room = found?.location.valueBytes ?? 0;
    return this.#keeping(found && [found], async () => {
      if (!pace.takes(room)) await pace.turn(room);
      if (found === undefined) return undefined;
      const { segment, location } = found;
      const { value, sequence } = pace.readsAtOnce(location.valueBytes)
        ? { value: this.#readNow(segment, location, found.bytes), sequence: reader.lastSequence }
        : await reader.readWithSequence(segment, location, found.bytes);
      return {
        value: decodeValue(this.#parts, value, found.bytes),
        version: sequence,
        expiresAtMs: location.expiresAtMs === 0 ? undefined : location.expiresAtMs,
      };
    });
  }

  async #getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    this.#source.checkOpen();
    if (!Array.isArray(keys)) throw invalidArgument(`the keys of getMany are ${describeType(keys)}, not an array`);
    // All are encoded before any is looked up: a codec that throws leaves nothing pinned.
    const encoded = Array.from(keys as readonly K[], (key) => this.ownKey(key));
    const found = encoded.map((own) => (this.#finds(own) ? this.#kept(own) : undefined));
    const { reader, cache, pace, limits } = this.#parts;
    return this.#keeping(found, async () => {
      const values = Array.from(found, (): V | undefined => undefined);
      const unread = Array.from(found, (): Found | undefined => undefined);
      for (const [index, one] of found.entries()) {
        const value = one && cache.find(one.segment.fileNumber, one.location.offset, one.location.valueBytes);
        if (one !== undefined && value === undefined) {
          unread[index] = one;
          continue;
        }
        if (!pace.takes(0)) await pace.turn(0);
        if (value !== undefined) values[index] = decodeValue(this.#parts, value, one!.bytes);
      }
      const parts = { reader, pace, bytesTogetherMax: limits.sharedReadBytesMax };
      await readMany(unread, parts, (index, value) => {
        const { segment, location, bytes } = found[index]!;
        cache.note(segment.fileNumber, location.offset, value);
        values[index] = decodeValue(this.#parts, value, bytes);
      });
      return values;
    });
  }

  has(key: K): boolean {
    this.#source.checkOpen();
    return this.#source.find(this.encodeKey(key), this.#location);
  }

  entries(options: IterateOptions<K> | undefined): StoreIterator<[K, V], K> {
    const { keys, values } = this.#parts;
    return this.#iterate(options, "entries", true, (bytes, value) => {
      const key = decodeKey(keys, bytes);
      return [key, decodeValueOf(values, value, key)];
    });
  }

  keys(options: IterateOptions<K> | undefined): StoreIterator<K, K> {
    const { keys } = this.#parts;
    return this.#iterate(options, "keys", false, (key) => decodeKey(keys, key));
  }

  values(options: IterateOptions<K> | undefined): StoreIterator<V, K> {
    return this.#iterate(options, "values", true, (key, value) => decodeValue(this.#parts, value, key));
  }

  async count(options: IterateOptions<K> | undefined): Promise<number> {
    const iterator = this.#iterate(options, "count", false, () => undefined);
    let count = 0;
    for (let chunk = await iterator.nextChunk(); chunk.length > 0; chunk = await iterator.nextChunk()) {
      count += chunk.length;
    }
    return count;
  }

  exportTo(destination: ExportDestination, options: ExportOptions<K>): Promise<ExportReport> {
    const { directory, keys, values, clock } = this.#parts;
    const begin = (): ChunkIterator<ExportedEntry, K> => {
      this.#source.checkOpen();
      return this.#iterateChecked(options, true, (key, value, _sequence, expiresAtMs) => ({ key, value, expiresAtMs }));
    };
    return exportEntries({ directory, codecs: namesOf({ keys, values }), clock, begin }, destination, options);
  }

  changes(options: ChangesOptions = {}, feeds: Feeds): ChangeFeed<K, V> {
    this.#source.checkOpen();
    return openFeed(this.#parts, feeds, options, (make) => this.#iterate({}, "changes", true, make));
  }

  /** The keys that a `clear` with these options deletes, as bytes. Nothing is left out because it has expired. */
  keysToClear(options: IterateOptions<K>): ChunkIterator<Uint8Array, K> {
    return this.#begin(this.#selection(options), {
      withValues: false,
      make: (key) => key,
      hasPassed: () => false,
      // A clear that was called before the store is being closed is waited for.
      checkOpen: () => undefined,
      signal: options.signal,
      ...this.#source.viewFor(),
    });
  }

  /** The bytes of the key, which the codec, or the caller, may use again. */
  encodeKey(key: K): Uint8Array {
    const { keys } = this.#parts;
    const bytes = keys.encode(key);
    checkKeyBytes(bytes, keys.name);
    return bytes;
  }

  /** The bytes of the key, which stay as they are until the call returns in which the key was given, whatever is encoded next. */
  keyForCall(key: K): Uint8Array {
    const bytes = this.encodeKey(key);
    return bytes === key ? bytes : this.#own(bytes);
  }

  /**
   * The bytes of the key, which nobody else has: one that is read again, after an await or after the codec was called once
   * more, must not change meanwhile.
   */
  ownKey(key: K): Uint8Array {
    return this.#own(this.encodeKey(key));
  }

  #trace(method: GetTrace["method"], key: K): GetTrace {
    return { directory: this.#parts.directory, method, key };
  }

  #own(bytes: Uint8Array): Uint8Array {
    // Copied by constructor: `slice` of a Buffer is a view of the same bytes.
    return encodesAnew(this.#parts.keys) ? bytes : new Uint8Array(bytes);
  }

  /** The bytes of the key, which the codec may use again, if it is there; its record lies at `#location`. */
  #find(key: K): Uint8Array | undefined {
    this.#source.checkOpen();
    const bytes = this.encodeKey(key);
    return this.#finds(bytes) ? bytes : undefined;
  }

  #finds(key: Uint8Array): boolean {
    this.#lookUps.gets += 1;
    if (!this.#source.find(key, this.#location)) return false;
    this.#lookUps.hits += 1;
    return true;
  }

  /** The segment of what was found last. */
  #segment(): Segment {
    return this.#source.segmentAt(this.#location.segmentSlot);
  }

  /** What was found last, for when the call has returned. */
  #kept(own: Uint8Array): Found {
    return { bytes: own, location: { ...this.#location }, segment: this.#segment() };
  }

  /** The bytes of the value, if they are there at once: `undefined` if they are better read aside. */
  #atOnce(segment: Segment, location: Readonly<RecordLocation>, bytes: Uint8Array): Uint8Array | undefined {
    const { cache, pace } = this.#parts;
    const cached = cache.find(segment.fileNumber, location.offset, location.valueBytes);
    if (cached !== undefined || !pace.readsAtOnce(location.valueBytes)) return cached;
    const value = this.#readNow(segment, location, bytes);
    cache.note(segment.fileNumber, location.offset, value);
    return value;
  }

  #readNow(segment: Segment, location: Readonly<RecordLocation>, bytes: Uint8Array): Uint8Array {
    const { reader, pace } = this.#parts;
    const begun = pace.begin();
    const value = reader.readSync(segment, location, bytes);
    pace.end(begun);
    return value;
  }

  #absentLater(): Promise<undefined> {
    return this.#keeping([], async () => {
      await this.#parts.pace.turn(0);
      return undefined;
    });
  }

  /** Reads aside what there was room for in this turn, and else in another one. */
  #later(found: Found, hasRoom: boolean): Promise<V> {
    const { reader, cache, pace } = this.#parts;
    const { segment, location, bytes } = found;
    return this.#keeping([found], async () => {
      let value: Uint8Array | undefined;
      if (!hasRoom) {
        await pace.turn(location.valueBytes);
        value = this.#atOnce(segment, location, bytes);
      }
      if (value === undefined) {
        value = await reader.read(segment, location, bytes);
        cache.note(segment.fileNumber, location.offset, value);
      }
      return decodeValue(this.#parts, value, bytes);
    });
  }

  /** Keeps the segments readable, and the store from being closed, for as long as `read` takes. */
  async #keeping<T>(found: readonly (Found | undefined)[] = [], read: () => Promise<T>): Promise<T> {
    const { inFlight } = this.#parts;
    for (const one of found) one?.segment.pin();
    inFlight.begin();
    try {
      return await read();
    } finally {
      for (const one of found) one?.segment.unpin();
      inFlight.end();
    }
  }

  #selection(options: RangeOptions<K>): Selection {
    return selectionOf(options, (key) => this.ownKey(key), this.#parts.ordered);
  }

  #iterate<T>(
    options: IterateOptions<K> = {},
    of: string,
    withValues: boolean,
    make: EntryMaker<T>,
  ): ChunkIterator<T, K> {
    this.#source.checkOpen();
    checkIterateOptions(options, of);
    return this.#iterateChecked(options, withValues, make);
  }

  #iterateChecked<T>(options: IterateOptions<K>, withValues: boolean, make: EntryMaker<T>): ChunkIterator<T, K> {
    const source = this.#source;
    const selection = this.#selection(options);
    const given = { withValues, make, signal: options.signal };
    return this.#begin(selection, {
      ...given,
      hasPassed: source.passed(),
      checkOpen: () => source.checkOpen(),
      ...source.viewFor(),
    });
  }

  #begin<T>(selection: Selection, given: Beginning<T>): ChunkIterator<T, K> {
    const { reader, inFlight, ordering, limits, clock, pace } = this.#parts;
    const encode = (key: K): Uint8Array => this.ownKey(key);
    const shared = { encode, reader, inFlight, ordering, limits, clock, pace };
    const iterator = new ChunkIterator<T, K>({ ...given, ...shared, selection });
    given.heldBy(iterator);
    return iterator;
  }
}

type Beginning<T> = Pick<
  Iteration<T, unknown>,
  "view" | "onEnd" | "withValues" | "make" | "hasPassed" | "checkOpen" | "signal"
> & { readonly heldBy: (iterator: object) => void };
