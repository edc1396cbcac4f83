/** Random numbers from a seed (Marsaglia's xorshift), the same in every run: a failure names the seed. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 1) >>> 0;
  }

  /** From 0 to less than 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 2 ** 32;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

/** Runs `body` with random numbers of each seed; what it throws says which seed it was. */
export function withSeeds(seeds: readonly number[], body: (random: SeededRandom) => void): void {
  for (const seed of seeds) {
    try {
      body(new SeededRandom(seed));
    } catch (cause) {
      throw new Error(`with seed ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
}
