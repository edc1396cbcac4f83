import { crc32 } from "@hashlog/format";

/**
 * A sum over entries, the same in whatever order they come: what is in two collections can be compared so without having both at
 * hand, or either in order. Two sums of 32 bits; an entry that differs goes unnoticed once in 2^32 times.
 */
export class EntrySum {
  #first = 0;
  #second = 0;
  #count = 0;

  /** Of so many entries. */
  get count(): number {
    return this.#count;
  }

  /** One more: the key `bytes[start..end)`, and what is said of it in four numbers, integers from 0 to 2^53 - 1. Allocates nothing. */
  add(bytes: Uint8Array, start: number, end: number, a: number, b: number, c: number, d: number): void {
    let hash = crc32(bytes, start, end);
    hash = mixed(hash, end - start);
    hash = mixed(mixed(hash, a), a / WORD);
    hash = mixed(mixed(hash, b), b / WORD);
    hash = mixed(mixed(hash, c), c / WORD);
    hash = mixed(mixed(hash, d), d / WORD);
    hash ^= hash >>> 16;
    this.#count += 1;
    this.#first = (this.#first + Math.imul(hash, 0x85ebca6b)) | 0;
    this.#second = (this.#second + Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)) | 0;
  }

  equals(other: EntrySum): boolean {
    return this.#count === other.#count && this.#first === other.#first && this.#second === other.#second;
  }
}

const WORD = 2 ** 32;

/** A step of MurmurHash3 (Austin Appleby, public domain); `word` counts by its lowest 32 bits. */
function mixed(hash: number, word: number): number {
  const first = Math.imul(word, 0xcc9e2d51);
  const second = hash ^ Math.imul((first << 15) | (first >>> 17), 0x1b873593);
  return (Math.imul((second << 13) | (second >>> 19), 5) + 0xe6546b64) | 0;
}
