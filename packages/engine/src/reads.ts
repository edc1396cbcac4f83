import type { Clock } from "@hashlog/fs-io";
import type { RecordLocation } from "@hashlog/index";
import type { Codec } from "./codecs.ts";
import { describeType, encodesAnew } from "./codecs.ts";
import { invalidArgument } from "./errors.ts";
import type { InFlight } from "./in-flight.ts";
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
import { selectionOf, type RangeOptions, type Selection } from "./range.ts";
import type { ReadPace } from "./read-pace.ts";
import { readMany, type Found } from "./read-many.ts";
import type { ReadRecord, RecordReader } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import type { Segment } from "./segment.ts";
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
  readonly source: ReadSource;
  readonly keys: Codec<K>;
  readonly values: Pick<Codec<V>, "decode">;
  readonly reader: RecordReader;
  readonly inFlight: InFlight;
  readonly ordering: Ordering;
  readonly limits: Limits;
  readonly clock: Pick<Clock, "yield">;
  readonly pace: ReadPace;
  /** Whether iterators go in order also where no range was asked for. */
  readonly ordered: boolean;
}

/** Every way to read, as the store and its snapshots have them; their methods say what each does. */
export class Reads<K, V> {
  readonly #parts: ReadParts<K, V>;
  readonly #source: ReadSource;
  readonly #location = newLocation();

  constructor(parts: ReadParts<K, V>) {
    this.#parts = parts;
    this.#source = parts.source;
  }

  get(key: K): Promise<V | undefined> {
    try {
      const bytes = this.#find(key);
      if (bytes === undefined) return Promise.resolve(undefined);
      const { values, pace } = this.#parts;
      const manner = pace.next(this.#location.valueBytes);
      return manner === "now" ? Promise.resolve(values.decode(this.#readNow(bytes))) : this.#getLater(bytes, manner);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  getSync(key: K): V | undefined {
    const bytes = this.#find(key);
    return bytes && this.#parts.values.decode(this.#parts.reader.readSync(this.#segment(), this.#location, bytes));
  }

  async getEntry(key: K): Promise<Entry<V> | undefined> {
    const bytes = this.#find(key);
    if (bytes === undefined) return undefined;
    const { values, reader, pace } = this.#parts;
    const { expiresAtMs, valueBytes } = this.#location;
    const manner = pace.next(valueBytes);
    const { value, sequence } =
      manner === "now"
        ? { value: this.#readNow(bytes), sequence: reader.lastSequence }
        : await this.#readLater(bytes, manner);
    return {
      value: values.decode(value),
      version: sequence,
      expiresAtMs: expiresAtMs === 0 ? undefined : expiresAtMs,
    };
  }

  async getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    this.#source.checkOpen();
    if (!Array.isArray(keys)) throw invalidArgument(`the keys of getMany are ${describeType(keys)}, not an array`);
    // All are encoded before any is looked up: a codec that throws leaves nothing pinned.
    const encoded = Array.from(keys as readonly K[], (key) => this.ownKey(key));
    const found = encoded.map((bytes) => this.#pinned(bytes));
    const values = Array.from(encoded, (): V | undefined => undefined);
    const { inFlight, values: codec, reader, pace, limits } = this.#parts;
    inFlight.begin();
    try {
      await readMany(found, { reader, pace, bytesTogetherMax: limits.sharedReadBytesMax }, (index, value) => {
        values[index] = codec.decode(value);
      });
    } finally {
      for (const one of found) one?.segment.unpin();
      inFlight.end();
    }
    return values;
  }

  has(key: K): boolean {
    this.#source.checkOpen();
    return this.#source.find(this.encodeKey(key), this.#location);
  }

  entries(options: IterateOptions<K> | undefined): StoreIterator<[K, V], K> {
    const { keys, values } = this.#parts;
    return this.#iterate(options, "entries", true, (key, value) => [keys.decode(key), values.decode(value)]);
  }

  keys(options: IterateOptions<K> | undefined): StoreIterator<K, K> {
    const { keys } = this.#parts;
    return this.#iterate(options, "keys", false, (key) => keys.decode(key));
  }

  values(options: IterateOptions<K> | undefined): StoreIterator<V, K> {
    const { values } = this.#parts;
    return this.#iterate(options, "values", true, (_key, value) => values.decode(value));
  }

  async count(options: IterateOptions<K> | undefined): Promise<number> {
    const iterator = this.#iterate(options, "count", false, () => undefined);
    let count = 0;
    for (let chunk = await iterator.nextChunk(); chunk.length > 0; chunk = await iterator.nextChunk()) {
      count += chunk.length;
    }
    return count;
  }

  /** The keys that a `clear` with these options deletes, as bytes. Nothing is left out because it has expired. */
  keysToClear(options: RangeOptions<K>): ChunkIterator<Uint8Array, K> {
    return this.#begin(this.#selection(options), {
      withValues: false,
      make: (key) => key,
      hasPassed: () => false,
      // A clear that was called before the store is being closed is waited for.
      checkOpen: () => undefined,
      signal: undefined,
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

  /**
   * The bytes of the key, which nobody else has: one that is read again, after an await or after the codec was called once
   * more, must not change meanwhile.
   */
  ownKey(key: K): Uint8Array {
    const bytes = this.encodeKey(key);
    // Copied by constructor: `slice` of a Buffer is a view of the same bytes.
    return encodesAnew(this.#parts.keys) ? bytes : new Uint8Array(bytes);
  }

  /** The bytes of the key, which the codec may use again, if it is there; its record lies at `#location`. */
  #find(key: K): Uint8Array | undefined {
    this.#source.checkOpen();
    const bytes = this.encodeKey(key);
    return this.#source.find(bytes, this.#location) ? bytes : undefined;
  }

  /** The segment of what was found last. */
  #segment(): Segment {
    return this.#source.segmentAt(this.#location.segmentSlot);
  }

  /** Pins the segment of a key that is there. */
  #pinned(bytes: Uint8Array): Found | undefined {
    const location = newLocation();
    if (!this.#source.find(bytes, location)) return undefined;
    const segment = this.#source.segmentAt(location.segmentSlot);
    segment.pin();
    return { bytes, location, segment };
  }

  /** The bytes of the value that was found last. */
  #readNow(bytes: Uint8Array): Uint8Array {
    const { reader, pace } = this.#parts;
    const begun = pace.begin();
    const value = reader.readSync(this.#segment(), this.#location, bytes);
    pace.end(begun);
    return value;
  }

  async #getLater(bytes: Uint8Array, manner: "later" | "aside"): Promise<V> {
    return this.#parts.values.decode((await this.#readLater(bytes, manner)).value);
  }

  /** What was found last, read when the call has returned: the segment stays readable, and the store is not closed, until then. */
  async #readLater(encoded: Uint8Array, manner: "later" | "aside"): Promise<ReadRecord> {
    const { inFlight, reader, pace, keys } = this.#parts;
    const segment = this.#segment();
    const location = { ...this.#location };
    const bytes = encodesAnew(keys) ? encoded : new Uint8Array(encoded);
    segment.pin();
    inFlight.begin();
    try {
      if (manner === "aside" || !(await pace.turn(location.valueBytes))) {
        return await reader.readWithSequence(segment, location, bytes);
      }
      const begun = pace.begin();
      const value = reader.readSync(segment, location, bytes);
      pace.end(begun);
      return { value, sequence: reader.lastSequence };
    } finally {
      segment.unpin();
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
    const source = this.#source;
    source.checkOpen();
    checkIterateOptions(options, of);
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
