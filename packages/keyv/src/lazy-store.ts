import { HashlogError, type Store } from "@hashlog/engine";

/** A store that is opened when it is first used: a constructor cannot wait, and whoever never uses it holds no lock. */
export class LazyStore<V> {
  readonly #open: () => Promise<Store<string, V, V>>;
  #store: Promise<Store<string, V, V>> | undefined;
  #isClosed = false;

  constructor(open: () => Promise<Store<string, V, V>>) {
    this.#open = open;
  }

  /** The open store. Where opening fails the next call tries it again. @throws HashlogError `HASHLOG_CLOSED`, or as `open` */
  async get(): Promise<Store<string, V, V>> {
    if (this.#isClosed) throw new HashlogError("HASHLOG_CLOSED", "the store is disconnected");
    this.#store ??= this.#open().catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  /** For good. Waits for what is under way, an opening included. Twice is fine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const store = await this.#store?.catch(() => undefined);
    await store?.close();
  }
}
