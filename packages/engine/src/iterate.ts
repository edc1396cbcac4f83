import type { Clock } from "@hashlog/fs-io";
import { HashlogError, inOwnWords, invalidArgument, throwIfAborted } from "./errors.ts";
import type { InFlight } from "./in-flight.ts";
import type { Limits } from "./limits.ts";
import type { Ordering } from "./ordering.ts";
import { PageWalk } from "./page-walk.ts";
import { RANGE_CHECKS, type RangeOptions, type Selection } from "./range.ts";
import type { ReadPace } from "./read-pace.ts";
import type { RecordReader, RecordRun } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import { abortSignal, checkOptions, type Check } from "./check-options.ts";
import type { View } from "./views.ts";

/** Options of the iterators. Without any of those of a range the entries come in no particular order. */
export interface IterateOptions<K> extends RangeOptions<K> {
  /** Ends the iteration, which then rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
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

const ITERATE_CHECKS: Readonly<Record<keyof IterateOptions<unknown>, Check>> = { ...RANGE_CHECKS, signal: abortSignal };

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkIterateOptions(options: object, of: string): void {
  checkOptions(options, ITERATE_CHECKS, of);
}

/**
 * How the raw bytes of an entry become what the iterator gives out. `expiresAtMs` is 0 where there is none; without values
 * there is no `sequence` either.
 */
export type EntryMaker<T> = (key: Uint8Array, value: Uint8Array, sequence: number, expiresAtMs: number) => T;

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
  /** What was done since the event loop was given away: bytes, and for each entry what handling it costs beside them. */
  #work = 0;
  /** How many calls wait for their turn, or have it. */
  #turns = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: Iteration<T, K>) {
    this.#parts = parts;
    this.#left = parts.selection.limit;
    this.#walk = new PageWalk(parts.view, parts.selection.range, parts.hasPassed);
  }

  /** How many entries there are at most, as some may have expired; `undefined` where a range was asked for. */
  get entriesMost(): number | undefined {
    const { view, selection } = this.#parts;
    const { from, to } = selection.range ?? {};
    return from === undefined && to === undefined && selection.limit === Infinity ? view.keyCount : undefined;
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
      // It may have been left in the moment in which that was told.
      if (this.#done) return { done: true, value: undefined };
      this.#left -= 1;
      return { done: false, value: this.#chunk[this.#at++]! };
    } catch (error) {
      // Whoever has left it wants nothing more of it, an error neither.
      if (this.#done) return { done: true, value: undefined };
      this.#end();
      throw inOwnWords(error, "iterating failed");
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
    if (this.#work >= WORK_OF_A_TURN) {
      this.#work = 0;
      await clock.yield();
      this.#mayGoOn();
    }
    for (;;) {
      const chunk = withValues ? await this.#values() : this.#keys();
      // It may have been left while it read.
      if (this.#done) return false;
      this.#chunk = chunk;
      this.#at = 0;
      if (chunk.length > 0 || this.#walk.isAtEnd) return chunk.length > 0;
      await clock.yield();
      this.#mayGoOn();
    }
  }

  #keys(): T[] {
    const { limits, make } = this.#parts;
    const most = Math.min(limits.keysAhead, this.#left);
    const keys: T[] = [];
    let bytes = 0;
    while (keys.length < most && bytes < KEY_BYTES_AHEAD && this.#walk.step(this.#left)) {
      const key = this.#walk.key();
      bytes += key.length;
      keys.push(make(key, NO_VALUE, 0, 0));
    }
    this.#work += bytes + keys.length * WORK_OF_AN_ENTRY;
    return keys;
  }

  #values(): T[] | Promise<T[]> {
    const { pace } = this.#parts;
    if (!this.#walk.step(this.#left)) return [];
    return pace.isQuick && this.#walk.valueBytes < LARGE_BYTES
      ? this.#readAtOnce()
      : Promise.all(this.#valuesBy(() => this.#read()));
  }

  #readAtOnce(): T[] {
    const { view, reader, make, limits, pace } = this.#parts;
    const begun = pace.begin();
    const location = newLocation();
    let run: RecordRun | undefined;
    const values = this.#valuesBy(() => {
      this.#walk.locate(location);
      const { offset } = location;
      const key = this.#walk.key();
      const segment = view.segmentAt(location.segmentSlot);
      if (run === undefined || run.segment !== segment || offset < run.from || offset >= run.to) {
        const to = this.#walk.endOfNeighbours(limits.sharedReadBytesMax);
        run = to === undefined ? undefined : reader.readRunSync(segment, offset, to);
      }
      const value = run === undefined ? reader.readSync(segment, location, key) : reader.readFrom(run, location, key);
      return make(key, value, reader.lastSequence, location.expiresAtMs);
    });
    pace.end(begun, SLOW_MS);
    return values;
  }

  /** Reads the entry at which the walk is, and some that follow: small ones, if it is one. */
  #valuesBy<Read>(read: () => Read): Read[] {
    const most = Math.min(this.#parts.limits.valuesAhead, this.#left);
    let bytes = this.#walk.valueBytes;
    const reads = [read()];
    while (reads.length < most && bytes < LARGE_BYTES && this.#walk.step(this.#left)) {
      if (this.#walk.valueBytes >= LARGE_BYTES) {
        this.#walk.stepBack();
        break;
      }
      bytes += this.#walk.valueBytes;
      reads.push(read());
    }
    this.#work += bytes + reads.length * WORK_OF_AN_ENTRY;
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
      const { value, sequence } = await reader.readWithSequence(segment, location, key);
      return make(key, value, sequence, location.expiresAtMs);
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

/** What reading a chunk of values at once takes at least where some of them come from a disk. */
const SLOW_MS = 5;
/** Together a few milliseconds. */
const WORK_OF_A_TURN = 512 * 1024;
const WORK_OF_AN_ENTRY = 256;
const KEY_BYTES_AHEAD = 64 * 1024;
/** Values of so many bytes are read one at a time, and never so that the event loop waits; smaller ones up to so many ahead. */
const LARGE_BYTES = 1024 * 1024;
const NO_VALUE = new Uint8Array(0);
