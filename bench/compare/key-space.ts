import { NumberedKeys } from "../numbered-keys.ts";

/**
 * The keys of a store: even numbers, so that the odd ones between them are missing wherever one looks. New ones come at the end.
 */
export class KeySpace {
  /** How many are there, from the first one on. */
  count: number;
  readonly #numbered: NumberedKeys;
  #inserting: number;
  /** Inserted before others that were begun earlier. */
  readonly #ahead = new Set<number>();
  readonly #key = Buffer.alloc(NumberedKeys.BYTES);

  constructor(count: number) {
    this.count = count;
    this.#inserting = count;
    this.#numbered = new NumberedKeys(count);
  }

  /** In a buffer that the next call uses again. */
  at(index: number): Buffer {
    return NumberedKeys.write(this.#key, 2 * index);
  }

  missing(index: number): Buffer {
    return NumberedKeys.write(this.#key, 2 * index + 1);
  }

  /** For 0 to `count - 1` each index once, in an order of its own. */
  scattered(index: number): number {
    return this.#numbered.scattered(index);
  }

  /** The index of a new one, which is there when that is told to `inserted`. */
  insert(): number {
    return this.#inserting++;
  }

  inserted(index: number): void {
    this.#ahead.add(index);
    while (this.#ahead.delete(this.count)) this.count += 1;
  }

  /** Into a buffer of the caller's. */
  write(buffer: Buffer, index: number): Buffer {
    return NumberedKeys.write(buffer, 2 * index);
  }
}
