import type { KeydirPage } from "@hashlog/index";
import { throwIfAborted } from "./errors.ts";
import type { InFlight } from "./in-flight.ts";
import type { Limits } from "./limits.ts";
import type { RecordReader } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import { checkOptions } from "./store-options.ts";
import type { View, Views } from "./views.ts";

/** Options of the iterators. */
export interface IterateOptions {
  /** Ends the iteration, which then rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkIterateOptions(options: IterateOptions | undefined, of: string): AbortSignal | undefined {
  if (options === undefined) return undefined;
  const signal = (value: unknown): string | undefined => (value instanceof AbortSignal ? undefined : "an AbortSignal");
  checkOptions(options, { signal }, of);
  return options.signal;
}

/** How the raw bytes of an entry become what the iterator gives out. */
export type EntryMaker<T> = (key: Uint8Array, value: Uint8Array) => T;

/**
 * Iterates over a view: keys alone without any I/O, or with values that are read some at a time, ahead of the caller.
 * What has expired by the time of the view's making is left out; the view is closed at the end, on `return`, and on failure.
 */
export function iterate<T>(parts: {
  views: Views;
  reader: RecordReader;
  inFlight: InFlight;
  /** Throws once the iterator may not go on. */
  checkOpen: () => void;
  withValues: boolean;
  hasPassed: (expiresAtMs: number) => boolean;
  signal: AbortSignal | undefined;
  limits: Limits;
  make: EntryMaker<T>;
}): AsyncIterableIterator<T> {
  const view = parts.views.open();
  const chunks = parts.withValues ? new ValueChunks(view, parts) : new KeyChunks(view, parts);
  const iterator = new ChunkIterator(view, chunks, parts);
  parts.views.closeWith(iterator, view);
  return iterator;
}

interface ChunkParts<T> {
  readonly hasPassed: (expiresAtMs: number) => boolean;
  readonly make: EntryMaker<T>;
  readonly limits: Limits;
}

interface Chunks<T> {
  /** The next items, at least one; `undefined` at the end. */
  next(): Promise<readonly T[]> | readonly T[] | undefined;
}

class ChunkIterator<T> implements AsyncIterableIterator<T> {
  readonly #view: View;
  readonly #chunks: Chunks<T>;
  readonly #inFlight: InFlight;
  readonly #checkOpen: () => void;
  readonly #signal: AbortSignal | undefined;
  #chunk: readonly T[] = [];
  #at = 0;
  #done = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    view: View,
    chunks: Chunks<T>,
    parts: { inFlight: InFlight; checkOpen: () => void; signal: AbortSignal | undefined },
  ) {
    this.#view = view;
    this.#chunks = chunks;
    this.#inFlight = parts.inFlight;
    this.#checkOpen = parts.checkOpen;
    this.#signal = parts.signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // Calls that do not wait for one another are answered in their order all the same.
  next(): Promise<IteratorResult<T, undefined>> {
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#done) return { done: true, value: undefined };
    this.#inFlight.begin();
    try {
      this.#checkOpen();
      throwIfAborted(this.#signal, "iterating");
      if (this.#at === this.#chunk.length) {
        const chunk = await this.#chunks.next();
        if (chunk === undefined) return await this.return();
        this.#chunk = chunk;
        this.#at = 0;
      }
      return { done: false, value: this.#chunk[this.#at++]! };
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      this.#inFlight.end();
    }
  }

  #end(): void {
    this.#done = true;
    this.#chunk = [];
    this.#at = 0;
    this.#view.close();
  }
}

/** Walks over the entries of a view's pages that have not expired. */
class PageWalk {
  readonly #view: View;
  readonly #hasPassed: (expiresAtMs: number) => boolean;
  page: KeydirPage | undefined;
  index = -1;

  constructor(view: View, hasPassed: (expiresAtMs: number) => boolean) {
    this.#view = view;
    this.#hasPassed = hasPassed;
  }

  /** Goes on to the next entry of the present page; `false` at its end. */
  step(): boolean {
    const { page } = this;
    if (page === undefined) return false;
    while (++this.index < page.count) {
      if (!this.#hasPassed(page.expiresAtMs[this.index]!)) return true;
    }
    return false;
  }

  /** Goes on to the next page; `false` if there is none. */
  turn(): boolean {
    this.page = this.#view.nextPage();
    this.index = -1;
    return this.page !== undefined;
  }

  /** A copy of the entry's key. */
  key(): Uint8Array {
    const { keys, keyEnds } = this.page!;
    return keys.slice(this.index === 0 ? 0 : keyEnds[this.index - 1]!, keyEnds[this.index]!);
  }
}

class KeyChunks<T> implements Chunks<T> {
  readonly #walk: PageWalk;
  readonly #make: EntryMaker<T>;
  readonly #keysAhead: number;

  constructor(view: View, { hasPassed, make, limits }: ChunkParts<T>) {
    this.#walk = new PageWalk(view, hasPassed);
    this.#make = make;
    this.#keysAhead = limits.keysAhead;
  }

  next(): readonly T[] | undefined {
    const chunk: T[] = [];
    while (chunk.length < this.#keysAhead) {
      if (this.#walk.step()) chunk.push(this.#make(this.#walk.key(), NO_VALUE));
      else if (!this.#walk.turn()) break;
    }
    return chunk.length === 0 ? undefined : chunk;
  }
}

class ValueChunks<T> implements Chunks<T> {
  readonly #view: View;
  readonly #walk: PageWalk;
  readonly #reader: RecordReader;
  readonly #make: EntryMaker<T>;
  readonly #valuesAhead: number;

  constructor(view: View, { reader, hasPassed, make, limits }: ChunkParts<T> & { readonly reader: RecordReader }) {
    this.#view = view;
    this.#walk = new PageWalk(view, hasPassed);
    this.#reader = reader;
    this.#make = make;
    this.#valuesAhead = limits.valuesAhead;
  }

  next(): Promise<readonly T[]> | undefined {
    const reads: Promise<T>[] = [];
    let bytes = 0;
    while (reads.length < this.#valuesAhead && bytes < BYTES_AHEAD) {
      if (this.#walk.step()) {
        bytes += this.#walk.page!.valueBytes[this.#walk.index]!;
        reads.push(this.#read());
      } else if (!this.#walk.turn()) break;
    }
    return reads.length === 0 ? undefined : Promise.all(reads);
  }

  async #read(): Promise<T> {
    const { page, index } = this.#walk;
    const location = newLocation();
    location.segmentSlot = page!.segmentSlots[index]!;
    location.offset = page!.offsets[index]!;
    location.valueBytes = page!.valueBytes[index]!;
    location.expiresAtMs = page!.expiresAtMs[index]!;
    const key = this.#walk.key();
    // Pinned on its own: the iterator may be ended while the read runs.
    const segment = this.#view.segmentAt(location.segmentSlot);
    segment.pin();
    try {
      return this.#make(key, await this.#reader.read(segment, location, key));
    } finally {
      segment.unpin();
    }
  }
}

const BYTES_AHEAD = 1024 * 1024;
const NO_VALUE = new Uint8Array(0);
