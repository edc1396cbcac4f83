import { throwIfAborted } from "./errors.ts";
import type { OpenProgress } from "./store-options.ts";

/** Tells how far an opening is, at most once for every so many bytes, or keys, and notices there that it was cancelled. */
export class LoadProgress {
  readonly #onProgress: ((progress: OpenProgress) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  #bytesTotal: number;
  #bytesDone = 0;
  #bytesTold = 0;
  #keysTold = 0;

  constructor(
    bytesTotal: number,
    onProgress: ((progress: OpenProgress) => void) | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#bytesTotal = bytesTotal;
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  get bytesDone(): number {
    return this.#bytesDone;
  }

  /**
   * `bytes` more were read.
   * @throws HashlogError `HASHLOG_ABORTED`
   */
  read(phase: OpenProgress["phase"], bytes: number): void {
    this.checkSignal();
    this.#bytesDone += bytes;
    if (this.#bytesDone - this.#bytesTold < TELL_BYTES) return;
    this.#bytesTold = this.#bytesDone;
    this.#tell(phase, 0, 0);
  }

  /** A part that counts for so many bytes of the total is loaded, of which fewer had to be read, or more. */
  loaded(bytes: number, bytesRead: number): void {
    this.#bytesTotal += bytesRead - bytes;
  }

  /** So many of the keys are in order. All is read by then. */
  ordered(keysDone: number, keysTotal: number): void {
    if (keysDone - this.#keysTold < TELL_KEYS && keysDone < keysTotal) return;
    this.#keysTold = keysDone;
    this.#bytesTotal = this.#bytesDone;
    this.#tell("order", keysDone, Math.max(keysDone, keysTotal));
  }

  /** @throws HashlogError `HASHLOG_ABORTED` */
  checkSignal(): void {
    throwIfAborted(this.#signal, "opening the store");
  }

  #tell(phase: OpenProgress["phase"], keysDone: number, keysTotal: number): void {
    const bytesDone = this.#bytesDone;
    const bytesTotal = Math.max(bytesDone, this.#bytesTotal);
    this.#onProgress?.({ phase, bytesDone, bytesTotal, keysDone, keysTotal });
  }
}

const TELL_BYTES = 4 * 1024 * 1024;
const TELL_KEYS = 32_768;
