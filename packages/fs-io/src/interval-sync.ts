import type { Clock, Timer } from "./clock.ts";

/**
 * Syncs some time after a write: at most `intervalMs` pass between a write and the start of the sync that covers it.
 *
 * A timer alone cannot promise that, as it comes late when the event loop is busy, which is when most is written. So
 * each write looks at the age of the oldest one that waits, too.
 */
export class IntervalSync {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #sync: () => Promise<void>;
  #oldestAt: number | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  /**
   * `sync` begins to make durable what was written before it is called, and may be called again before it has ended
   * (`GroupSync.request` is made for it). A rejection ends the syncing: there is no second try, and whoever runs the
   * syncs knows of the failure.
   */
  constructor(clock: Clock, intervalMs: number, sync: () => Promise<void>) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#sync = sync;
  }

  /** To be called after each write. Begins a sync at once if the oldest write that none covers is old enough. */
  wrote(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    if (this.#oldestAt === undefined) {
      this.#oldestAt = now;
      this.#timer = this.#clock.setTimer(() => this.#begin(), this.#intervalMs);
      return;
    }
    // A clock that was set back makes nothing younger than just written.
    this.#oldestAt = Math.min(this.#oldestAt, now);
    if (now - this.#oldestAt >= this.#intervalMs) this.#begin();
  }

  /** Begins no further sync. What no sync covers stays as durable as it is. Twice is fine. */
  stop(): void {
    this.#stopped = true;
    this.#forget();
  }

  #begin(): void {
    this.#forget();
    this.#sync().catch(() => {
      // mark: sync/by-interval-failed
      this.stop();
    });
  }

  #forget(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#oldestAt = undefined;
  }
}
