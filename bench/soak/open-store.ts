/** Opens the store that is soaked, and tells when merges begin and end. */
import { bytes, open, type OpenOptions, type Store } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import type { Sync } from "./options.ts";

/** A store of bytes. */
export type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;

/** What a merge did. */
export interface MergeDone {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bytesFreed: number;
  readonly durationMs: number;
}

/** Is told of merges. Each start is followed by an end or a failure. */
export interface MergeEvents {
  readonly onStart: () => void;
  readonly onEnd: (done: MergeDone) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Options that the engine may not have yet. */
type Options = OpenOptions<Uint8Array, Uint8Array, Uint8Array | string> & { readonly compaction?: MergeEvents };

/** A store, who sets its merges off, and how it is closed. */
export interface OpenStore {
  readonly store: ByteStore;
  readonly mergedBy: "store" | "timer";
  close(): Promise<void>;
}

const SYNC = { never: "never", always: "always", interval: { intervalMs: 100 } } as const;

/** With everything as it is by default, but for the sync policy. Where the store does not merge by itself a timer does. */
export async function openStore(
  directory: string,
  sync: Sync,
  fileSystem: FileSystem,
  events: MergeEvents,
): Promise<OpenStore> {
  const options: Options = { keys: bytes, values: bytes, sync: SYNC[sync], fileSystem };
  const { onStart, onEnd, onFailure } = events;
  const merging: Options = { ...options, compaction: { onStart, onEnd, onFailure } };
  try {
    const store = await open(directory, merging);
    return { store, mergedBy: "store", close: () => store.close() };
  } catch (error) {
    if (!String(error).includes('no option "compaction"')) throw error;
  }
  const store = await open(directory, options);
  const timer = new MergeTimer(store, events);
  return {
    store,
    mergedBy: "timer",
    close: async () => {
      await timer.stop();
      await store.close();
    },
  };
}

/** Merges all segments whenever a quarter of the records' bytes is dead. */
class MergeTimer {
  readonly #store: ByteStore;
  readonly #events: MergeEvents;
  readonly #interval: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(store: ByteStore, events: MergeEvents) {
    this.#store = store;
    this.#events = events;
    this.#interval = setInterval(() => this.#look(), 500);
  }

  async stop(): Promise<void> {
    clearInterval(this.#interval);
    await this.#running;
  }

  #look(): void {
    const { deadBytes, totalBytes } = this.#store.stats();
    if (this.#running === undefined && deadBytes > totalBytes / 4) this.#running = this.#merge();
  }

  async #merge(): Promise<void> {
    const begun = performance.now();
    this.#events.onStart();
    try {
      const report = await this.#store.compact();
      this.#events.onEnd({ ...report, durationMs: performance.now() - begun });
    } catch (error) {
      this.#events.onFailure(error);
    }
    this.#running = undefined;
  }
}
