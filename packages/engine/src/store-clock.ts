import type { Clock } from "@hashlog/fs-io";

/**
 * Time for expiry: the machine's, but it never runs backwards within an open, so that a key that was seen to expire does
 * not return, whether or not a merge has taken its record meanwhile.
 */
export class StoreClock {
  readonly #clock: Clock;
  #latest = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    this.#latest = Math.max(this.#latest, this.#clock.now());
    return this.#latest;
  }

  /** The last whole millisecond that has begun, as times of expiry are: for what is kept. */
  wholeMs(): number {
    return Math.max(0, Math.floor(this.now()));
  }

  /** Whether something that expires at that time (0: never) counts as absent now. */
  readonly hasPassed = (expiresAtMs: number): boolean => expiresAtMs !== 0 && expiresAtMs <= this.now();
}

/** Whether something that expires at that time (0: never) counts as absent at that moment. */
export function passedAt(now: number): (expiresAtMs: number) => boolean {
  return (expiresAtMs) => expiresAtMs !== 0 && expiresAtMs <= now;
}
