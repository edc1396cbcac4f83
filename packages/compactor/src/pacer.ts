import type { MergeSettings } from "./options.ts";
import type { MergeStore } from "./ports.ts";
import type { MergePhase } from "./report.ts";

/**
 * Cuts a merge into slices: after every `sliceBytes` it tells how far it is, gives the event loop away for as long as the
 * store wants it, and looks whether it was aborted in the meantime.
 */
export class Pacer {
  readonly #store: MergeStore;
  readonly #settings: MergeSettings;
  #phase: MergePhase = "copy";
  #bytesTotal = 0;
  #bytesDone = 0;
  #sliceBytes = 0;
  #mayAbort = true;

  constructor(store: MergeStore, settings: MergeSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** A new phase of `bytesTotal` bytes. */
  begin(phase: MergePhase, bytesTotal: number): void {
    this.#phase = phase;
    this.#bytesTotal = bytesTotal;
    this.#bytesDone = 0;
    this.#tell();
  }

  /** Counts work done. Cheap; for every record or frame. */
  spend(bytes: number): void {
    this.#bytesDone += bytes;
    this.#sliceBytes += bytes;
  }

  /** Whether the slice is used up and `pause` is to be called. */
  get due(): boolean {
    return this.#sliceBytes >= this.#settings.sliceBytes;
  }

  /** Ends the slice. Rejects with the signal's reason if the merge was aborted and still may be. */
  async pause(): Promise<void> {
    const bytes = this.#sliceBytes;
    this.#sliceBytes = 0;
    this.#tell();
    await this.#store.yield(bytes);
    this.#checkAbort();
  }

  /** The phase is done, whatever was counted. */
  end(): void {
    this.#bytesDone = this.#bytesTotal;
    this.#tell();
  }

  /** From here on the merge completes: the outputs are about to become part of the store. */
  commit(): void {
    this.#checkAbort();
    this.#mayAbort = false;
  }

  /** Whether `error` is what an aborted merge rejects with. */
  isAbort(error: unknown): boolean {
    const { signal } = this.#settings;
    return signal !== undefined && signal.aborted && error === signal.reason;
  }

  #checkAbort(): void {
    if (this.#mayAbort) this.#settings.signal?.throwIfAborted();
  }

  #tell(): void {
    this.#settings.onProgress({ phase: this.#phase, bytesDone: this.#bytesDone, bytesTotal: this.#bytesTotal });
  }
}
