import { recordBytes } from "@hashlog/format";
import { BACKUP_CHECKS, backUp, type BackupOptions, type BackupReport } from "./backup.ts";
import { CHECKPOINT_CHECKS, type CheckpointOptions } from "./checkpoint-options.ts";
import type { ChangeFeed, ChangesOptions } from "./changes.ts";
import { CLEAR_CHECKS, clearKeys, type ClearOptions } from "./clear-keys.ts";
import { ConditionalWriter } from "./conditional-writer.ts";
import { Conditions } from "./conditions.ts";
import { LookUps } from "./counts.ts";
import { invalidArgument } from "./errors.ts";
import { namesOf } from "./exported-entry.ts";
import type { ExportDestination } from "./export-destination.ts";
import type { ExportOptions, ExportReport } from "./export.ts";
import { importEntries, type ImportOptions, type ImportReport } from "./import.ts";
import { InFlight } from "./in-flight.ts";
import type { IterateOptions, StoreIterator } from "./iterate.ts";
import { LogWriter } from "./log-writer.ts";
import type { StoreCompaction } from "./compaction.ts";
import type { CompactionReport } from "./compaction-report.ts";
import type { OpenState } from "./open-state.ts";
import { encodeOperations, operationsBytes } from "./operations.ts";
import { refuseLostBounds } from "./range.ts";
import { Reads, type Entry, type ReadParts } from "./reads.ts";
import { ReadPace } from "./read-pace.ts";
import { RecordReader } from "./record-reader.ts";
import { Snapshot } from "./snapshot.ts";
import type { ImportSource } from "./source-bytes.ts";
import { closeStore } from "./close-store.ts";
import { checkOptions } from "./check-options.ts";
import { COMPACT_CHECKS, type CompactOptions } from "./compact-options.ts";
import { liveSource } from "./live-source.ts";
import { verifyStore } from "./verify/verify-store.ts";
import type { VerifyOptions, VerifyReport } from "./verify/verify-options.ts";
import type { StoreMachinery } from "./store-machinery.ts";
import { storeStats, type StoreStats } from "./store-stats.ts";
import { traceBatch, traceWrite } from "./traced-writes.ts";
import { TRACES, type PutTrace } from "./tracing.ts";
import { unheard } from "./unheard.ts";
import {
  checkCommitBytes,
  checkEncoded,
  checkThere,
  resolveDeleteOptions,
  resolvePutOptions,
  resolveWriteOptions,
  type BatchOperation,
  type ConditionalOperation,
  type ConditionOptions,
  type PutOptions,
  type Unconditional,
  type WriteOptions,
} from "./write-options.ts";

/**
 * An open store. Made by `open`.
 *
 * Writes become visible to reads when they are acknowledged, in log order, and never before. Every method but `stats`
 * fails with `HASHLOG_CLOSED` once `close` was called; every write may fail with `HASHLOG_INVALID_ARGUMENT`,
 * `HASHLOG_NO_SPACE` and `HASHLOG_WRITES_DISABLED`, every read of a value with `HASHLOG_CORRUPT` and `HASHLOG_IO`.
 */
export class Store<K, V, VI = V> {
  readonly #machinery: StoreMachinery<K, V, VI>;
  readonly #readParts: Omit<ReadParts<K, V>, "source">;
  readonly #reads: Reads<K, V>;
  readonly #writer: LogWriter;
  readonly #conditional: ConditionalWriter;
  readonly #state: OpenState;
  #closing: Promise<void> | undefined;
  readonly #inFlight = new InFlight();

  constructor(machinery: StoreMachinery<K, V, VI>) {
    this.#machinery = machinery;
    this.#state = machinery.state;
    const { keys, values, ordering, ordered, cache, parts } = machinery;
    const { limits, clock, directory } = parts;
    const reader = new RecordReader(limits.sharedReadBytesMax);
    const pace = new ReadPace(clock, parts.fileSystem.readsSynchronously, limits.answersPerTurn);
    const shared = { lookUps: new LookUps(), inFlight: this.#inFlight };
    this.#readParts = { directory, keys, values, reader, cache, ...shared, ordering, ordered, limits, clock, pace };
    this.#writer = new LogWriter(machinery.log, parts.keydir);
    const conditions = new Conditions(parts, reader, machinery.clock.hasPassed);
    this.#conditional = new ConditionalWriter(machinery.log, conditions, this.#inFlight);
    const shown = { keydir: parts.keydir, table: parts.table, views: machinery.views };
    const source = liveSource(
      () => shown,
      machinery.clock,
      () => this.#state.check(),
    );
    this.#reads = new Reads({ ...this.#readParts, source });
  }

  /** The directory of the store, as it was given to `open`. */
  get directory(): string {
    return this.#machinery.parts.directory;
  }

  /**
   * The value of the key as of the call, or `undefined` if there is none. The value is the caller's own copy; one of 65
   * to 2,048 bytes is a part of a larger `ArrayBuffer` in which other values lie. While the system has what is read in
   * its cache it is read at once; where it comes from a disk, without holding the event loop.
   */
  get(key: K): Promise<V | undefined> {
    return this.#reads.get(key);
  }

  /**
   * As `get`, at once, however slow the disk is: holds the event loop meanwhile. The quickest way to read while it is not.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED` where the file system cannot read synchronously
   */
  getSync(key: K): V | undefined {
    return this.#reads.getSync(key);
  }

  /** As `get`, with the value's version and expiry. */
  getEntry(key: K): Promise<Entry<V> | undefined> {
    return this.#reads.getEntry(key);
  }

  /**
   * The values of the keys, in their order, all as of the call; `undefined` for each that is not there. They are read in the
   * order in which they lie on the disk, neighbours together.
   */
  getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    return this.#reads.getMany(keys);
  }

  /** Whether the key is there. Needs no I/O. */
  has(key: K): boolean {
    return this.#reads.has(key);
  }

  /**
   * Sets the key's value; both are copied before the call returns. Resolves when the write is acknowledged: with the
   * default sync policy, when it is durable. Until then reads see the old value.
   *
   * With a condition it is done only if that holds at its place in the log, writes that were still waiting at the call
   * included. It resolves to whether it was done: without a condition always to `true`. A condition on a version reads the
   * record of the key, which holds the event loop as `getSync` does; where the file system cannot do that, the place in the
   * log is taken after the reading.
   */
  put(key: K, value: VI, options?: PutOptions & Unconditional): Promise<void>;
  put(key: K, value: VI, options: PutOptions & ConditionOptions): Promise<boolean>;
  put(key: K, value: VI, options?: PutOptions & ConditionOptions): Promise<boolean | void> {
    const trace: PutTrace | undefined = TRACES.put.isOn ? { directory: this.directory, key } : undefined;
    const write = (): Promise<boolean> => {
      const { values, clock } = this.#machinery;
      const now = options?.ttlMs === undefined ? 0 : clock.now();
      const { expiresAtMs, sync, version } = resolvePutOptions(options, now);
      const keyBytes = this.#reads.keyForCall(key);
      const valueBytes = values.encode(value);
      checkEncoded(valueBytes, values.name);
      checkThere(keyBytes);
      if (trace !== undefined) trace.valueBytes = valueBytes.length;
      checkCommitBytes(recordBytes(keyBytes.length, valueBytes.length, expiresAtMs !== 0));
      if (version === undefined) return this.#writer.put(keyBytes, valueBytes, expiresAtMs, sync);
      // It may be written only after the call has returned.
      const own = { key: new Uint8Array(keyBytes), value: new Uint8Array(valueBytes) };
      return this.#conditional.writeIf([{ key: own.key, version }], sync, () =>
        this.#writer.put(own.key, own.value, expiresAtMs, sync),
      );
    };
    return trace === undefined ? this.#write(write) : traceWrite(TRACES.put, trace, () => this.#write(write));
  }

  /**
   * Removes the key. Resolves, when the write is acknowledged, to whether the key was there at its place in the log,
   * writes that were still waiting at the call included. With a condition, as `put`: to whether that held.
   */
  delete(key: K, options?: WriteOptions & ConditionOptions): Promise<boolean> {
    const write = (): Promise<boolean> => {
      const { sync, version } = resolveDeleteOptions(options);
      if (version === undefined) return this.#writer.delete(this.#reads.encodeKey(key), sync);
      const bytes = this.#reads.ownKey(key);
      return this.#conditional.writeIf([{ key: bytes, version }], sync, () => this.#writer.delete(bytes, sync));
    };
    if (!TRACES.delete.isOn) return this.#write(write);
    return traceWrite(TRACES.delete, { directory: this.directory, key }, () => this.#write(write));
  }

  /**
   * Does all of the operations or, after a crash at whatever moment, none. The last one of a key wins. Resolves when the
   * batch is acknowledged. At most 4 GiB.
   *
   * If any of them has a condition, all of it is done if all conditions hold, and else nothing. It resolves to whether it
   * was done: without conditions always to `true`. All of them are about the keys as they are before the batch.
   */
  batch(operations: readonly (BatchOperation<K, VI> & Unconditional)[], options?: WriteOptions): Promise<void>;
  batch(operations: readonly ConditionalOperation<K, VI>[], options?: WriteOptions): Promise<boolean>;
  batch(operations: readonly ConditionalOperation<K, VI>[], options?: WriteOptions): Promise<boolean | void> {
    const write = (): Promise<boolean> => {
      const { log } = this.#machinery;
      const sync = resolveWriteOptions(options, "batch");
      const { values, clock } = this.#machinery;
      const keyForCall = (key: K): Uint8Array => this.#reads.keyForCall(key);
      const encoded = encodeOperations(operations, { keyForCall, values, now: clock.now() });
      // Nothing to write, but what was written before may not be durable yet.
      if (encoded.length === 0) return sync ? unheard(log.sync().then(() => true)) : Promise.resolve(true);
      checkCommitBytes(operationsBytes(encoded));
      if (encoded.every(({ version }) => version === undefined)) return this.#writer.batch(encoded, sync);
      // As with a put: it may be written only after the call has returned.
      const own = encoded.map((operation) => ({
        ...operation,
        key: new Uint8Array(operation.key),
        value: operation.value && new Uint8Array(operation.value),
      }));
      return this.#conditional.writeIf(own, sync, () => this.#writer.batch(own, sync));
    };
    if (!TRACES.batch.isOn) return this.#write(write);
    return traceBatch(this.directory, operations, () => this.#write(write));
  }

  /**
   * The entries of a range as of the call, whatever is written or merged meanwhile: in order if there is any option of a
   * range, or the store was opened with `ordered`; else all of them in no particular order. An iterator keeps the files
   * that it needs until it ends, is left, or is garbage-collected.
   */
  entries(options?: IterateOptions<K>): StoreIterator<[K, V], K> {
    return this.#reads.entries(options);
  }

  /** As `entries`, the keys alone: needs no I/O. */
  keys(options?: IterateOptions<K>): StoreIterator<K, K> {
    return this.#reads.keys(options);
  }

  /** As `entries`, the values alone. */
  values(options?: IterateOptions<K>): StoreIterator<V, K> {
    return this.#reads.values(options);
  }

  /** How many keys there are in a range, as of the call. Takes a time in proportion to them, and no I/O. */
  count(options?: IterateOptions<K>): Promise<number> {
    return this.#reads.count(options);
  }

  /** The store as it is now, to be read as long as it is open. To be closed. */
  snapshot(): Snapshot<K, V> {
    this.#state.check();
    const { views, clock } = this.#machinery;
    const view = views.open("snapshot");
    const snapshot = new Snapshot<K, V>(view, clock.now(), this.#readParts, this.#state);
    views.closeWith(snapshot, view);
    return snapshot;
  }

  /**
   * What is written, in order of sequence: from the call on, or from `since` on what the log still has of it. Each change
   * comes once, when it was acknowledged. It keeps what it has not read until it is left or garbage-collected, and ends when
   * the store is closed. Where merges have taken out of the log what `since` asks for, its `next` rejects with
   * `HASHLOG_COMPACTED`.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for a `since` beyond every write there was
   */
  changes(options?: ChangesOptions): ChangeFeed<K, V> {
    return this.#reads.changes(options, this.#machinery.feeds);
  }

  /**
   * Deletes every key that is there at the call, or those of a range, in commits of at most a thousand: a crash, or a
   * failure, leaves a part of them. Resolves when all are acknowledged. It is not one moment in the log: a key that is
   * there at the call and is put again meanwhile may be deleted with the rest. `signal` ends it between two commits.
   */
  clear(options: ClearOptions<K> = {}): Promise<void> {
    return this.#write(() => {
      checkOptions(options, CLEAR_CHECKS, "clear");
      refuseLostBounds(options, "clear");
      const { log, parts } = this.#machinery;
      const cleared = clearKeys({
        writer: this.#writer,
        keys: this.#reads.keysToClear(options),
        inFlight: this.#inFlight,
        log,
        sync: options.sync ?? false,
        limits: parts.limits,
        onProgress: options.onProgress,
      });
      return unheard(cleared);
    });
  }

  /** Resolves when every write of before the call is durable, whatever the sync policy. */
  sync(): Promise<void> {
    return this.#write(() => unheard(this.#machinery.log.sync()));
  }

  /**
   * Writes the keydir to disk as it lies in memory, so that the next opening is quick even after a crash. It is also done
   * on `close`, after `compact`, and as the log grows.
   */
  checkpoint(options: CheckpointOptions = {}): Promise<void> {
    return this.#write(() => {
      checkOptions(options, CHECKPOINT_CHECKS, "checkpoint");
      const { maintenance, checkpointer, compaction } = this.#machinery;
      compaction.makeWay();
      return maintenance.run(() => checkpointer.write(options));
    });
  }

  /**
   * Merges all segments, or those that are listed: what is dead goes, its space is free. Reads and writes go on meanwhile,
   * a merge in the background is given up for it. Resolves when the space is free, to what was done.
   */
  compact(options: CompactOptions = {}): Promise<CompactionReport> {
    return this.#write(() => {
      checkOptions(options, COMPACT_CHECKS, "compact");
      return this.#machinery.compaction.compact(options);
    });
  }

  /**
   * Backs the store up into a directory of its own, which opens as a store: all that is acknowledged at the call, and a
   * prefix of the log in any case. By other names for the same files where the volume has them, else by copies; into a
   * directory with an earlier backup only what is new. Writes go on meanwhile. Resolves when it is durable.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` where the directory holds something else, or was written to since
   */
  backup(directory: string, options: BackupOptions = {}): Promise<BackupReport> {
    return this.#write(() => {
      checkOptions(options, BACKUP_CHECKS, "backup");
      if (typeof directory !== "string" || directory === "")
        throw invalidArgument("backup needs the path of a directory");
      this.#inFlight.begin();
      return backUp(this.#machinery, directory, options).finally(() => this.#inFlight.end());
    });
  }

  /**
   * Reads every byte of every file of the store, as of the call, and holds what they say against one another and against what
   * is in memory. Reads and writes go on meanwhile; it takes as much memory again as the keydir. Resolves to a report in which
   * everything stands that is wrong: damage is no error here.
   */
  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return this.#write(() => {
      this.#inFlight.begin();
      return verifyStore(this.#machinery, options).finally(() => this.#inFlight.end());
    });
  }

  /**
   * Writes all entries, or those of a range, to a stream, as of the call: as lines of JSON, byte for byte, whatever the codecs
   * are (EXPORT-FORMAT.md). As fast as the stream takes them; until then it keeps the files that it needs, as an iterator
   * does. Resolves when the stream has taken everything. The stream is left open, unless `end` is given.
   * @throws HashlogError `HASHLOG_IO` where the stream fails, with its error as the cause
   */
  exportTo(destination: ExportDestination, options: ExportOptions<K> = {}): Promise<ExportReport> {
    return this.#reads.exportTo(destination, options);
  }

  /**
   * Writes the entries that a stream gives, as `exportTo` has written them, in commits of at most a thousand: a crash, or a
   * failure, leaves the first so many of them. Resolves when all are durable, whatever the sync policy.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for a line that is wrong, and for a source that was cut off: `line` says
   * which, `entriesDone` how many entries were written; `HASHLOG_VERSION`; `HASHLOG_IO` where the stream fails
   */
  importFrom(source: ImportSource, options: ImportOptions = {}): Promise<ImportReport> {
    const { log, parts, clock, keys, values } = this.#machinery;
    return importEntries(
      {
        ...{ directory: parts.directory, clock: parts.clock, hasPassed: clock.hasPassed },
        ...{ writer: this.#writer, conditional: this.#conditional, limits: parts.limits },
        codecs: namesOf({ keys, values }),
        checkOpen: () => this.#state.check(),
        sync: () => log.sync(),
      },
      source,
      options,
    );
  }

  /** The merging in the background: to pause it, and to look what it would do. */
  get compaction(): StoreCompaction {
    return this.#machinery.compaction;
  }

  /** What the store is made of now. Cheap enough to ask for often; also after `close`. */
  stats(): StoreStats {
    return storeStats(this.#machinery, this.#readParts);
  }

  /**
   * Waits for what is under way, makes everything durable, and gives the directory free. A second call is the first
   * one's promise. A store that is not closed loses nothing that was acknowledged; its next opening takes longer.
   */
  close(): Promise<void> {
    this.#state.close();
    this.#closing ??= closeStore(this.#machinery, this.#inFlight);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // Writers get every error as a rejection, also those of their arguments.
  #write<T>(write: () => Promise<T>): Promise<T> {
    try {
      this.#state.check();
      return write();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }
}
