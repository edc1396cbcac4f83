import type { Clock } from "@hashlog/fs-io";

/**
 * Whether values may be read ahead synchronously. What the system has in its cache is there in a microsecond, and ten times
 * quicker than by asking another thread; what it has not may take as long as a disk takes, and would hold the event loop.
 * So it is tried: after a few values that took their time the next ones are read without holding it, for a while.
 */
export class ReadPace {
  readonly #clock: Pick<Clock, "now">;
  readonly #readsSynchronously: boolean;
  #patience = 0;

  constructor(clock: Pick<Clock, "now">, readsSynchronously: boolean) {
    this.#clock = clock;
    this.#readsSynchronously = readsSynchronously;
  }

  /** Whether the next few values are to be read at once. */
  get isQuick(): boolean {
    if (!this.#readsSynchronously) return false;
    if (this.#patience === 0) return true;
    this.#patience -= 1;
    return false;
  }

  /** Does the reading, and notes how long it took. */
  timed<Result>(read: () => Result): Result {
    const begun = this.#clock.now();
    const result = read();
    if (this.#clock.now() - begun >= SLOW_MS) this.#patience = SLOW_READS;
    return result;
  }
}

/** What a chunk of values takes at least where some of them come from a disk; and for how many chunks that is taken to go on. */
const SLOW_MS = 4;
const SLOW_READS = 16;
