import type { Clock } from "@hashlog/fs-io";

/**
 * Whether values may be read ahead synchronously. What the system has in its cache is there in a microsecond, and ten times
 * quicker than by asking another thread; what it has not may take as long as a disk takes, and would hold the event loop.
 * So it is tried: after a few values that took their time the next ones are read without holding it, and for twice as long
 * each time that a try was slow again.
 */
export class ReadPace {
  readonly #clock: Pick<Clock, "now">;
  readonly #readsSynchronously: boolean;
  /** For how many chunks of values it is not tried, and for how many the next time. */
  #resting = 0;
  #rest = RESTS_LEAST;

  constructor(clock: Pick<Clock, "now">, readsSynchronously: boolean) {
    this.#clock = clock;
    this.#readsSynchronously = readsSynchronously;
  }

  /** Whether the next few values are to be read at once. */
  get isQuick(): boolean {
    if (!this.#readsSynchronously) return false;
    if (this.#resting === 0) return true;
    this.#resting -= 1;
    return false;
  }

  /** Does the reading, and notes how long it took. */
  timed<Result>(read: () => Result): Result {
    const begun = this.#clock.now();
    const result = read();
    const isSlow = this.#clock.now() - begun >= SLOW_MS;
    this.#resting = isSlow ? this.#rest : 0;
    this.#rest = isSlow ? Math.min(this.#rest * 2, RESTS_MOST) : RESTS_LEAST;
    return result;
  }
}

/** What a chunk of values takes at least where some of them come from a disk. */
const SLOW_MS = 5;
const RESTS_LEAST = 8;
const RESTS_MOST = 1024;
