/** Numbers that look random and come from a seed, so that a run can be repeated: mulberry32. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and not including, `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  /** `count` of the items, the same one perhaps more than once. */
  choose<T>(items: readonly T[], count: number): T[] {
    return Array.from({ length: Math.min(count, items.length) }, () => items[this.below(items.length)]!);
  }
}
