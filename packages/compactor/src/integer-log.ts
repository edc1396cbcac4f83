const CHUNK_BITS = 14;
const CHUNK_VALUES = 1 << CHUNK_BITS;

/**
 * A list of unsigned 32-bit integers that only grows. A merge remembers with it where each record came from: 8 bytes a
 * record, no object for any. It grows by chunks of 64 KiB, as doubling one array would stop the event loop for a copy
 * of everything in it.
 */
export class IntegerLog {
  readonly #chunks: Uint32Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const at = this.#length & (CHUNK_VALUES - 1);
    if (at === 0) this.#chunks.push(new Uint32Array(CHUNK_VALUES));
    this.#chunks[this.#chunks.length - 1]![at] = value;
    this.#length += 1;
  }

  /** The value at `index`, which is below `length`. */
  at(index: number): number {
    return this.#chunks[index >>> CHUNK_BITS]![index & (CHUNK_VALUES - 1)]!;
  }
}
