import { recordBytes } from "@hashlog/format";
import type { Clock } from "@hashlog/fs-io";
import type { KeydirPage, RecordLocation } from "@hashlog/index";
import { HashlogError, invalidArgument, throwIfAborted } from "./errors.ts";
import type { InFlight } from "./in-flight.ts";
import type { Limits } from "./limits.ts";
import type { Ordering } from "./ordering.ts";
import { rangeFrom, RANGE_CHECKS, type ByteRange, type RangeOptions, type Selection } from "./range.ts";
import type { ReadPace } from "./read-pace.ts";
import type { RecordReader, RecordRun } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import { checkOptions } from "./store-options.ts";
import type { View } from "./views.ts";

/** Options of the iterators. Without any of those of a range the entries come in no particular order. */
export interface IterateOptions<K> extends RangeOptions<K> {
  /** Ends the iteration, which then rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** What `entries`, `keys` and `values` return. It ends when it is left, and may be disposed of. */
export interface StoreIterator<T, K> extends AsyncIterableIterator<T, undefined> {
  /**
   * Goes on with the first key of the range that is not before `target` (with `reverse`: not after it), forward or back.
   * What was asked for and not given yet is answered first. The limit goes on counting. One that has ended has ended for good.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for an iterator that has begun in no particular order
   */
  seek(target: K): void;
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkIterateOptions(options: object, of: string): void {
  const signal = (value: unknown): string | undefined => (value instanceof AbortSignal ? undefined : "an AbortSignal");
  checkOptions(options, { ...RANGE_CHECKS, signal }, of);
}

/** How the raw bytes of an entry become what the iterator gives out. */
export type EntryMaker<T> = (key: Uint8Array, value: Uint8Array) => T;

/** Everything that an iteration needs. */
export interface Iteration<T, K> {
  readonly view: View;
  /** Called when it has ended. */
  readonly onEnd: () => void;
  readonly selection: Selection;
  readonly ordering: Ordering;
  readonly encode: (key: K) => Uint8Array;
  readonly reader: RecordReader;
  readonly inFlight: InFlight;
  /** Throws once the iterator may not go on. */
  readonly checkOpen: () => void;
  readonly withValues: boolean;
  readonly hasPassed: (expiresAtMs: number) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly limits: Limits;
  readonly clock: Pick<Clock, "yield">;
  readonly pace: ReadPace;
  readonly make: EntryMaker<T>;
}

/**
 * Iterates over a view: keys alone without any I/O, or with values that are read some at a time, ahead of the caller.
 * Calls of `next` that do not wait for one another are answered in their order all the same.
 */
export class ChunkIterator<T, K> implements StoreIterator<T, K> {
  readonly #parts: Iteration<T, K>;
  readonly #walk: PageWalk;
  #chunk: readonly T[] = [];
  #at = 0;
  #left: number;
  #done = false;
  #hasBegun = false;
  #fills = 0;
  /** How many calls wait for their turn, or have it. */
  #turns = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: Iteration<T, K>) {
    this.#parts = parts;
    this.#left = parts.selection.limit;
    this.#walk = new PageWalk(parts);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#hasBegun = true;
    if (this.#turns === 0 && this.#at < this.#chunk.length) return this.#ready();
    return this.#inTurn(() => this.#next());
  }

  /** As many as are ready, at least one; none at the end. Not to be mixed with `next`. */
  async nextChunk(): Promise<readonly T[]> {
    const first = await this.next();
    if (first.done === true) return [];
    const chunk = this.#chunk.slice(this.#at - 1);
    this.#left -= chunk.length - 1;
    this.#at = this.#chunk.length;
    return chunk;
  }

  seek(target: K): void {
    const key = this.#parts.encode(target);
    if (this.#walk.range === undefined && this.#hasBegun) {
      throw invalidArgument(
        "an iterator that has begun in no particular order cannot seek: give it a range, or seek first",
      );
    }
    this.#walk.range ??= { from: undefined, to: undefined, reverse: false };
    void this.#inTurn(async () => {
      this.#chunk = [];
      this.#at = 0;
      this.#walk.seek(key);
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** What the calls before have asked for comes first. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#turns += 1;
    const turn = this.#turn.then(work).finally(() => {
      this.#turns -= 1;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** The next of the chunk, without waiting for anything. */
  #ready(): Promise<IteratorResult<T, undefined>> {
    try {
      this.#mayGoOn();
    } catch (error) {
      this.#end();
      return Promise.reject(error as Error);
    }
    this.#left -= 1;
    return Promise.resolve({ done: false, value: this.#chunk[this.#at++]! });
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#done) return { done: true, value: undefined };
    const { inFlight } = this.#parts;
    inFlight.begin();
    try {
      this.#mayGoOn();
      if (this.#left === 0) return await this.return();
      if (this.#at === this.#chunk.length && !(await this.#fill())) return await this.return();
      this.#left -= 1;
      return { done: false, value: this.#chunk[this.#at++]! };
    } catch (error) {
      // Whoever has left it wants nothing more of it, an error neither.
      if (this.#done) return { done: true, value: undefined };
      this.#end();
      throw error;
    } finally {
      inFlight.end();
    }
  }

  /** @throws HashlogError `HASHLOG_CLOSED` | `HASHLOG_ABORTED` */
  #mayGoOn(): void {
    if (this.#done) throw new HashlogError("HASHLOG_CLOSED", "the iterator was left");
    this.#parts.checkOpen();
    throwIfAborted(this.#parts.signal, "iterating");
  }

  async #fill(): Promise<boolean> {
    const { ordering, withValues, clock } = this.#parts;
    if (this.#walk.range !== undefined && !ordering.isDone) await ordering.ready(() => this.#mayGoOn());
    // What is in memory comes without waiting: whoever goes through millions would keep everybody else waiting.
    this.#fills += 1;
    if (this.#fills % FILLS_IN_A_TURN === 0) {
      await clock.yield();
      this.#mayGoOn();
    }
    const chunk = withValues ? await this.#values() : this.#keys();
    // It may have been left while it read.
    if (this.#done) return false;
    this.#chunk = chunk;
    this.#at = 0;
    return chunk.length > 0;
  }

  #keys(): T[] {
    const { limits, make } = this.#parts;
    const most = Math.min(limits.keysAhead, this.#left);
    const keys: T[] = [];
    while (keys.length < most && this.#walk.step(this.#left)) keys.push(make(this.#walk.key(), NO_VALUE));
    return keys;
  }

  #values(): T[] | Promise<T[]> {
    const { pace } = this.#parts;
    return pace.isQuick ? pace.timed(() => this.#readAtOnce()) : Promise.all(this.#valuesBy(() => this.#read()));
  }

  #readAtOnce(): T[] {
    const { view, reader, make, limits } = this.#parts;
    const location = newLocation();
    let run: RecordRun | undefined;
    return this.#valuesBy(() => {
      this.#walk.locate(location);
      const { offset } = location;
      const key = this.#walk.key();
      const segment = view.segmentAt(location.segmentSlot);
      if (run === undefined || run.segment !== segment || offset < run.from || offset >= run.to) {
        const to = this.#walk.endOfNeighbours(limits.sharedReadBytesMax);
        run = to === undefined ? undefined : reader.readRunSync(segment, offset, to);
      }
      return make(
        key,
        run === undefined ? reader.readSync(segment, location, key) : reader.readFrom(run, location, key),
      );
    });
  }

  #valuesBy<Read>(read: () => Read): Read[] {
    const most = Math.min(this.#parts.limits.valuesAhead, this.#left);
    const reads: Read[] = [];
    let bytes = 0;
    while (reads.length < most && bytes < BYTES_AHEAD && this.#walk.step(this.#left)) {
      bytes += this.#walk.valueBytes;
      reads.push(read());
    }
    return reads;
  }

  async #read(): Promise<T> {
    const { view, reader, make } = this.#parts;
    const location = newLocation();
    this.#walk.locate(location);
    const key = this.#walk.key();
    // Pinned on its own: the iterator may be ended while the read runs.
    const segment = view.segmentAt(location.segmentSlot);
    segment.pin();
    try {
      return make(key, await reader.read(segment, location, key));
    } finally {
      segment.unpin();
    }
  }

  #end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#chunk = [];
    this.#at = 0;
    this.#parts.onEnd();
  }
}

/** Gives out pages. */
interface Pages {
  nextPage(entriesMax?: number): KeydirPage | undefined;
}

/** Walks over the entries of a view's pages that have not expired. */
class PageWalk {
  readonly #view: View;
  readonly #hasPassed: (expiresAtMs: number) => boolean;
  /** What is wanted; `undefined`: everything, in no particular order. */
  range: ByteRange | undefined;
  #given: ByteRange | undefined;
  #pages: Pages | undefined;
  #page: KeydirPage | undefined;
  #index = -1;
  #entriesMax = PAGE_ENTRIES_FIRST;

  constructor({ view, hasPassed, selection }: Pick<Iteration<unknown, unknown>, "view" | "hasPassed" | "selection">) {
    this.#view = view;
    this.#hasPassed = hasPassed;
    this.range = selection.range;
  }

  /** Goes on to the next entry; `false` if there is none. At most `wanted` of them are still to be asked for. */
  step(wanted: number): boolean {
    for (;;) {
      while (this.#page !== undefined && ++this.#index < this.#page.count) {
        if (!this.#hasPassed(this.#page.expiresAtMs[this.#index]!)) return true;
      }
      if (!this.#turn(wanted)) return false;
    }
  }

  get valueBytes(): number {
    return this.#page!.valueBytes[this.#index]!;
  }

  /** A copy of the entry's key. */
  key(): Uint8Array {
    const { keys, keyEnds } = this.#page!;
    return keys.slice(this.#index === 0 ? 0 : keyEnds[this.#index - 1]!, keyEnds[this.#index]!);
  }

  /** Fills `location` with that of the entry. */
  locate(location: RecordLocation): void {
    const page = this.#page!;
    const index = this.#index;
    location.segmentSlot = page.segmentSlots[index]!;
    location.offset = page.offsets[index]!;
    location.valueBytes = page.valueBytes[index]!;
    location.expiresAtMs = page.expiresAtMs[index]!;
  }

  /**
   * Where the last of the next entries ends whose records follow on the one here, with little between them and within
   * `bytesMax` bytes in all; `undefined` if the very next one does not. Keys that were written in their order, or nearly
   * so, lie like that.
   */
  endOfNeighbours(bytesMax: number): number | undefined {
    const { segmentSlots, offsets, count } = this.#page!;
    const begin = offsets[this.#index]!;
    let end = begin + this.#recordBytes(this.#index);
    let next = this.#index + 1;
    for (; next < count && segmentSlots[next] === segmentSlots[this.#index]; next += 1) {
      const gap = offsets[next]! - end;
      const endOfNext = offsets[next]! + this.#recordBytes(next);
      if (gap < 0 || gap > GAP_BYTES_MAX || endOfNext - begin > bytesMax) break;
      end = endOfNext;
    }
    return next === this.#index + 1 ? undefined : end;
  }

  #recordBytes(index: number): number {
    const { keyEnds, valueBytes, expiresAtMs } = this.#page!;
    const keyBytes = keyEnds[index]! - (index === 0 ? 0 : keyEnds[index - 1]!);
    return recordBytes(keyBytes, valueBytes[index]!, expiresAtMs[index] !== 0);
  }

  /** Goes on, within what was wanted at first, at that key. */
  seek(key: Uint8Array): void {
    this.#given ??= this.range;
    this.range = rangeFrom(this.#given!, key);
    this.#pages = undefined;
    this.#page = undefined;
    this.#entriesMax = PAGE_ENTRIES_FIRST;
  }

  // A short range costs a short page; of a long one the pages become longer.
  #turn(wanted: number): boolean {
    this.#pages ??= this.range === undefined ? this.#view.openScan() : this.#view.openCursor(this.range);
    this.#page = this.#pages.nextPage(Math.min(this.#entriesMax, Math.max(wanted, PAGE_ENTRIES_LEAST)));
    this.#index = -1;
    this.#entriesMax = Math.min(this.#entriesMax * 2, PAGE_ENTRIES_MOST);
    return this.#page !== undefined;
  }
}

/** Bytes between two records that are read along rather than passed by. */
const GAP_BYTES_MAX = 512;
const FILLS_IN_A_TURN = 8;
const PAGE_ENTRIES_LEAST = 16;
const PAGE_ENTRIES_FIRST = 128;
const PAGE_ENTRIES_MOST = 2048;
const BYTES_AHEAD = 1024 * 1024;
const NO_VALUE = new Uint8Array(0);
