import { EventEmitter } from "node:events";
import { type Expiry, open, type OpenOptions, type Store, utf8 } from "@hashlog/engine";
import { LazyStore } from "./lazy-store.ts";
import { keyvValues } from "./values.ts";

/**
 * The options of the engine's `open`, but for those that this package sets itself. `sync` is `{ intervalMs: 1_000 }` unless
 * it is given: nothing waits for the disk, and a power cut takes the last second at most.
 */
export type KeyvHashlogOptions = Omit<OpenOptions<string, unknown, unknown>, "keys" | "values" | "readOnly">;

/**
 * What the stores for Keyv 5 and for Keyv 6 have in common. The store is opened at the first use of it. Methods reject with
 * the engine's `HashlogError`, which Keyv hands on by its event "error"; this emits none of its own.
 */
export abstract class KeyvBase extends EventEmitter {
  /** Set by Keyv. What is under way when it changes goes on with the one before. */
  namespace: string | undefined = undefined;
  readonly #store: LazyStore<unknown, unknown>;
  readonly #isShared: boolean;

  /** @param from a directory; or another one, whose store it shares, to have a namespace of its own in it */
  constructor(from: string | KeyvBase, options: KeyvHashlogOptions = {}) {
    super();
    this.#isShared = typeof from !== "string";
    this.#store =
      typeof from === "string"
        ? new LazyStore(
            () =>
              open<string, unknown, unknown>(from, {
                sync: { intervalMs: 1_000 },
                ...options,
                keys: utf8,
                values: keyvValues,
              }),
            "the store is disconnected",
          )
        : from.#store;
  }

  /** The store beneath, opened if it was not yet: for `compact`, `backup`, `stats`. Closed by `disconnect`. */
  async store(): Promise<Store<string, unknown, unknown>> {
    return this.#store.get();
  }

  /** The key in the store of what Keyv calls so. */
  protected abstract stored(key: string): string;

  /** The value; `undefined` where there is none, or it has expired. */
  async get<Value>(key: string): Promise<Value | undefined> {
    const stored = this.stored(key);
    return (await this.store()).get(stored) as Promise<Value | undefined>;
  }

  /** The values, in the order of the keys, all as of one moment. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const stored = keys.map((key) => this.stored(key));
    return (await this.store()).getMany(stored) as Promise<(Value | undefined)[]>;
  }

  /** Whether the key is there. Needs no I/O. */
  async has(key: string): Promise<boolean> {
    const stored = this.stored(key);
    return (await this.store()).has(stored);
  }

  /** As `has`, in the order of the keys. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    const stored = keys.map((key) => this.stored(key));
    const store = await this.store();
    return stored.map((key) => store.has(key));
  }

  /** Whether the key was there. */
  async delete(key: string): Promise<boolean> {
    const stored = this.stored(key);
    return (await this.store()).delete(stored);
  }

  /**
   * Deletes every key of the namespace: those that begin with it and a colon. Without a namespace, everything. What is
   * put again while it runs may be deleted with the rest.
   */
  async clear(): Promise<void> {
    const { namespace } = this;
    const store = await this.store();
    await store.clear(namespace ? { prefix: `${namespace}:` } : {});
  }

  /** Closes the store, for good, and frees its directory; that of another one is left to that. Twice is fine. */
  async disconnect(): Promise<void> {
    if (!this.#isShared) await this.#store.close();
  }

  /** All at once: after a crash all of them are there, or none. */
  protected async putAll(
    entries: readonly ({ readonly key: string; readonly value: unknown } & Expiry)[],
  ): Promise<void> {
    const operations = entries.map((entry) => ({ ...entry, type: "put" as const, key: this.stored(entry.key) }));
    await (await this.store()).batch(operations);
  }

  /** In the order of the keys; together, so that they share a sync. */
  protected async deleteAll(keys: readonly string[]): Promise<boolean[]> {
    const stored = keys.map((key) => this.stored(key));
    const store = await this.store();
    return Promise.all(stored.map((key) => store.delete(key)));
  }

  /** The entries that are there when it begins, of one namespace or of all, in the keys of the store. */
  protected async *storedEntries(namespace: string | undefined): AsyncGenerator<[string, unknown], void> {
    const store = await this.store();
    yield* store.entries(namespace ? { prefix: `${namespace}:` } : {});
  }
}
