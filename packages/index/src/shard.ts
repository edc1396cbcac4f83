/**
 * One of the parts that the keydir is split into: a hash table (slots.ts) whose slots point into an arena (arena.ts) of
 * entries (entry.ts).
 *
 * ```
 *  slot    31..8 reference of the entry + 1 | 7..0 tag (the lowest 8 of the 24 hash bits);  0 = empty
 * ```
 *
 * A deletion moves later slots back, so there are no tombstones among the slots and a search ends at the first empty one.
 *
 * Invariants: at least one slot is empty (a search must end), and but for dumps from outside a seventh of them; each key
 * is in one slot; no slot between a key's home and its own is empty; `arena.liveWords` is what all entries take.
 */
import type { Words } from "./allocate.ts";
import { allocateWords, copyWords, ifThereIsMemory } from "./allocate.ts";
import { Arena, ARENA_WORDS_MAX } from "./arena.ts";
import { copyEntry } from "./copy-entry.ts";
import {
  entryWords,
  hashBitsAt,
  headerWords,
  headerWordsFor,
  keyBytesAt,
  keyEquals,
  keyWordsFor,
  readLocation,
  segmentSlotAt,
  sequenceAt,
  writeHeader,
  writeKey,
} from "./entry.ts";
import { IndexError } from "./errors.ts";
import type { RecordLocation } from "./keydir.ts";
import { closeGap, emptySlot, grownSlots, homeOf, isFull, isSparse, slotsFor } from "./slots.ts";

/** Who has to know where entries lie. References are those of the shard, without its number. */
export interface EntryMoves {
  /** One entry is about to lie elsewhere: its key can be read at the old place still. */
  moved(before: number, after: number): void;
  /** All lie elsewhere: the first word at each old place in `before` is the new one. */
  rebuilt(before: Arena): void;
}

export class Shard {
  slots: Words;
  arena: Arena;
  /** How many keys there are, those with an absent mark (see entry.ts) included. */
  count = 0;
  /** 2 while loading: entries keep the sequence of their record; else 0. */
  readonly extra: number;
  moves: EntryMoves | undefined;
  /** Whether slots and chunks are parts of one buffer that came from a dump: neither can be freed alone. */
  adopted = false;

  /** Room for `count` keys whose entries take `entryWords` words. Without room for any, nothing is allocated. */
  constructor(count = 0, entryWords = 0, extra = 0, arenaWordsMax: number = ARENA_WORDS_MAX) {
    this.slots = allocateWords(count === 0 ? 1 : slotsFor(count));
    this.arena = new Arena(entryWords, arenaWordsMax);
    this.extra = extra;
  }

  /** Bytes of the arrays; of a buffer that came from a dump all of it, as long as anything in it is used. */
  get memoryBytes(): number {
    if (!this.adopted) return this.slots.length * 4 + this.arena.memoryBytes;
    const buffers = new Set([this.slots.buffer, ...this.arena.chunks.map((chunk) => chunk.buffer)]);
    let bytes = this.arena.memoryBytes - this.arena.capacityWords * 4;
    for (const buffer of buffers) bytes += buffer.byteLength;
    return bytes;
  }

  /** The slot that holds the key, or the complement (`~`) of the empty one where the search ended. */
  locate(place: number, bytes: Uint8Array, start: number, end: number): number {
    const slots = this.slots;
    const tag = place & 0xff;
    let index = homeOf(place, slots.length);
    for (;;) {
      const slot = slots[index];
      if (slot === 0) return ~index;
      if ((slot & 0xff) === tag && this.#holds((slot >>> 8) - 1, place >>> 8, bytes, start, end)) return index;
      index++;
      if (index === slots.length) index = 0;
    }
  }

  /** Fills `location` with that of the key in slot `index`. */
  read(index: number, location: RecordLocation): void {
    const reference = (this.slots[index] >>> 8) - 1;
    readLocation(this.arena.chunks[reference >>> this.arena.shift], reference & this.arena.mask, location);
  }

  segmentSlot(index: number): number {
    const reference = (this.slots[index] >>> 8) - 1;
    return segmentSlotAt(this.arena.chunks[reference >>> this.arena.shift], reference & this.arena.mask);
  }

  /** Whether the key in slot `index` lies at exactly `expected`. */
  liesAt(index: number, expected: Readonly<RecordLocation>): boolean {
    const reference = (this.slots[index] >>> 8) - 1;
    const words = this.arena.chunks[reference >>> this.arena.shift];
    const at = reference & this.arena.mask;
    return words[at] === expected.offset && segmentSlotAt(words, at) === expected.segmentSlot;
  }

  /** The sequence of the key in slot `index`; only while loading. */
  sequence(index: number): number {
    const reference = (this.slots[index] >>> 8) - 1;
    return sequenceAt(this.arena.chunks[reference >>> this.arena.shift], reference & this.arena.mask);
  }

  /**
   * Adds a key for which `locate` just answered `absent` (a complement). Returns the reference of its entry.
   * @throws IndexError `INDEX_FULL`; nothing is changed then.
   */
  insert(
    absent: number,
    place: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    location: Readonly<RecordLocation>,
    sequence = 0,
  ): number {
    let index = ~absent;
    if (isFull(this.count, this.slots.length)) {
      this.#resizeSlots(grownSlots(this.slots.length, this.extra > 0));
      index = emptySlot(this.slots, place);
    }
    const keyBytes = end - start;
    const header = headerWordsFor(keyBytes, location.valueBytes, location.expiresAtMs, this.extra);
    const reference = this.#allocate(header + keyWordsFor(keyBytes));
    const words = this.arena.chunks[reference >>> this.arena.shift];
    const at = reference & this.arena.mask;
    writeHeader(words, at, place >>> 8, keyBytes, location, this.extra, sequence);
    writeKey(words, at + header, bytes, start, end);
    this.slots[index] = ((reference + 1) << 8) | (place & 0xff);
    this.count++;
    return reference;
  }

  /** The reference of the entry of the key in slot `index`. */
  reference(index: number): number {
    return (this.slots[index] >>> 8) - 1;
  }

  /**
   * Gives the key in slot `index` another location.
   * @throws IndexError `INDEX_FULL`; nothing is changed then.
   */
  replace(index: number, location: Readonly<RecordLocation>, sequence = 0): void {
    const { arena, extra } = this;
    let reference = (this.slots[index] >>> 8) - 1;
    const words = arena.chunks[reference >>> arena.shift];
    const at = reference & arena.mask;
    const keyBytes = keyBytesAt(words, at);
    const hashBits = hashBitsAt(words, at);
    const header = headerWordsFor(keyBytes, location.valueBytes, location.expiresAtMs, extra);
    if (header === headerWords(words, at, extra)) {
      writeHeader(words, at, hashBits, keyBytes, location, extra, sequence);
    } else {
      reference = this.#moveKey(index, header);
      const target = this.arena.chunks[reference >>> this.arena.shift];
      writeHeader(target, reference & this.arena.mask, hashBits, keyBytes, location, extra, sequence);
    }
  }

  /** Removes the key in slot `index`. */
  remove(index: number): void {
    const { arena } = this;
    const reference = (this.slots[index] >>> 8) - 1;
    arena.release(reference, entryWords(arena.chunks[reference >>> arena.shift], reference & arena.mask, this.extra));
    closeGap(this.slots, index, (slot) => this.placeOf(slot));
    this.count--;
    this.#shrink();
  }

  /** The 24 hash bits of the key in a slot whose content is `slot`. */
  placeOf(slot: number): number {
    const reference = (slot >>> 8) - 1;
    const words = this.arena.chunks[reference >>> this.arena.shift];
    return (hashBitsAt(words, reference & this.arena.mask) << 8) | (slot & 0xff);
  }

  #holds(reference: number, hashBits: number, bytes: Uint8Array, start: number, end: number): boolean {
    const words = this.arena.chunks[reference >>> this.arena.shift];
    const at = reference & this.arena.mask;
    if (hashBitsAt(words, at) !== hashBits || keyBytesAt(words, at) !== end - start) return false;
    return keyEquals(words, at + headerWords(words, at, this.extra), bytes, start, end);
  }

  /** Moves the key in slot `index` to a new entry with `header` words before the key; the caller writes those. */
  #moveKey(index: number, header: number): number {
    const before = (this.slots[index] >>> 8) - 1;
    const keyWords = keyWordsFor(keyBytesAt(this.arena.chunks[before >>> this.arena.shift], before & this.arena.mask));
    const target = this.#allocate(header + keyWords);
    // The arena may have been rebuilt just now, so where the key lies is looked up again.
    const { arena } = this;
    const source = (this.slots[index] >>> 8) - 1;
    const sourceWords = arena.chunks[source >>> arena.shift];
    const sourceAt = source & arena.mask;
    const sourceHeader = headerWords(sourceWords, sourceAt, this.extra);
    const targetKey = (target & arena.mask) + header;
    const targetWords = arena.chunks[target >>> arena.shift];
    for (let i = 0; i < keyWords; i++) targetWords[targetKey + i] = sourceWords[sourceAt + sourceHeader + i];
    this.moves?.moved(source, target);
    arena.release(source, sourceHeader + keyWords);
    this.slots[index] = ((target + 1) << 8) | (this.slots[index] & 0xff);
    return target;
  }

  /** Room for an entry: from the arena as it is, by using its garbage again, or by growing it. */
  #allocate(words: number): number {
    let reference = this.arena.take(words);
    if (reference >= 0) return reference;
    // Garbage of half a word a key (or a 32nd) is worth a walk over all entries; less is not.
    const { garbageWords, usedWords } = this.arena;
    if (garbageWords > Math.max(64, this.count >>> 1, usedWords >>> 5)) this.rebuild(this.slots.length);
    reference = this.#takeGrowing(words);
    if (reference < 0 && garbageWords > 0) {
      this.rebuild(this.slots.length);
      reference = this.#takeGrowing(words);
    }
    if (reference >= 0) return reference;
    throw new IndexError("INDEX_FULL", `a shard of the keydir is full: ${this.count} keys in ${usedWords * 4} bytes`);
  }

  #takeGrowing(words: number): number {
    const { shift } = this.arena;
    const reference = this.arena.takeGrowing(words, this.#step());
    // Joined chunks are no longer parts of a buffer that was adopted: the slots must not keep all of it alive.
    if (this.adopted && this.arena.shift !== shift) {
      this.slots = copyWords(this.slots);
      this.adopted = false;
    }
    return reference;
  }

  /**
   * Unused room at the end of the arena. A byte and a half a key is part of the budget of 24 bytes. Small arenas and
   * those of long keys get more, as they would be copied all the time: up to twice what there is, a KiB, or a 64th.
   */
  #step(): number {
    const { usedWords } = this.arena;
    return Math.max(64, (this.count * 3) >>> 3, Math.min(usedWords, Math.max(256, usedWords >>> 6)));
  }

  #resizeSlots(capacity: number): void {
    if (this.adopted) return this.rebuild(capacity);
    const before = this.slots;
    const slots = allocateWords(capacity);
    const places = allocateWords(before.length);
    // Two loops: the first waits for memory only, and for many entries at once.
    for (let i = 0; i < before.length; i++) if (before[i] !== 0) places[i] = this.placeOf(before[i]);
    for (let i = 0; i < before.length; i++) if (before[i] !== 0) slots[emptySlot(slots, places[i])] = before[i];
    this.slots = slots;
  }

  /**
   * Lays out all entries anew in the order of the slots, without the garbage, and the slots in a table of `capacity`.
   * With as many slots as before each key keeps its slot: `insert` and `replace` rely on it.
   */
  rebuild(capacity: number): void {
    const before = this.slots;
    const slots = allocateWords(capacity);
    const arena = new Arena(this.arena.liveWords, this.arena.wordsMax);
    const references = this.moves && allocateWords(before.length);
    for (let i = 0; i < before.length; i++) {
      const slot = before[i];
      if (slot === 0) continue;
      const reference = copyEntry(this.arena, (slot >>> 8) - 1, this.extra, arena, this.extra);
      const index = capacity === before.length ? i : emptySlot(slots, this.placeOf(slot));
      slots[index] = ((reference + 1) << 8) | (slot & 0xff);
      if (references !== undefined) references[i] = reference;
    }
    const old = this.arena;
    this.slots = slots;
    this.arena = arena;
    this.adopted = false;
    if (references !== undefined) this.#tellRebuilt(before, old, references);
  }

  /** Only now, as until all was copied the old arena had to stay whole. */
  #tellRebuilt(slots: Words, arena: Arena, references: Words): void {
    for (let i = 0; i < slots.length; i++) {
      const reference = (slots[i] >>> 8) - 1;
      if (slots[i] !== 0) arena.chunks[reference >>> arena.shift][reference & arena.mask] = references[i];
    }
    this.moves?.rebuilt(arena);
  }

  /** Gives memory back when a third of the arena is garbage or most slots are empty. */
  #shrink(): void {
    const { arena, slots, count } = this;
    const sparse = isSparse(count, slots.length);
    const capacity = sparse ? slotsFor(count) : slots.length;
    if (arena.garbageWords > 256 + (arena.liveWords >>> 1)) ifThereIsMemory(() => this.rebuild(capacity));
    else if (sparse) ifThereIsMemory(() => this.#resizeSlots(capacity));
  }
}
