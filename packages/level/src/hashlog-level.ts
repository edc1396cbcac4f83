/* oxlint-disable typescript/no-unsafe-declaration-merging -- the interface says what options the base class's methods take here */
import {
  type BatchOperation,
  bytes,
  type Expiry,
  HashlogError,
  type IterateOptions,
  open,
  type Store,
  type WriteOptions,
} from "@hashlog/engine";
import {
  type AbstractChainedBatch,
  AbstractLevel,
  type AbstractOpenOptions,
  type AbstractSnapshot,
} from "abstract-level";
import { type Encoded, type Format, fromBytes, keyBytes, valueBytes } from "./formats.ts";
import { asLevelError, asWriteError, isInvalidArgument, LevelError } from "./level-error.ts";
import { type EncodedIteratorOptions, type Iterated, LevelIterator } from "./level-iterator.ts";
import type {
  BatchOperation as LevelOperation,
  BatchOptions,
  ClearOptions,
  DelOptions,
  LevelOptions,
  LevelStoreOptions,
  PutOptions,
} from "./level-options.ts";
import { type EncodedRange, isBounded, rangeOf } from "./level-range.ts";
import { LevelSnapshot, type View } from "./level-snapshot.ts";

type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;

interface SnapshotOption {
  readonly snapshot?: AbstractSnapshot | null | undefined;
}

/** What abstract-level hands over with a read. */
interface EncodedRead extends SnapshotOption {
  readonly valueEncoding: Format;
}

/** What abstract-level hands over with a write: of the caller's options those that this package knows. */
type EncodedWrite = WriteOptions & Expiry;

type EncodedOperation = Expiry &
  (
    | { readonly type: "put"; readonly key: Encoded; readonly value: Encoded }
    | { readonly type: "del"; readonly key: Encoded }
  );

/** What abstract-level, and its suite of tests, are told of this implementation. */
const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  createIfMissing: true,
  errorIfExists: true,
  explicitSnapshots: true,
  getSync: true,
  has: true,
  implicitSnapshots: true,
  seek: true,
  signals: { iterators: true },
};

/** The methods that take more options here than in abstract-level. */
export interface HashlogLevel<KDefault = string, VDefault = string> {
  put(key: KDefault, value: VDefault): Promise<void>;
  put<K = KDefault, V = VDefault>(key: K, value: V, options: PutOptions<K, V>): Promise<void>;
  del(key: KDefault): Promise<void>;
  del<K = KDefault>(key: K, options: DelOptions<K>): Promise<void>;
  batch(operations: LevelOperation<this, KDefault, VDefault>[]): Promise<void>;
  batch<K = KDefault, V = VDefault>(
    operations: LevelOperation<this, K, V>[],
    options: BatchOptions<K, V>,
  ): Promise<void>;
  batch(): AbstractChainedBatch<this, KDefault, VDefault>;
  clear(): Promise<void>;
  clear<K = KDefault>(options: ClearOptions<K>): Promise<void>;
}

/**
 * An abstract-level database in a directory, on a Hashlog store. All methods are those of abstract-level, and are described
 * there; what is `_named` so is called by it, with keys and values that are encoded already.
 *
 * Errors have a code of abstract-level and what the store says as `cause`: see `LevelErrorCode`.
 */
export class HashlogLevel<KDefault = string, VDefault = string> extends AbstractLevel<Encoded, KDefault, VDefault> {
  readonly #location: string;
  readonly #options: LevelStoreOptions;
  #store: ByteStore | undefined;

  /**
   * Opens by itself, and what is called before that waits for it.
   * @throws TypeError for a location that is no string, or empty
   */
  constructor(location: string, options: LevelOptions<KDefault, VDefault> = {}) {
    if (typeof location !== "string" || location === "") {
      throw new TypeError("the first argument, the location, must be a string that is not empty");
    }
    const { store, ...forward } = options;
    super(MANIFEST, forward);
    this.#location = location;
    this.#options = store ?? {};
  }

  /** The directory, as it was given to the constructor. */
  get location(): string {
    return this.#location;
  }

  /**
   * The store beneath, of bytes: for `compact`, `backup`, `stats` and whatever else Level has no word for. Another one after
   * each opening. It is closed with the database, and not to be closed otherwise.
   * @throws LevelError `LEVEL_DATABASE_NOT_OPEN`
   */
  get store(): Store<Uint8Array, Uint8Array, Uint8Array | string> {
    if (this.#store !== undefined) return this.#store;
    throw new LevelError("LEVEL_DATABASE_NOT_OPEN", "the database is not open");
  }

  async _open({ createIfMissing, errorIfExists }: AbstractOpenOptions): Promise<void> {
    const store = await open(this.#location, {
      sync: "never",
      ...this.#options,
      keys: bytes,
      values: bytes,
      createIfMissing,
    }).catch((error: unknown) => {
      throw this.#openError(error);
    });
    if (errorIfExists === true && !store.stats().open.created) {
      await store.close();
      throw new LevelError("LEVEL_IO_ERROR", `${this.#location} exists already, and errorIfExists is true`);
    }
    this.#store = store;
  }

  async _close(): Promise<void> {
    const store = this.#store;
    // Also if closing fails: the store is closed then all the same, and may be opened again.
    this.#store = undefined;
    await inOwnWords(() => store?.close());
  }

  async _get(key: Encoded, options: EncodedRead): Promise<Encoded | undefined> {
    const value = await inOwnWords(() => this.#view(options).get(keyBytes(key)));
    return value && fromBytes(value, options.valueEncoding);
  }

  _getSync(key: Encoded, options: EncodedRead): Encoded | undefined {
    try {
      const value = this.#view(options).getSync(keyBytes(key));
      return value && fromBytes(value, options.valueEncoding);
    } catch (error) {
      throw asLevelError(error);
    }
  }

  async _getMany(keys: readonly Encoded[], options: EncodedRead): Promise<(Encoded | undefined)[]> {
    const values = await inOwnWords(() => this.#view(options).getMany(keys.map(keyBytes)));
    return values.map((value) => value && fromBytes(value, options.valueEncoding));
  }

  _has(key: Encoded, options: EncodedRead): Promise<boolean> {
    return inOwnWords(() => this.#view(options).has(keyBytes(key)));
  }

  _hasMany(keys: readonly Encoded[], options: EncodedRead): Promise<boolean[]> {
    return inOwnWords(() => {
      const view = this.#view(options);
      return keys.map((key) => view.has(keyBytes(key)));
    });
  }

  _put(key: Encoded, value: Encoded, options: EncodedWrite): Promise<void> {
    const own = { ...expiryOf(options), ...syncOf(options) };
    return inOwnWords(() => this.store.put(keyBytes(key), valueBytes(value), own), asWriteError);
  }

  async _del(key: Encoded, options: EncodedWrite): Promise<void> {
    await inOwnWords(() => this.store.delete(keyBytes(key), syncOf(options)), asWriteError);
  }

  _batch(operations: readonly EncodedOperation[], options: EncodedWrite): Promise<void> {
    return inOwnWords(() => this.store.batch(operations.map(inEnginesWords), syncOf(options)), asWriteError);
  }

  async _clear(options: EncodedRange & EncodedWrite & SnapshotOption): Promise<void> {
    const range = rangeOf(options);
    const limit = options.limit < 0 ? Infinity : options.limit;
    const view = this.#view(options);
    const { store } = this;
    await inOwnWords(() => {
      if (view !== store) return clearAsOf(view, store, { ...range, limit }, options);
      // Without a range the keys need not be put in order.
      const isRange = isBounded(range) || limit < Infinity;
      return store.clear({ ...(isRange ? { ...range, limit } : {}), ...syncOf(options) });
    }, asWriteError);
  }

  _iterator(options: EncodedIteratorOptions & SnapshotOption): LevelIterator {
    return new LevelIterator(this, options, this.#iterated(options));
  }

  _snapshot(options: object): LevelSnapshot {
    return new LevelSnapshot(this.store, options);
  }

  /** Where to read. @throws TypeError for a snapshot of another database, or of an earlier opening of this one */
  #view({ snapshot }: SnapshotOption): View {
    const { store } = this;
    if (snapshot === undefined || snapshot === null) return store;
    const view = snapshot instanceof LevelSnapshot ? snapshot.viewOf(store) : undefined;
    if (view === undefined) throw new TypeError("the snapshot is not one of this database");
    return view;
  }

  /** Never throws: see `Cursor`. */
  #iterated(options: EncodedRange & SnapshotOption): Iterated {
    try {
      const range = rangeOf(options);
      const view = this.#view(options);
      if (view !== this.#store) return { view: () => view, range, release: () => undefined };
      const own = this.store.snapshot();
      return { view: () => own, range, release: () => own.close() };
    } catch (error) {
      const view = (): never => {
        throw error;
      };
      return { view, range: { reverse: false }, release: () => undefined };
    }
  }

  #openError(error: unknown): unknown {
    if (isInvalidArgument(error)) return error;
    if (!HashlogError.is(error) || error.code !== "HASHLOG_NOT_FOUND") return asLevelError(error);
    return new LevelError("LEVEL_IO_ERROR", `${this.#location} does not exist: ${error.message}`, error);
  }
}

/** Deletes what is in the view, in commits of bounded size, as the store's own `clear` does with what is there now. */
async function clearAsOf(
  view: View,
  store: ByteStore,
  range: IterateOptions<Uint8Array>,
  options: EncodedWrite,
): Promise<void> {
  let deletes: BatchOperation<Uint8Array, never>[] = [];
  for await (const key of view.keys(range)) {
    deletes.push({ type: "delete", key });
    if (deletes.length < CLEAR_KEYS_MAX) continue;
    await store.batch(deletes, syncOf(options));
    deletes = [];
  }
  await store.batch(deletes, syncOf(options));
}

const CLEAR_KEYS_MAX = 1_000;

function inEnginesWords(operation: EncodedOperation): BatchOperation<Uint8Array, Uint8Array> {
  const key = keyBytes(operation.key);
  if (operation.type === "del") return { type: "delete", key };
  return { type: "put", key, value: valueBytes(operation.value), ...expiryOf(operation) };
}

/** In Level an option that is there and falsy is as good as not given. */
function syncOf({ sync }: WriteOptions): WriteOptions {
  return { sync: Boolean(sync) };
}

function expiryOf({ ttlMs, expiresAtMs }: Expiry): Expiry {
  return ttlMs === undefined && expiresAtMs === undefined ? NO_EXPIRY : { ttlMs, expiresAtMs };
}

const NO_EXPIRY: Expiry = {};

/** Does it at once, and rejects with what it throws, or rejects with, in other words. */
async function inOwnWords<T>(work: () => T | Promise<T>, words = asLevelError): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw words(error);
  }
}
