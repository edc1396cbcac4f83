import { ByteRate } from "@hashlog/compactor";
import type { Clock } from "@hashlog/fs-io";
import { PauseGate } from "./pause-gate.ts";

/**
 * How fast a merge goes on: after each slice others have their turn, and then it waits as long as the rate limit or a
 * pause asks for. Whoever aborts it does not wait.
 */
export class MergePace {
  readonly #clock: Clock;
  readonly #rate: ByteRate | undefined;
  readonly #signal: AbortSignal;
  readonly #onProgress: (bytes: number) => void;
  #gate: PauseGate | undefined;
  #lastMs: number;

  constructor(parts: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** Bytes a second, read and written together. Without: as fast as it goes. */
    readonly bytesPerSecondMax?: number | undefined;
    /** Without: it cannot be paused. */
    readonly gate?: PauseGate | undefined;
    /** Told of what is done. */
    readonly onProgress?: (bytes: number) => void;
  }) {
    this.#clock = parts.clock;
    this.#rate = parts.bytesPerSecondMax === undefined ? undefined : new ByteRate(parts.bytesPerSecondMax);
    this.#signal = parts.signal;
    this.#gate = parts.gate;
    this.#lastMs = parts.clock.elapsedMs();
    this.#onProgress = parts.onProgress ?? ((): void => undefined);
  }

  /** From now on it goes on to its end. */
  ignorePauses(): void {
    this.#gate = undefined;
  }

  /** Resolves when the next slice may begin, after one of `bytes` bytes; or at once when the merge is aborted. */
  async next(bytes: number): Promise<void> {
    this.#onProgress(bytes);
    await this.#clock.yield();
    const now = this.#clock.elapsedMs();
    const delayMs = this.#rate?.delayMs(bytes, now - this.#lastMs) ?? 0;
    this.#lastMs = now;
    if (delayMs > 0) {
      // mark: merge/slowed-down-to-its-rate
      await this.#orAborted((done) => {
        const timer = this.#clock.setTimer(done, delayMs);
        return () => timer.cancel();
      });
    }
    while (this.#gate?.isClosed === true && !this.#signal.aborted) {
      // mark: merge/paused
      await this.#orAborted((done) => this.#gate!.onOpen(done));
    }
  }

  // Waits for what `begin` is told to call, or for an abort, and leaves nothing behind of either.
  #orAborted(begin: (done: () => void) => () => void): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#signal.removeEventListener("abort", finish);
        cancel();
        resolve();
      };
      const cancel = begin(finish);
      this.#signal.addEventListener("abort", finish, { once: true });
    });
  }
}
