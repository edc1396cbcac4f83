/**
 * How late events are that are due at every millisecond, and have their turn when the event loop comes round.
 *
 * Measured this way a turn that takes 100 ms counts a hundred times, once for each event that had to wait for its end, as
 * it would for a service's requests. One that asks a timer how late it is sees such a turn once, and misses all the others
 * that would have come meanwhile ("coordinated omission").
 */
export class DueEvents {
  readonly #onLate: (ms: number) => void;
  #nextMs: number;

  /** @param onLate Is told for each event how many milliseconds after its time its turn came. */
  constructor(nowMs: number, onLate: (ms: number) => void) {
    this.#nextMs = nowMs + EVERY_MS;
    this.#onLate = onLate;
  }

  /** To be called in every turn of the event loop. */
  turn(nowMs: number): void {
    while (this.#nextMs <= nowMs) {
      this.#onLate(nowMs - this.#nextMs);
      this.#nextMs += EVERY_MS;
    }
  }
}

const EVERY_MS = 1;
