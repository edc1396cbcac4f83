import { HashlogError } from "./errors.ts";
import type { ExportDestination } from "./export-destination.ts";
import type { ExportOptions, ExportReport } from "./export.ts";
import type { IterateOptions, StoreIterator } from "./iterate.ts";
import type { OpenState } from "./open-state.ts";
import { type Entry, type ReadParts, Reads, type ReadSource } from "./reads.ts";
import { passedAt } from "./store-clock.ts";
import type { View } from "./views.ts";

/**
 * The store as it was when `snapshot` was called: nothing that is written, deleted or merged later changes what it shows,
 * and what had not expired then does not. It needs what a merge would free, and memory for each key that is changed while
 * it is open: close it (or declare it with `using`). One that is garbage-collected closes itself.
 *
 * Its methods are those of the store, and fail with `HASHLOG_CLOSED` once it, or the store, is closed.
 */
export class Snapshot<K, V> {
  readonly #view: View;
  readonly #store: Pick<OpenState, "isClosed">;
  readonly #reads: Reads<K, V>;

  constructor(view: View, now: number, parts: Omit<ReadParts<K, V>, "source">, store: OpenState) {
    this.#view = view;
    this.#store = store;
    this.#reads = new Reads({ ...parts, source: sourceOf(this, view, now, store) });
  }

  /** Whether it is closed, or its store is. */
  get isClosed(): boolean {
    return this.#view.isClosed || this.#store.isClosed;
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

  /** As `Store.exportTo`. */
  exportTo(destination: ExportDestination, options: ExportOptions<K> = {}): Promise<ExportReport> {
    return this.#reads.exportTo(destination, options);
  }

  /** Gives up what it holds. Its iterators end with `HASHLOG_CLOSED`. Twice is fine. */
  close(): void {
    this.#view.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function sourceOf(
  snapshot: Pick<Snapshot<never, never>, "isClosed">,
  view: View,
  now: number,
  store: OpenState,
): ReadSource {
  const hasPassed = passedAt(now);
  return {
    find: (key, location) => view.find(key, location) && !hasPassed(location.expiresAtMs),
    segmentAt: (slot) => view.segmentAt(slot),
    // Every iterator of the snapshot holds this, and with it the snapshot, which is therefore not collected beneath it.
    checkOpen: () => {
      store.check();
      if (snapshot.isClosed) throw new HashlogError("HASHLOG_CLOSED", "the snapshot is closed");
    },
    passed: () => hasPassed,
    viewFor: () => ({ view, onEnd: () => undefined, heldBy: () => undefined }),
  };
}
