import { HashlogError, type Store } from "@hashlog/engine";

/** A store that is opened when it is first used: a driver is made without waiting, and whoever never uses it holds no lock. */
export class LazyStore<V, VI> {
  readonly #open: () => Promise<Store<string, V, VI>>;
  #store: Promise<Store<string, V, VI>> | undefined;
  #isClosed = false;

  constructor(open: () => Promise<Store<string, V, VI>>) {
    this.#open = open;
  }

  /** The open store. Where opening fails the next call tries it again. @throws HashlogError `HASHLOG_CLOSED`, or as `open` */
  async get(): Promise<Store<string, V, VI>> {
    if (this.#isClosed) throw new HashlogError("HASHLOG_CLOSED", "the driver is disposed of");
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
