/**
 * Deterministic noise for the simulation: the same seed gives the same bytes on every machine, so that a failing case
 * is told whole by a few small numbers. Not for anything but tests.
 */

/** Spreads a 32-bit integer over 32 bits (the finaliser of MurmurHash3, by Austin Appleby, public domain). */
export function scramble(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A stream of integers that depends on its seed only. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = scramble(seed ^ 0x9e3779b9);
  }

  /** An integer from 0 to `limit - 1`. `limit` is at least 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return scramble(this.#state) % limit;
  }
}
