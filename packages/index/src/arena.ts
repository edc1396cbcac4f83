/**
 * Memory for the entries of one shard: an address space of words in up to 8 chunks of one power of two, the last of
 * which is only as long as it has to be.
 *
 * ```
 *  reference = chunk << shift | word in the chunk          (24 bits: 64 MiB)
 *  [ chunk 0         ][ chunk 1         ] ... [ chunk n: used | step ]
 * ```
 *
 * Why chunks: one array that grows by copying costs either much slack or many copies (a tenth of slack is ten copies of
 * every byte). Here growing copies the last chunk only, in steps as small as the budget wants. When there would be more
 * than 8 chunks, neighbours are joined: chunks 2i and 2i + 1 become chunk i of twice the size, and every reference
 * stays what it was. Few chunks, because each is a JavaScript object that a lookup has to go through: 32 in each shard were
 * more than the processor's caches held, and took an overwrite of one in a million keys from 480 ns to 560.
 *
 * An entry never crosses from one chunk into the next; the words that are left over at the end of a chunk stay
 * unused. Freed entries are kept in lists by size, chained through their first word.
 */
import type { Words } from "./allocate.ts";
import { allocateWords, ifThereIsMemory } from "./allocate.ts";

/** How many words references can address: 24 bits, less the value that a slot keeps for "empty". */
export const ARENA_WORDS_MAX = 0xff_ffff;

const CHUNKS_MAX = 8;
/** The smallest chunks have `1 << SHIFT_MIN` words. */
export const SHIFT_MIN = 10;
/** Entries below this many words (260 bytes) go to a free list of their size; larger ones wait for a rebuild. */
const LISTED_WORDS = 65;

export class Arena {
  chunks: Words[] = [];
  /** A chunk has at most `1 << shift` words. */
  shift: number;
  mask: number;
  /** Where the next entry goes: a chunk, always the last one, and a word in it. */
  chunk = 0;
  position = 0;
  /** Words of entries in use. */
  liveWords = 0;
  /** Words of entries that were given back and not taken again: what a rebuild would win. */
  garbageWords = 0;
  /** Words of all chunks together. */
  capacityWords = 0;
  readonly wordsMax: number;
  #expectedWords: number;
  #free: Words | undefined;

  /** For about `expectedWords` words in chunks that fit that; more is possible up to `wordsMax` in all. */
  constructor(expectedWords: number, wordsMax: number = ARENA_WORDS_MAX) {
    this.shift = SHIFT_MIN;
    while (expectedWords >>> this.shift > CHUNKS_MAX - 2) this.shift++;
    this.mask = (1 << this.shift) - 1;
    this.wordsMax = wordsMax;
    this.#expectedWords = expectedWords;
  }

  /** Words between the beginning of the first chunk and the end of the last entry. */
  get usedWords(): number {
    return (this.chunk << this.shift) + this.position;
  }

  /** Takes room for an entry of `words` words out of what there is; -1 when the arena must grow for it. */
  take(words: number): number {
    const free = this.#free;
    if (free !== undefined && words < LISTED_WORDS && free[words] !== 0) return this.#takeListed(free, words);
    const chunk = this.chunks[this.chunk];
    const at = this.position;
    if (chunk === undefined || at + words > chunk.length) return -1;
    this.position = at + words;
    this.liveWords += words;
    return (this.chunk << this.shift) + at;
  }

  /** As `take`, growing by `words` and at least `step` words if need be; -1 when the address space is used up. */
  takeGrowing(words: number, step: number): number {
    while (words > 1 << this.shift) this.#join();
    let chunk = this.chunk;
    if (this.position + words > 1 << this.shift) {
      if (this.chunks.length >= CHUNKS_MAX) {
        this.#join();
        return this.takeGrowing(words, step);
      }
      chunk++;
    }
    const position = chunk === this.chunk ? this.position : 0;
    const end = (chunk << this.shift) + position + words;
    if (end > this.wordsMax) return -1;
    this.#lengthen(chunk, position + words, Math.max(step, this.#expectedWords - end));
    this.chunk = chunk;
    this.position = position;
    return this.take(words);
  }

  /** Gives back the `words` words of an entry. */
  release(reference: number, words: number): void {
    this.liveWords -= words;
    this.garbageWords += words;
    if (words >= LISTED_WORDS) return;
    // Giving back must not fail; what is not listed waits for a rebuild.
    const free = (this.#free ??= ifThereIsMemory(() => allocateWords(LISTED_WORDS)));
    if (free === undefined) return;
    this.chunks[reference >>> this.shift][reference & this.mask] = free[words];
    free[words] = reference + 1;
  }

  /** Becomes an arena whose chunks of `1 << shift` words are parts of `words`; the caller counts `liveWords`. */
  adopt(words: Words, shift: number): void {
    const size = 1 << shift;
    this.shift = shift;
    this.mask = size - 1;
    this.chunks = [];
    for (let at = 0; at < words.length; at += size) this.chunks.push(words.subarray(at, at + size));
    this.chunk = this.chunks.length - 1;
    this.position = this.chunks[this.chunk].length;
    this.capacityWords = words.length;
  }

  /** Bytes of the arrays. */
  get memoryBytes(): number {
    return (this.capacityWords + (this.#free === undefined ? 0 : LISTED_WORDS)) * 4;
  }

  #takeListed(free: Words, words: number): number {
    const reference = free[words] - 1;
    free[words] = this.chunks[reference >>> this.shift][reference & this.mask];
    this.liveWords += words;
    this.garbageWords -= words;
    return reference;
  }

  /** Makes chunk `index` at least `needed` words long, `spare` more if a chunk may have that many. */
  #lengthen(index: number, needed: number, spare: number): void {
    const old = this.chunks[index];
    const longest = Math.min(1 << this.shift, this.wordsMax - (index << this.shift));
    const chunk = allocateWords(Math.min(longest, needed + spare));
    if (old !== undefined) chunk.set(old);
    this.chunks[index] = chunk;
    this.capacityWords += chunk.length - (old?.length ?? 0);
  }

  /** Joins chunks two by two; references keep their meaning. */
  #join(): void {
    const size = 1 << this.shift;
    const joined: Words[] = [];
    let capacityWords = 0;
    for (let i = 0; i < this.chunks.length; i += 2) {
      const second = this.chunks[i + 1];
      const chunk = second === undefined ? this.chunks[i] : joinTwo(this.chunks[i], second, size);
      joined.push(chunk);
      capacityWords += chunk.length;
    }
    this.position += (this.chunk & 1) * size;
    this.chunk >>>= 1;
    this.chunks = joined;
    this.capacityWords = capacityWords;
    this.shift++;
    this.mask = (1 << this.shift) - 1;
  }
}

function joinTwo(first: Words, second: Words, size: number): Words {
  const chunk = allocateWords(size + second.length);
  chunk.set(first);
  chunk.set(second, size);
  return chunk;
}
