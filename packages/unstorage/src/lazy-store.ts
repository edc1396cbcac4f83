import { HashlogError, type Store } from "@hashlog/engine";

/**
 * A store that is opened when it is first used: what is made by a constructor, or by a function that returns at once, cannot wait
 * for an opening, and whoever never uses it holds no lock.
 */
export class LazyStore<V, VI> {
  readonly #open: () => Promise<Store<string, V, VI>>;
  readonly #closedMessage: string;
  #store: Promise<Store<string, V, VI>> | undefined;
  #isClosed = false;

  constructor(open: () => Promise<Store<string, V, VI>>, closedMessage: string) {
    this.#open = open;
    this.#closedMessage = closedMessage;
  }

  /** The open store. Where opening fails the next call tries it again. @throws HashlogError `HASHLOG_CLOSED`, or as `open` */
  async get(): Promise<Store<string, V, VI>> {
    if (this.#isClosed) throw new HashlogError("HASHLOG_CLOSED", this.#closedMessage);
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
