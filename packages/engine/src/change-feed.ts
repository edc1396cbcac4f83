import type { Clock } from "@hashlog/fs-io";
import type { Change, ChangeFeed } from "./changes.ts";
import type { Codec } from "./codecs.ts";
import { decodeKey, decodeValueOf } from "./decoding.ts";
import { inOwnWords, throwIfAborted } from "./errors.ts";
import type { FeedHold } from "./feed-hold.ts";
import type { Feeds, LogRange } from "./feeds.ts";
import type { InFlight } from "./in-flight.ts";
import type { Limits } from "./limits.ts";
import { LogCursor } from "./log-cursor.ts";
import type { ReadPace } from "./read-pace.ts";
import { ValueCopies } from "./value-copies.ts";

/** Everything that a feed needs. */
export interface FeedParts<K, V> {
  readonly feeds: Feeds;
  readonly hold: FeedHold;
  /** What it begins with, every `resume` 0; `undefined`: with the log. */
  readonly state: AsyncIterableIterator<Change<K, V>, undefined> | undefined;
  readonly keys: Pick<Codec<K>, "decode">;
  readonly values: Pick<Codec<V>, "decode">;
  /** Whether it waits at the end. */
  readonly waits: boolean;
  readonly signal: AbortSignal | undefined;
  readonly inFlight: InFlight;
  readonly limits: Limits;
  readonly clock: Pick<Clock, "yield">;
  readonly pace: ReadPace;
}

/**
 * A feed: the state first where that is asked for, then the log from the moment of the state, or from where another feed was
 * left, and what is written from then on.
 *
 * The log is read a few changes ahead of the caller, and only when the caller asks: whoever is slow costs disk, not memory.
 * Each reading is of what was committed when it began: a write that waits, and one that is refused, have sequences above
 * that, whatever lies in the segments by then. Calls of `next` that do not wait for one another are answered in their order.
 */
export class LogFeed<K, V> implements ChangeFeed<K, V> {
  readonly #parts: FeedParts<K, V>;
  readonly #copies = new ValueCopies();
  #state: AsyncIterableIterator<Change<K, V>, undefined> | undefined;
  /** The next entry of the state: only with it the one before is known not to be the last. */
  #ahead: IteratorResult<Change<K, V>, undefined> | undefined;
  #cursor: LogCursor | undefined;
  #chunk: Change<K, V>[] = [];
  #at = 0;
  #done = false;
  /** What the reading failed of, behind the chunk. */
  #failure: { readonly error: unknown } | undefined;
  /** What was read since the event loop was given away. */
  #work = 0;
  /** How many calls wait for their turn, or have it. */
  #turns = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: FeedParts<K, V>) {
    this.#parts = parts;
    this.#state = parts.state;
    if (parts.signal !== undefined) parts.hold.closeOn(parts.signal);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Change<K, V>, undefined>> {
    const { hold } = this.#parts;
    if (this.#turns === 0 && this.#at < this.#chunk.length && !hold.isClosed) return Promise.resolve(this.#give());
    this.#turns += 1;
    const turn = this.#turn
      .then(() => this.#next())
      .finally(() => {
        this.#turns -= 1;
      });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  return(): Promise<IteratorResult<Change<K, V>, undefined>> {
    this.#end();
    return Promise.resolve(END);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(): Promise<IteratorResult<Change<K, V>, undefined>> {
    try {
      while (!this.#isOver()) {
        const entry = this.#state === undefined ? undefined : await this.#nextOfState(this.#state);
        // Whatever ended it while it read, nothing more is delivered.
        if (this.#isOver()) break;
        if (entry !== undefined) return entry;
        if (this.#at < this.#chunk.length) return this.#give();
        if (this.#failure !== undefined) throw this.#failure.error;
        await this.#goOn();
      }
    } catch (error) {
      // Whoever has left it, or closed the store, wants nothing more of it, an error neither.
      if (!this.#isOver()) {
        this.#end();
        throw inOwnWords(error, "reading the changes failed");
      }
    }
    if (!this.#done) {
      this.#end();
      throwIfAborted(this.#parts.signal, "the feed of changes");
    }
    return END;
  }

  /** Whether it has ended, or has to: its hold is closed by an aborted signal, too. */
  #isOver(): boolean {
    return this.#done || this.#parts.hold.isClosed;
  }

  #give(): IteratorResult<Change<K, V>, undefined> {
    const change = this.#chunk[this.#at++]!;
    this.#parts.hold.delivered = change.version;
    return { done: false, value: change };
  }

  /** The next entry of the state. With the last one the state is complete: behind it goes on the log. */
  async #nextOfState(
    state: AsyncIterableIterator<Change<K, V>, undefined>,
  ): Promise<IteratorResult<Change<K, V>, undefined> | undefined> {
    const entry = this.#ahead ?? (await state.next());
    this.#ahead = entry.done === true ? entry : await state.next();
    if (this.#ahead.done !== true) return entry;
    this.#state = undefined;
    return entry.done === true
      ? undefined
      : { done: false, value: { ...entry.value, resume: this.#parts.hold.delivered } };
  }

  /** Reads some changes ahead; where there is nothing yet it waits, or ends. */
  async #goOn(): Promise<void> {
    const { feeds, hold, waits } = this.#parts;
    const upTo = feeds.upTo(hold);
    // Nothing comes between this look and the waiting: what comes later wakes it.
    if (hold.isLost) throw feeds.compacted(hold.position);
    if (hold.position >= upTo) return waits ? hold.wait() : this.#end();
    const range = feeds.find(hold.position);
    if (range !== undefined && range.first <= upTo) return this.#fill(range, Math.min(upTo, range.last));
    // Up to there are only sequences that nobody was given: a floor may lie among those, in a backup of a log that had gaps.
    hold.position = upTo;
  }

  async #fill(range: LogRange, upTo: number): Promise<void> {
    const { feeds, inFlight } = this.#parts;
    this.#chunk = [];
    this.#at = 0;
    inFlight.begin();
    range.segment.pin();
    try {
      await this.#read(this.#cursorOf(range), upTo);
    } catch (error) {
      // What was read before comes first, and may be all that can be had.
      if (this.#chunk.length === 0) throw error;
      // mark: feed/failed-behind-what-was-read
      this.#failure = { error };
    } finally {
      range.segment.unpin();
      inFlight.end();
      feeds.release();
    }
  }

  #cursorOf(range: LogRange): LogCursor {
    if (this.#cursor?.isOf(range.segment) !== true) this.#cursor = new LogCursor(range, this.#parts.limits);
    this.#cursor.goOn(range.segment);
    return this.#cursor;
  }

  async #read(cursor: LogCursor, upTo: number): Promise<void> {
    const { hold, limits, clock, pace } = this.#parts;
    let bytes = 0;
    while (this.#chunk.length < limits.valuesAhead && bytes < LARGE_BYTES && !hold.isClosed) {
      const wanted = cursor.step(hold.position, upTo);
      if (wanted < 0) break;
      if (wanted === 0) {
        this.#chunk.push(this.#changeAt(cursor));
        this.#work += WORK_OF_A_CHANGE;
        bytes += cursor.fields.end - cursor.fields.keyStart;
        hold.position = cursor.fields.sequence;
        continue;
      }
      // A large one does not keep waiting what was read before it.
      if (wanted > LARGE_BYTES && this.#chunk.length > 0) break;
      if (this.#work >= WORK_OF_A_TURN) {
        this.#work = 0;
        await clock.yield();
      }
      this.#work += await cursor.load(wanted, pace);
    }
    cursor.rest();
  }

  #changeAt(cursor: LogCursor): Change<K, V> {
    const { keys, values } = this.#parts;
    const { tombstone, sequence, expiresAtMs } = cursor.fields;
    const key = decodeKey(keys, cursor.key());
    if (tombstone) return { type: "delete", key, version: sequence, resume: sequence };
    const value = decodeValueOf(values, cursor.value(this.#copies), key);
    return putChange(key, value, sequence, expiresAtMs, sequence);
  }

  #end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#chunk = [];
    this.#at = 0;
    this.#ahead = undefined;
    this.#cursor = undefined;
    this.#state = undefined;
    this.#parts.hold.close();
  }
}

/** A put as it is delivered: without `expiresAtMs` where that is 0. */
export function putChange<K, V>(key: K, value: V, version: number, expiresAtMs: number, resume: number): Change<K, V> {
  return expiresAtMs === 0
    ? { type: "put", key, value, version, resume }
    : { type: "put", key, value, version, expiresAtMs, resume };
}

const END: IteratorResult<never, undefined> = { done: true, value: undefined };

/** Together a few milliseconds. */
const WORK_OF_A_TURN = 512 * 1024;
const WORK_OF_A_CHANGE = 256;
const LARGE_BYTES = 1024 * 1024;
