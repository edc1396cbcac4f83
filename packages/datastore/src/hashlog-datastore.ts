import { type BatchOperation, bytes, HashlogError, open, type OpenOptions, type Store } from "@hashlog/engine";
import { BaseDatastore } from "datastore-core";
import { type Batch, Key, type KeyQuery, type Pair, type Query } from "interface-datastore";
import {
  CloseFailedError,
  DeleteFailedError,
  GetFailedError,
  HasFailedError,
  NotFoundError,
  OpenFailedError,
  PutFailedError,
} from "interface-store";
import { type AbortOptions, attempt, failed } from "./attempt.ts";
import { together } from "./together.ts";

/**
 * The options of the engine's `open`, but for those that this package sets itself. `sync` is `"always"` unless it is given: what
 * was put is on the disk when the promise resolves.
 */
export type HashlogDatastoreOptions = Omit<OpenOptions<Uint8Array, Uint8Array>, "keys" | "values" | "readOnly">;

type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;
type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * A datastore in a directory, on a Hashlog store; to be opened first. Its methods are those of interface-datastore, and fail
 * with the errors of interface-store, whose `cause` is the engine's `HashlogError`; or, once their `signal` is aborted, with
 * the reason of that.
 */
export class HashlogDatastore extends BaseDatastore {
  readonly #directory: string;
  readonly #options: HashlogDatastoreOptions;
  #opening: Promise<ByteStore> | undefined;
  #store: ByteStore | undefined;

  constructor(directory: string, options: HashlogDatastoreOptions = {}) {
    super();
    this.#directory = directory;
    this.#options = options;
  }

  /** The store beneath, of bytes: for `compact`, `backup`, `stats`. @throws HashlogError `HASHLOG_CLOSED` */
  get store(): Store<Uint8Array, Uint8Array, Uint8Array | string> {
    if (this.#store !== undefined) return this.#store;
    throw new HashlogError("HASHLOG_CLOSED", `the datastore ${this.#directory} is not open`, { path: this.#directory });
  }

  /** Opens it, and makes it where there is none. Twice is fine, also after `close`. @throws OpenFailedError */
  async open(): Promise<void> {
    this.#opening ??= open(this.#directory, { ...this.#options, keys: bytes, values: bytes });
    const opening = this.#opening;
    try {
      const store = await opening;
      // It may have been closed meanwhile.
      if (this.#opening === opening) this.#store = store;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw failed(OpenFailedError, error);
    }
  }

  /** Waits for what is under way, and frees the directory. Twice is fine. @throws CloseFailedError */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#store = undefined;
    const store = await opening?.catch(() => undefined);
    await attempt(CloseFailedError, undefined, async () => store?.close());
  }

  override async put(key: Key, value: Uint8Array, options?: AbortOptions): Promise<Key> {
    await attempt(PutFailedError, options, () => this.store.put(key.uint8Array(), value));
    return key;
  }

  override async get(key: Key, options?: AbortOptions): Promise<Uint8Array> {
    const value = await attempt(GetFailedError, options, () => this.store.get(key.uint8Array()));
    if (value === undefined) throw new NotFoundError(`there is no ${key.toString()}`);
    return value;
  }

  override async has(key: Key, options?: AbortOptions): Promise<boolean> {
    return attempt(HasFailedError, options, async () => this.store.has(key.uint8Array()));
  }

  override async delete(key: Key, options?: AbortOptions): Promise<void> {
    await attempt(DeleteFailedError, options, () => this.store.delete(key.uint8Array()));
  }

  override putMany(source: Source<Pair>, options?: AbortOptions): AsyncGenerator<Key> {
    return together(source, ({ key, value }) => this.put(key, value, options));
  }

  override getMany(source: Source<Key>, options?: AbortOptions): AsyncGenerator<Pair> {
    return together(source, async (key) => ({ key, value: await this.get(key, options) }));
  }

  override deleteMany(source: Source<Key>, options?: AbortOptions): AsyncGenerator<Key> {
    return together(source, async (key) => {
      await this.delete(key, options);
      return key;
    });
  }

  /**
   * All of it is done when `commit` is called, in the order of its calls, or after a crash none of it. What comes meanwhile belongs
   * to the next one, which waits for it, and so does, before that, what could not be done.
   */
  override batch(): Batch {
    let operations: BatchOperation<Uint8Array, Uint8Array>[] = [];
    let left: Promise<readonly BatchOperation<Uint8Array, Uint8Array>[]> = Promise.resolve([]);
    return {
      put(key, value) {
        operations.push({ type: "put", key: key.uint8Array(), value });
      },
      delete(key) {
        operations.push({ type: "delete", key: key.uint8Array() });
      },
      commit: async (options) => {
        const before = left;
        const own = operations;
        operations = [];
        const committed = before.then((failed) => [...failed, ...own]);
        const done = committed.then((all) => attempt(PutFailedError, options, () => this.store.batch(all)));
        left = done.then(
          () => [],
          () => committed,
        );
        await done;
      },
    };
  }

  /** Called by `query`, which filters, orders and counts what this gives: as of the beginning. */
  override async *_all({ prefix }: Query, options?: AbortOptions): AsyncGenerator<Pair> {
    const entries = this.#ranged(options, () => this.store.entries(rangeOf(prefix)));
    for await (const [key, value] of entries) yield { key: new Key(key, false), value };
  }

  /** As `_all`, for `queryKeys`: needs no I/O. */
  override async *_allKeys({ prefix }: KeyQuery, options?: AbortOptions): AsyncGenerator<Key> {
    const keys = this.#ranged(options, () => this.store.keys(rangeOf(prefix)));
    for await (const key of keys) yield new Key(key, false);
  }

  async *#ranged<Found>(options: AbortOptions | undefined, begin: () => AsyncIterable<Found>): AsyncGenerator<Found> {
    const iterator = (await attempt(GetFailedError, options, async () => begin()))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const result = await attempt(GetFailedError, options, () => iterator.next());
        if (result.done === true) return;
        yield result.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}

/** Without a prefix the keys need not be put in order. */
function rangeOf(prefix: string | undefined): { prefix?: Uint8Array } {
  return prefix ? { prefix: new TextEncoder().encode(prefix) } : {};
}
