import type { MergeProgress, MergeReport } from "@hashlog/compactor";
import { recordBytes } from "@hashlog/format";
import type { DirectoryLock } from "@hashlog/fs-io";
import type { RecordLocation } from "@hashlog/index";
import type { Checkpointer } from "./checkpointer.ts";
import { clearKeys } from "./clear-keys.ts";
import type { Codec } from "./codecs.ts";
import { describeType, encodesAnew } from "./codecs.ts";
import type { CommitLog } from "./commit-log.ts";
import { HashlogError, invalidArgument } from "./errors.ts";
import { InFlight } from "./in-flight.ts";
import { checkIterateOptions, iterate, type EntryMaker, type IterateOptions } from "./iterate.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Merger } from "./merger.ts";
import type { OpenReport } from "./open-report.ts";
import { operationsBytes, type EncodedOperation } from "./operations.ts";
import { RecordReader } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import { closeStore } from "./close-store.ts";
import type { StoreClock } from "./store-clock.ts";
import { checkOptions, type } from "./store-options.ts";
import type { StoreParts } from "./store-parts.ts";
import { storeStats, type StoreStats } from "./store-stats.ts";
import type { Views } from "./views.ts";
import {
  checkCommitBytes,
  checkEncoded,
  checkKeyBytes,
  checkOperation,
  resolveExpiry,
  resolvePutOptions,
  resolveWriteOptions,
  type BatchOperation,
  type PutOptions,
  type WriteOptions,
} from "./write-options.ts";

/** Everything of an open store but its public face. */
export interface StoreMachinery<K, V, VI> {
  readonly parts: StoreParts;
  readonly log: CommitLog;
  readonly merger: Merger;
  readonly checkpointer: Checkpointer;
  readonly maintenance: Maintenance;
  readonly views: Views;
  readonly clock: StoreClock;
  readonly lock: DirectoryLock;
  readonly keys: Codec<K>;
  readonly values: Codec<V, VI>;
  readonly openReport: OpenReport;
}

/**
 * An open store. Made by `open`.
 *
 * Writes become visible to reads when they are acknowledged, in log order, and never before. Every method but `stats`
 * fails with `HASHLOG_CLOSED` once `close` was called; every write may fail with `HASHLOG_INVALID_ARGUMENT`,
 * `HASHLOG_NO_SPACE` and `HASHLOG_WRITES_DISABLED`, every read of a value with `HASHLOG_CORRUPT` and `HASHLOG_IO`.
 */
export class Store<K, V, VI = V> {
  readonly #machinery: StoreMachinery<K, V, VI>;
  readonly #reader: RecordReader;
  readonly #location = newLocation();
  #closing: Promise<void> | undefined;
  readonly #inFlight = new InFlight();

  constructor(machinery: StoreMachinery<K, V, VI>) {
    this.#machinery = machinery;
    this.#reader = new RecordReader(machinery.parts.limits.sharedReadBytesMax);
  }

  /** The directory of the store, as it was given to `open`. */
  get directory(): string {
    return this.#machinery.parts.directory;
  }

  /** The value of the key, or `undefined` if there is none. The value is the caller's own copy. */
  async get(key: K): Promise<V | undefined> {
    this.#checkOpen();
    const bytes = this.#ownKey(key);
    const location = newLocation();
    if (!this.#find(bytes, location)) return undefined;
    return this.#read(bytes, location);
  }

  /**
   * As `get`, at once: holds the event loop while the disk is slow, and is several times quicker while it is not.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED` where the file system cannot read synchronously
   */
  getSync(key: K): V | undefined {
    this.#checkOpen();
    const { parts, values } = this.#machinery;
    const bytes = this.#encodeKey(key);
    const location = this.#location;
    if (!this.#find(bytes, location)) return undefined;
    return values.decode(this.#reader.readSync(parts.table.at(location.segmentSlot), location, bytes));
  }

  /** The values of the keys, in their order, all as of the call; `undefined` for each that is not there. */
  async getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    this.#checkOpen();
    if (!Array.isArray(keys)) throw invalidArgument(`the keys of getMany are ${describeType(keys)}, not an array`);
    // All are encoded before any is looked up: a codec that throws leaves nothing pinned.
    const wanted = Array.from(keys as readonly K[], (key) => this.#ownKey(key)).map((bytes) => {
      const location = newLocation();
      return this.#find(bytes, location) ? { bytes, location, segment: this.#pinned(location) } : undefined;
    });
    const found: (V | undefined)[] = [];
    this.#inFlight.begin();
    try {
      for (let at = 0; at < wanted.length; at += READS_AT_ONCE) {
        const reads = wanted
          .slice(at, at + READS_AT_ONCE)
          .map(async (one) => one && this.#read(one.bytes, one.location, one.segment));
        found.push(...(await Promise.all(reads)));
      }
    } finally {
      for (const one of wanted) one?.segment.unpin();
      this.#inFlight.end();
    }
    return found;
  }

  /** Whether the key is there. Needs no I/O. */
  has(key: K): boolean {
    this.#checkOpen();
    return this.#find(this.#encodeKey(key), this.#location);
  }

  /**
   * Sets the key's value; both are copied before the call returns. Resolves when the write is acknowledged: with the
   * default sync policy, when it is durable. Until then reads see the old value.
   */
  put(key: K, value: VI, options?: PutOptions): Promise<void> {
    return this.#write(() => {
      const { values, log, clock } = this.#machinery;
      const { expiresAtMs, sync } = resolvePutOptions(options, options?.ttlMs === undefined ? 0 : clock.now());
      const keyBytes = this.#ownKey(key);
      const valueBytes = values.encode(value);
      checkEncoded(valueBytes, values.name);
      checkCommitBytes(recordBytes(keyBytes.length, valueBytes.length, expiresAtMs !== 0));
      return log.put(keyBytes, valueBytes, expiresAtMs, sync);
    });
  }

  /**
   * Removes the key. Resolves, when the write is acknowledged, to whether the key was there at its place in the log,
   * writes that were still waiting at the call included.
   */
  delete(key: K, options?: WriteOptions): Promise<boolean> {
    return this.#write(() => {
      const sync = resolveWriteOptions(options, "delete");
      return this.#machinery.log.delete(this.#encodeKey(key), sync);
    });
  }

  /**
   * Does all of the operations or, after a crash at whatever moment, none. The last one of a key wins. Resolves when the
   * batch is acknowledged. At most 4 GiB.
   */
  batch(operations: readonly BatchOperation<K, VI>[], options?: WriteOptions): Promise<void> {
    return this.#write(() => {
      const sync = resolveWriteOptions(options, "batch");
      const encoded = this.#encodeOperations(operations);
      // Nothing to write, but what was written before may not be durable yet.
      if (encoded.length === 0) return sync ? this.#machinery.log.sync() : Promise.resolve();
      checkCommitBytes(operationsBytes(encoded));
      return this.#machinery.log.batch(encoded, sync);
    });
  }

  /**
   * All entries as of the call, in no particular order, whatever is written or merged meanwhile. An iterator keeps the
   * files that it needs until it ends, is left, or is garbage-collected.
   */
  entries(options?: IterateOptions): AsyncIterableIterator<[K, V]> {
    const { keys, values } = this.#machinery;
    return this.#iterate(options, "entries", true, (key, value) => [keys.decode(key), values.decode(value)]);
  }

  /** As `entries`, the keys alone: needs no I/O. */
  keys(options?: IterateOptions): AsyncIterableIterator<K> {
    const { keys } = this.#machinery;
    return this.#iterate(options, "keys", false, (key) => keys.decode(key));
  }

  /** As `entries`, the values alone. */
  values(options?: IterateOptions): AsyncIterableIterator<V> {
    const { values } = this.#machinery;
    return this.#iterate(options, "values", true, (_key, value) => values.decode(value));
  }

  /**
   * Deletes every key that is there at the call, in commits of at most a thousand: a crash, or a failure, leaves a part
   * of them. Resolves when all are acknowledged. It is not one moment in the log: a key that is there at the call and is
   * put again meanwhile may be deleted with the rest.
   */
  async clear(options?: WriteOptions): Promise<void> {
    this.#checkOpen();
    const sync = resolveWriteOptions(options, "clear");
    const { views, log, parts } = this.#machinery;
    await clearKeys({ views, reader: this.#reader, inFlight: this.#inFlight, log, sync, limits: parts.limits });
  }

  /** Resolves when every write of before the call is durable, whatever the sync policy. */
  sync(): Promise<void> {
    return this.#write(() => this.#machinery.log.sync());
  }

  /**
   * Writes the keydir to disk as it lies in memory, so that the next opening is quick even after a crash. It is also done
   * on `close`, after `compact`, and as the log grows.
   */
  checkpoint(): Promise<void> {
    return this.#write(() => {
      const { maintenance, checkpointer } = this.#machinery;
      return maintenance.run(() => checkpointer.write());
    });
  }

  /**
   * Merges all segments: what is dead goes, its space is free. Reads and writes go on meanwhile. Resolves when the space
   * is free, to what was done.
   */
  compact(options: CompactOptions = {}): Promise<MergeReport> {
    return this.#write(() => {
      checkOptions(options, COMPACT_CHECKS, "compact");
      const { maintenance, merger, checkpointer, parts } = this.#machinery;
      return maintenance.run(async () => {
        const report = await merger.mergeAll(options);
        await checkpointer.write().catch((error: unknown) => parts.failures.note(error));
        return report;
      });
    });
  }

  /** What the store is made of now. Cheap enough to ask for often; also after `close`. */
  stats(): StoreStats {
    return storeStats({ ...this.#machinery, iterators: this.#machinery.views.count });
  }

  /**
   * Waits for what is under way, makes everything durable, and gives the directory free. A second call is the first
   * one's promise. A store that is not closed loses nothing that was acknowledged; its next opening takes longer.
   */
  close(): Promise<void> {
    this.#closing ??= closeStore(this.#machinery, this.#inFlight);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new HashlogError("HASHLOG_CLOSED", `the store ${this.directory} is closed`, { path: this.directory });
    }
  }

  // Writers get every error as a rejection, also those of their arguments.
  #write<T>(write: () => Promise<T>): Promise<T> {
    try {
      this.#checkOpen();
      return write();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #encodeKey(key: K): Uint8Array {
    const { keys } = this.#machinery;
    const bytes = keys.encode(key);
    checkKeyBytes(bytes, keys.name);
    return bytes;
  }

  // A key that is read again, after an await or after the codec was called once more, must not change meanwhile. Copied
  // by constructor: `slice` of a Buffer is a view of the same bytes.
  #ownKey(key: K): Uint8Array {
    const bytes = this.#encodeKey(key);
    return encodesAnew(this.#machinery.keys) ? bytes : new Uint8Array(bytes);
  }

  #encodeOperations(operations: readonly BatchOperation<K, VI>[]): EncodedOperation[] {
    const { values, clock } = this.#machinery;
    if (!Array.isArray(operations)) {
      throw invalidArgument(`the operations of a batch are ${describeType(operations)}, not an array`);
    }
    const now = clock.now();
    return Array.from(operations as readonly BatchOperation<K, VI>[], (operation) => {
      checkOperation(operation);
      const key = this.#ownKey(operation.key);
      if (operation.type === "delete") return { key, value: undefined, expiresAtMs: 0 };
      const encoded = values.encode(operation.value);
      checkEncoded(encoded, values.name);
      const value = encoded === operation.value || encodesAnew(values) ? encoded : new Uint8Array(encoded);
      return { key, value, expiresAtMs: resolveExpiry(operation, now) };
    });
  }

  #find(key: Uint8Array, location: RecordLocation): boolean {
    const { parts, clock } = this.#machinery;
    return parts.keydir.find(key, 0, key.length, location) && !clock.hasPassed(location.expiresAtMs);
  }

  #pinned(location: RecordLocation): ReturnType<StoreParts["table"]["at"]> {
    const segment = this.#machinery.parts.table.at(location.segmentSlot);
    segment.pin();
    return segment;
  }

  async #read(
    key: Uint8Array,
    location: RecordLocation,
    segment = this.#machinery.parts.table.at(location.segmentSlot),
  ): Promise<V> {
    segment.pin();
    this.#inFlight.begin();
    try {
      return this.#machinery.values.decode(await this.#reader.read(segment, location, key));
    } finally {
      segment.unpin();
      this.#inFlight.end();
    }
  }

  #iterate<T>(
    options: IterateOptions | undefined,
    of: string,
    withValues: boolean,
    make: EntryMaker<T>,
  ): AsyncIterableIterator<T> {
    this.#checkOpen();
    const signal = checkIterateOptions(options, of);
    const { views, parts } = this.#machinery;
    return iterate({
      views,
      limits: parts.limits,
      reader: this.#reader,
      inFlight: this.#inFlight,
      checkOpen: () => this.#checkOpen(),
      withValues,
      hasPassed: this.#passedBy(),
      signal,
      make,
    });
  }

  // The time of the call, for the whole iteration.
  #passedBy(): (expiresAtMs: number) => boolean {
    const now = this.#machinery.clock.now();
    return (expiresAtMs) => expiresAtMs !== 0 && expiresAtMs <= now;
  }
}

/** Options of `compact`. */
export interface CompactOptions {
  /** Cancels the merge as long as it has published nothing: it rejects with `HASHLOG_ABORTED` and has changed nothing. */
  readonly signal?: AbortSignal;
  /** Called now and then. */
  readonly onProgress?: (progress: MergeProgress) => void;
}

const COMPACT_CHECKS = {
  signal: (value: unknown): string | undefined => (value instanceof AbortSignal ? undefined : "an AbortSignal"),
  onProgress: type("function"),
};
const READS_AT_ONCE = 64;
