/** Numbers that look random and are the same for the same seed: sfc32, from Chris Doty-Humphrey's PractRand. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  /** @param seed An integer from 0 to 2^53 - 1. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    for (let round = 0; round < 15; round += 1) this.#next();
  }

  /** From 0 up to, and not, 1. */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** From 0 to `below - 1`. */
  integer(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  #next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}
