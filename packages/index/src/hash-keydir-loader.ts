/**
 * Loading from records in any order. Entries keep the sequence of their record beside the key, and a deleted key keeps
 * an entry with the absent mark, so that an older put that comes later does not bring it back: the outcome depends on
 * the sequences alone. `finish` lays out every shard anew without both, some at a time: loading takes eight to seventeen
 * bytes a key more than what it leaves.
 */
import { checkKey, checkLocation, checkSequence } from "./checks.ts";
import { ABSENT_SLOT, headerWords, keyBytesAt, keyWordsFor, segmentSlotAt } from "./entry.ts";
import { IndexError } from "./errors.ts";
import type { KeydirLoader, RecordLocation } from "./keydir.ts";
import { keepNewest, SEQUENCE_WORDS } from "./newest.ts";
import { copyEntry } from "./copy-entry.ts";
import { Shard } from "./shard.ts";
import { emptySlot } from "./slots.ts";
import { SHARD_COUNT, Shards } from "./shards.ts";

/** How many slots one call of `finish` looks at, about. */
const PIECE_SLOTS = 8192;

const ABSENT: Readonly<RecordLocation> = { segmentSlot: ABSENT_SLOT, offset: 0, valueBytes: 0, expiresAtMs: 0 };

export class HashKeydirLoader implements KeydirLoader {
  readonly #onFinish: (shards: Shards, size: number) => void;
  readonly #loading: Shards;
  /** From the first call of `finish` on: the shards before `#shard` are laid out anew here. */
  #loaded: Shards | undefined;
  #shard = 0;
  #size = 0;
  #isDone = false;

  constructor(hashKey: Uint8Array, onFinish: (shards: Shards, size: number) => void) {
    this.#loading = new Shards(hashKey, SEQUENCE_WORDS);
    this.#onFinish = onFinish;
  }

  put(bytes: Uint8Array, start: number, end: number, sequence: number, location: Readonly<RecordLocation>): void {
    checkLocation(location);
    checkKey(bytes, start, end);
    checkSequence(sequence);
    keepNewest(this.#open(), bytes, start, end, sequence, location);
  }

  delete(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    checkKey(bytes, start, end);
    checkSequence(sequence);
    keepNewest(this.#open(), bytes, start, end, sequence, ABSENT);
  }

  finish(): boolean {
    if (this.#isDone) throw new IndexError("INDEX_CLOSED", "the loading is finished");
    this.#loaded ??= new Shards(this.#loading.hashKey);
    let looked = 0;
    while (this.#shard < SHARD_COUNT && looked < PIECE_SLOTS) {
      const source = this.#loading.at(this.#shard);
      looked += source.slots.length;
      if (source.count > 0) this.#settle(source, this.#loaded);
      this.#shard++;
    }
    this.#isDone = this.#shard === SHARD_COUNT;
    if (this.#isDone) this.#onFinish(this.#loaded, this.#size);
    return this.#isDone;
  }

  #settle(source: Shard, loaded: Shards): void {
    const shard = settled(source);
    loaded.set(this.#shard, shard);
    this.#loading.set(this.#shard, new Shard());
    this.#size += shard.count;
  }

  #open(): Shards {
    if (this.#loaded === undefined) return this.#loading;
    throw new IndexError("INDEX_CLOSED", "the loading is finished");
  }
}

/** The same keys without sequences, and without those that were deleted. */
function settled(source: Shard): Shard {
  const { count, words } = measure(source);
  const shard = new Shard(count, words, 0);
  const { slots, arena } = source;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i];
    if (slot === 0) continue;
    const reference = (slot >>> 8) - 1;
    if (segmentSlotAt(arena.chunks[reference >>> arena.shift], reference & arena.mask) === ABSENT_SLOT) continue;
    const target = copyEntry(arena, reference, SEQUENCE_WORDS, shard.arena, 0);
    shard.slots[emptySlot(shard.slots, source.placeOf(slot))] = ((target + 1) << 8) | (slot & 0xff);
  }
  shard.count = count;
  return shard;
}

/** How many keys are left of a loaded shard, and how many words their entries take. */
function measure(source: Shard): { count: number; words: number } {
  const { slots, arena } = source;
  let count = 0;
  let words = 0;
  for (let i = 0; i < slots.length; i++) {
    if (slots[i] === 0) continue;
    const reference = (slots[i] >>> 8) - 1;
    const chunk = arena.chunks[reference >>> arena.shift];
    const at = reference & arena.mask;
    if (segmentSlotAt(chunk, at) === ABSENT_SLOT) continue;
    count++;
    words += headerWords(chunk, at, 0) + keyWordsFor(keyBytesAt(chunk, at));
  }
  return { count, words };
}
