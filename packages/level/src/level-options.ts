import type { Expiry, OpenOptions, WriteOptions } from "@hashlog/engine";
import type {
  AbstractBatchDelOperation,
  AbstractBatchOptions,
  AbstractBatchPutOperation,
  AbstractClearOptions,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractPutOptions,
} from "abstract-level";

/** Options of `new HashlogLevel`: those of every Level (`keyEncoding`, `valueEncoding`, `createIfMissing`, `errorIfExists`). */
export interface LevelOptions<K, V> extends AbstractDatabaseOptions<K, V> {
  /** How the store beneath is opened. Unknown options are refused by name when it is. */
  readonly store?: LevelStoreOptions | undefined;
}

/**
 * The options of the engine's `open`, but for those that this package sets itself. `sync` is `"never"` unless it is given:
 * what a write without `sync: true` means in every other Level.
 */
export type LevelStoreOptions = Omit<
  OpenOptions<Uint8Array, Uint8Array>,
  "keys" | "values" | "createIfMissing" | "readOnly"
>;

/** `sync: true`: resolves when the write, and all before it, is durable. `ttlMs` or `expiresAtMs`: when the entry is gone. */
export interface PutOptions<K, V> extends AbstractPutOptions<K, V>, WriteOptions, Expiry {}

/** `sync: true`: resolves when the delete, and all before it, is durable. */
export interface DelOptions<K> extends AbstractDelOptions<K>, WriteOptions {}

/** `sync: true`: resolves when the batch, and all before it, is durable. An expiry is that of all its puts. */
export interface BatchOptions<K, V> extends AbstractBatchOptions<K, V>, WriteOptions, Expiry {}

/** `sync: true`: resolves when all of it is durable. */
export interface ClearOptions<K> extends AbstractClearOptions<K>, WriteOptions {}

/** An operation of a batch; a put may have an expiry of its own. */
export type BatchOperation<TDatabase, K, V> =
  | (AbstractBatchPutOperation<TDatabase, K, V> & Expiry)
  | AbstractBatchDelOperation<TDatabase, K>;
