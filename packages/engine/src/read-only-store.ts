import type { StoreStatistics } from "@hashlog/compactor";
import { LookUps } from "./counts.ts";
import type { ChangeFeed, ChangesOptions } from "./changes.ts";
import { HashlogError } from "./errors.ts";
import type { ExportDestination } from "./export-destination.ts";
import type { ExportOptions, ExportReport } from "./export.ts";
import { Follower } from "./follower.ts";
import { InFlight } from "./in-flight.ts";
import type { IterateOptions, StoreIterator } from "./iterate.ts";
import { liveSource } from "./live-source.ts";
import { OpenState } from "./open-state.ts";
import type { Reader } from "./reader.ts";
import { readerStatistics } from "./read-only-statistics.ts";
import { readOnlyStats, type ReadOnlyStats } from "./read-only-stats.ts";
import { Reads, type Entry, type ReadParts } from "./reads.ts";
import { ReadPace } from "./read-pace.ts";
import { RecordReader } from "./record-reader.ts";
import { Snapshot } from "./snapshot.ts";
import type { StoreClock } from "./store-clock.ts";
import type { ReaderOptions } from "./read-only-options.ts";
import { Failures } from "./failures.ts";
import { Turns } from "./turns.ts";
import { ValueCache } from "./value-cache.ts";

/** Everything of a store that is read but its public face. */
export interface ReadOnlyMachinery<K, V> {
  readonly directory: string;
  readonly reader: Reader;
  readonly clock: StoreClock;
  readonly options: ReaderOptions<K, V>;
}

/**
 * A store that is only read, while others may write it. Made by `open` with `readOnly: true`.
 *
 * It shows the store as of its opening, its last `refresh`, or with `follow` a moment ago: what the writer has
 * acknowledged, in the order of the log. What was shown stays shown. Every method but `stats` fails with `HASHLOG_CLOSED`
 * once `close` was called, and every one that would write with `HASHLOG_READ_ONLY`.
 */
export class ReadOnlyStore<K, V> {
  readonly #machinery: ReadOnlyMachinery<K, V>;
  readonly #reads: Reads<K, V>;
  readonly #readParts: Omit<ReadParts<K, V>, "source" | "ordering">;
  readonly #inFlight = new InFlight();
  readonly #failures = new Failures();
  readonly #ending = new AbortController();
  readonly #turns: Turns<boolean>;
  readonly #cache: ValueCache;
  readonly #follower: Follower | undefined;
  #asksForWriter = false;
  #refreshes = 0;
  #looks = 0;
  readonly #state: OpenState;
  #closing: Promise<void> | undefined;

  constructor(machinery: ReadOnlyMachinery<K, V>) {
    this.#machinery = machinery;
    this.#state = new OpenState(machinery.directory);
    const { reader, options } = machinery;
    const { keys, values, ordered, limits, clock, cacheBytesMax } = options;
    this.#cache = new ValueCache(cacheBytesMax);
    const records = new RecordReader(limits.sharedReadBytesMax);
    const pace = new ReadPace(clock, options.fileSystem.readsSynchronously, limits.answersPerTurn);
    this.#readParts = {
      ...{ directory: machinery.directory, keys, values, ordered, limits, clock, pace },
      reader: records,
      cache: this.#cache,
      lookUps: new LookUps(),
      inFlight: this.#inFlight,
    };
    this.#reads = new Reads({
      ...this.#readParts,
      source: liveSource(
        () => reader.current,
        machinery.clock,
        () => this.#state.check(),
      ),
      // That of the index that is read at each call.
      get ordering() {
        return reader.current.ordering;
      },
    });
    this.#turns = new Turns(() => this.#refresh());
    if (!options.follow) return;
    this.#follower = new Follower(
      options.clock,
      () => this.#turns.request(),
      (error) => this.#failures.note(error),
    );
    this.#follower.start();
  }

  /** The directory of the store, as it was given to `open`. */
  get directory(): string {
    return this.#machinery.directory;
  }

  /**
   * Catches up with the writer: resolves to whether anything is new, when all is shown that was acknowledged before the
   * call. Costs a read of the manifest and of what was written since; where segments were removed since, that is after a
   * merge, and where another writer has opened the store, the index is loaded again, beside the old one. Iterators and
   * snapshots go on in what they began with.
   *
   * Without a writer everything is shown that can be read, as the next one would find it.
   * @throws HashlogError `HASHLOG_CORRUPT` | `HASHLOG_VERSION` | `HASHLOG_NOT_FOUND` | `HASHLOG_NOT_PERMITTED` |
   * `HASHLOG_IO`: what was shown is shown still, and it may be tried again
   */
  async refresh(): Promise<boolean> {
    this.#state.check();
    this.#asksForWriter = true;
    return this.#turns.request();
  }

  /** As `Store.get`. */
  get(key: K): Promise<V | undefined> {
    return this.#reads.get(key);
  }

  /** As `Store.getSync`. */
  getSync(key: K): V | undefined {
    return this.#reads.getSync(key);
  }

  /** As `Store.getEntry`. */
  getEntry(key: K): Promise<Entry<V> | undefined> {
    return this.#reads.getEntry(key);
  }

  /** As `Store.getMany`. */
  getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    return this.#reads.getMany(keys);
  }

  /** As `Store.has`. */
  has(key: K): boolean {
    return this.#reads.has(key);
  }

  /** As `Store.entries`. */
  entries(options?: IterateOptions<K>): StoreIterator<[K, V], K> {
    return this.#reads.entries(options);
  }

  /** As `Store.keys`. */
  keys(options?: IterateOptions<K>): StoreIterator<K, K> {
    return this.#reads.keys(options);
  }

  /** As `Store.values`. */
  values(options?: IterateOptions<K>): StoreIterator<V, K> {
    return this.#reads.values(options);
  }

  /** As `Store.count`. */
  count(options?: IterateOptions<K>): Promise<number> {
    return this.#reads.count(options);
  }

  /** As `Store.snapshot`: what is shown now, whatever is caught up with. */
  snapshot(): Snapshot<K, V> {
    this.#state.check();
    const { reader, clock } = this.#machinery;
    const { views, ordering } = reader.current;
    const view = views.open("snapshot");
    const parts = { ...this.#readParts, ordering };
    const snapshot = new Snapshot<K, V>(view, clock.now(), parts, this.#state);
    views.closeWith(snapshot, view);
    return snapshot;
  }

  /** As `Store.exportTo`: what is shown now. */
  exportTo(destination: ExportDestination, options: ExportOptions<K> = {}): Promise<ExportReport> {
    return this.#reads.exportTo(destination, options);
  }

  /** As `Store.changes`, of what is shown: when more is shown, after a `refresh` or by `follow`, it comes. */
  changes(options?: ChangesOptions): ChangeFeed<K, V> {
    return this.#reads.changes(options, this.#machinery.reader.feeds);
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  put(..._given: never[]): Promise<never> {
    return this.#refuse("put");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  delete(..._given: never[]): Promise<never> {
    return this.#refuse("delete");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  batch(..._given: never[]): Promise<never> {
    return this.#refuse("batch");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  clear(..._given: never[]): Promise<never> {
    return this.#refuse("clear");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  sync(): Promise<never> {
    return this.#refuse("sync");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  compact(..._given: never[]): Promise<never> {
    return this.#refuse("compact");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  checkpoint(): Promise<never> {
    return this.#refuse("checkpoint");
  }

  /** Rejects with `HASHLOG_READ_ONLY`: it would end the segment that is being written. */
  backup(..._given: never[]): Promise<never> {
    return this.#refuse("backup");
  }

  /** Rejects with `HASHLOG_READ_ONLY`. */
  importFrom(..._given: never[]): Promise<never> {
    return this.#refuse("importFrom");
  }

  /** What is shown now, and what it costs. Cheap enough to ask for often; also after `close`. */
  stats(): ReadOnlyStats {
    return readOnlyStats(this.#machinery.reader, this.#cache, this.#refreshes, this.#failures, this.#readParts);
  }

  /**
   * The segments as a merge policy would be told of them, as of the call or a little later: what of each is live, what is
   * dead. Every key is looked at, some thousand at a time; no file is read but for the question how much room there is. With
   * `planMerge` of `@hashlog/compactor` it tells what the writer's next merge would be.
   * @throws HashlogError `HASHLOG_IO`
   */
  async statistics(): Promise<StoreStatistics> {
    this.#state.check();
    this.#inFlight.begin();
    try {
      return await readerStatistics(this.directory, this.#machinery.reader, this.#machinery.options);
    } finally {
      this.#inFlight.end();
    }
  }

  /** Waits for reads that are under way, ends a refresh, and closes every file. A second call is the first one's promise. */
  close(): Promise<void> {
    this.#state.close();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#follower?.stop();
    this.#machinery.reader.feeds.closeAll();
    this.#ending.abort();
    await this.#turns.idle();
    await this.#inFlight.idle();
    await this.#machinery.reader.close();
  }

  async #refresh(): Promise<boolean> {
    this.#state.check();
    const { signal } = this.#ending;
    this.#looks += 1;
    // Now and then by itself: whoever follows wants to know as well.
    const asksForWriter = this.#asksForWriter || this.#looks % LOOKS_PER_QUESTION === 0;
    this.#asksForWriter = false;
    try {
      const isNew = await this.#machinery.reader.refresh({ asksForWriter, onProgress: undefined, signal });
      this.#refreshes += 1;
      return isNew;
    } catch (error) {
      this.#state.check();
      throw error;
    } finally {
      // One that failed may have shown something.
      this.#machinery.reader.feeds.notify();
    }
  }

  #refuse(method: string): Promise<never> {
    try {
      this.#state.check();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const { directory } = this;
    const words = `${method} would write, and ${directory} was opened with readOnly: true`;
    return Promise.reject(new HashlogError("HASHLOG_READ_ONLY", words, { path: directory }));
  }
}

const LOOKS_PER_QUESTION = 16;
