import type { Clock, Timer } from "@hashlog/fs-io";

/**
 * Catches up again and again: soon after something was new, and more and more seldom while nothing is, or while it fails.
 *
 *     new  10 ms  new  10 ms  nothing  20 ms  nothing  40 ms  ..  200 ms  nothing  200 ms
 *
 * The timers keep no process alive.
 */
export class Follower {
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #refresh: () => Promise<boolean>;
  readonly #onFailure: (error: unknown) => void;
  #delayMs = DELAY_LEAST_MS;
  #timer: Timer | undefined;
  #stopped = false;

  /** `refresh` catches up and tells whether something was new; `onFailure` is told why it could not. */
  constructor(clock: Pick<Clock, "setTimer">, refresh: () => Promise<boolean>, onFailure: (error: unknown) => void) {
    this.#clock = clock;
    this.#refresh = refresh;
    this.#onFailure = onFailure;
  }

  /** Begins. To be called once. */
  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.setTimer(() => void this.#look(), this.#delayMs);
  }

  /** Begins nothing more. Twice is fine. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    try {
      this.#delayMs = (await this.#refresh()) ? DELAY_LEAST_MS : this.#longer(DELAY_IDLE_MS);
    } catch (error) {
      // mark: follower/failed-and-tries-again
      this.#delayMs = this.#longer(DELAY_FAILING_MS);
      if (!this.#stopped) this.#onFailure(error);
    }
    this.start();
  }

  #longer(mostMs: number): number {
    return Math.min(this.#delayMs * 2, mostMs);
  }
}

const DELAY_LEAST_MS = 10;
const DELAY_IDLE_MS = 200;
const DELAY_FAILING_MS = 2000;
