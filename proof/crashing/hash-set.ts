/**
 * A set of 64-bit hashes, for telling millions of crash images apart: 8 bytes each in open addressing, where a Set of
 * strings would take a hundred.
 */
export class HashSet {
  #low = new Uint32Array(SMALLEST);
  #high = new Uint32Array(SMALLEST);
  #size = 0;
  // The hash 0 marks a free place in the tables, and is kept beside them.
  #hasZero = false;

  get size(): number {
    return this.#size;
  }

  /** `true` if it was not there before. */
  add(high: number, low: number): boolean {
    if (high === 0 && low === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      this.#size += 1;
      return true;
    }
    if (this.#size * 2 > this.#low.length) this.#grow();
    if (!this.#put(high >>> 0, low >>> 0)) return false;
    this.#size += 1;
    return true;
  }

  #put(high: number, low: number): boolean {
    const mask = this.#low.length - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      if (this.#low[place] === 0 && this.#high[place] === 0) {
        this.#low[place] = low;
        this.#high[place] = high;
        return true;
      }
      if (this.#low[place] === low && this.#high[place] === high) return false;
    }
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    this.#low = new Uint32Array(low.length * 2);
    this.#high = new Uint32Array(low.length * 2);
    for (let place = 0; place < low.length; place += 1) {
      if (low[place] !== 0 || high[place] !== 0) this.#put(high[place]!, low[place]!);
    }
  }
}

const SMALLEST = 1024;
