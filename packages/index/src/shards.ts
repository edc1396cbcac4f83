/**
 * The 256 shards of a keydir (or of what a view has put aside, or of a loader) with the hash that spreads keys over
 * them. A shard is made when its first key comes, so that a small store stays small.
 */
import { hashKeyWords, halfSipHash } from "./half-siphash.ts";
import { Shard, type EntryMoves } from "./shard.ts";

/** How many shards there are: the upper 8 bits of a key's hash. */
export const SHARD_COUNT = 256;

const NO_KEYS = new Shard();
const NONE: readonly Shard[] = Array.from({ length: SHARD_COUNT }, () => NO_KEYS);

export class Shards {
  readonly hashKey: Uint8Array;
  readonly extra: number;
  readonly #list: Shard[];
  #movesOf: ((index: number) => EntryMoves) | undefined;
  readonly #k0: number;
  readonly #k1: number;

  constructor(hashKey: Uint8Array, extra = 0) {
    const { k0, k1 } = hashKeyWords(hashKey);
    this.hashKey = hashKey;
    this.extra = extra;
    this.#k0 = k0;
    this.#k1 = k1;
    this.#list = NONE.slice();
  }

  /** 32 bits: the upper 8 choose the shard, the lower 24 the place in it. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    return halfSipHash(bytes, start, end, this.#k0, this.#k1);
  }

  /** The shard, to look at only: those without a key are one and the same. */
  at(index: number): Shard {
    return this.#list[index];
  }

  /** The shard, to change. */
  own(index: number): Shard {
    const shard = this.#list[index];
    if (shard !== NO_KEYS) return shard;
    const made = new Shard(0, 0, this.extra);
    made.moves = this.#movesOf?.(index);
    return (this.#list[index] = made);
  }

  /** Puts another shard in its place. */
  set(index: number, shard: Shard): void {
    shard.moves = this.#movesOf?.(index);
    this.#list[index] = shard;
  }

  /** From now on the shards tell what `movesOf` gives for each where entries lie; `undefined`: nobody. */
  watch(movesOf: ((index: number) => EntryMoves) | undefined): void {
    this.#movesOf = movesOf;
    for (const [index, shard] of this.#list.entries()) if (shard !== NO_KEYS) shard.moves = movesOf?.(index);
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const shard of this.#list) if (shard !== NO_KEYS) bytes += shard.memoryBytes;
    return bytes;
  }
}
