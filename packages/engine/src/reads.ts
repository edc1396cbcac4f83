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
import type { RecordReader } from "./record-reader.ts";
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

  async get(key: K): Promise<V | undefined> {
    const found = this.#locate(key);
    return found && this.#read(found);
  }

  getSync(key: K): V | undefined {
    this.#source.checkOpen();
    const bytes = this.encodeKey(key);
    const location = this.#location;
    if (!this.#source.find(bytes, location)) return undefined;
    const { values, reader } = this.#parts;
    return values.decode(reader.readSync(this.#source.segmentAt(location.segmentSlot), location, bytes));
  }

  async getEntry(key: K): Promise<Entry<V> | undefined> {
    const found = this.#locate(key);
    if (found === undefined) return undefined;
    return this.#pinning(found.segment, async () => {
      const { reader, values } = this.#parts;
      const { value, sequence } = await reader.readWithSequence(found.segment, found.location, found.bytes);
      const { expiresAtMs } = found.location;
      return {
        value: values.decode(value),
        version: sequence,
        expiresAtMs: expiresAtMs === 0 ? undefined : expiresAtMs,
      };
    });
  }

  async getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    this.#source.checkOpen();
    if (!Array.isArray(keys)) throw invalidArgument(`the keys of getMany are ${describeType(keys)}, not an array`);
    // All are encoded before any is looked up: a codec that throws leaves nothing pinned.
    const wanted = Array.from(keys as readonly K[], (key) => this.ownKey(key)).map((bytes) => {
      const found = this.#find(bytes);
      found?.segment.pin();
      return found;
    });
    const values: (V | undefined)[] = [];
    const { inFlight } = this.#parts;
    inFlight.begin();
    try {
      for (let at = 0; at < wanted.length; at += READS_AT_ONCE) {
        const reads = wanted.slice(at, at + READS_AT_ONCE).map(async (found) => found && this.#read(found));
        values.push(...(await Promise.all(reads)));
      }
    } finally {
      for (const found of wanted) found?.segment.unpin();
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

  #locate(key: K): Found | undefined {
    this.#source.checkOpen();
    return this.#find(this.ownKey(key));
  }

  #find(bytes: Uint8Array): Found | undefined {
    const location = newLocation();
    if (!this.#source.find(bytes, location)) return undefined;
    return { bytes, location, segment: this.#source.segmentAt(location.segmentSlot) };
  }

  #read({ segment, location, bytes }: Found): Promise<V> {
    const { values, reader } = this.#parts;
    return this.#pinning(segment, async () => values.decode(await reader.read(segment, location, bytes)));
  }

  /** Keeps the segment readable, and the store from being closed, for as long as `read` takes. */
  async #pinning<T>(segment: Segment, read: () => Promise<T>): Promise<T> {
    const { inFlight } = this.#parts;
    segment.pin();
    inFlight.begin();
    try {
      return await read();
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

interface Found {
  readonly bytes: Uint8Array;
  readonly location: RecordLocation;
  readonly segment: Segment;
}

const READS_AT_ONCE = 64;
