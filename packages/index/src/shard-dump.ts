/**
 * A shard as raw bytes, in the machine's own byte order: its slots and its entries as they lie in memory, so that
 * loading one is adopting a buffer and one look at every entry.
 *
 * ```
 *  word 0 magic (tells another byte order too) | 1 shard | 2 keys | 3 slots | 4 chunk shift | 5 words of the arena
 *  6..7 zero | slots | arena
 * ```
 *
 * Entries are laid out in the order of their slots, each one right after the last or at the beginning of the next chunk.
 * So a walk over the slots proves that every reference is one of an entry, that no two entries overlap and that nothing
 * reaches beyond the buffer; with an empty slot left no later search can fail to end. Empty shards have eight words.
 */
import { KEY_BYTES_MAX } from "@hashlog/format";
import { allocateWords, type Words } from "./allocate.ts";
import { SHIFT_MIN } from "./arena.ts";
import {
  ABSENT_SLOT,
  entryWords,
  headerWords,
  isShort,
  keyBytesAt,
  readKey,
  segmentSlotAt,
  shortEntryWords,
} from "./entry.ts";
import { IndexError } from "./errors.ts";
import { Shard } from "./shard.ts";
import { PLACE_BITS, PLACES } from "./slots.ts";
import type { Shards } from "./shards.ts";

/** What a checkpoint says it holds; to be changed with anything here or in entry.ts. */
export const DUMP_LAYOUT = "hashlog-hash-keydir-1";

const MAGIC = 0x4b_44_31_0a;
const HEADER_WORDS = 8;

/**
 * A copy of the shard.
 * @throws IndexError `INDEX_FULL` if there is no memory for it
 */
export function dumpOf(index: number, shard: Shard): Uint8Array {
  const { arena, count } = shard;
  const { slots, arenaWords } = layOut(shard);
  const dump = allocateWords(HEADER_WORDS + slots.length + arenaWords);
  dump.set([MAGIC, index, count, slots.length, arena.shift, arenaWords]);
  dump.set(slots, HEADER_WORDS);
  const entries = HEADER_WORDS + slots.length;
  for (let i = 0; i < slots.length; i++) {
    if (slots[i] === 0) continue;
    const source = (shard.slots[i] >>> 8) - 1;
    const words = arena.chunks[source >>> arena.shift];
    const at = source & arena.mask;
    const target = entries + (slots[i] >>> 8) - 1;
    const length = entryWords(words, at, 0);
    for (let word = 0; word < length; word++) dump[target + word] = words[at + word];
  }
  return new Uint8Array(dump.buffer);
}

/**
 * The shard that `bytes` are a dump of; keeps them.
 * @throws IndexError `INDEX_BAD_DUMP`
 */
export function shardOf(index: number, bytes: Uint8Array, shards: Shards): Shard {
  const dump = wordsOf(bytes);
  if (dump.length < HEADER_WORDS || dump[0] !== MAGIC) throw badDump("it does not begin as one");
  const [, dumpedIndex, count, slots, shift, arenaWords] = dump;
  if (dumpedIndex !== index) throw badDump(`it is of shard ${dumpedIndex}`);
  if (dump.length !== HEADER_WORDS + slots + arenaWords) throw badDump("its length is not what its header says");
  const shard = new Shard(0, 0, 0);
  if (count === 0 && slots === 0 && arenaWords === 0) return shard;
  if (count === 0 || count >= slots || arenaWords === 0 || shift < SHIFT_MIN || shift > PLACE_BITS) {
    throw badDump("its header is impossible");
  }
  shard.slots = dump.subarray(HEADER_WORDS, HEADER_WORDS + slots);
  const entries = dump.subarray(HEADER_WORDS + slots);
  shard.arena.adopt(entries, shift);
  shard.adopted = true;
  checkEntries(shard, entries);
  if (shard.count !== count) throw badDump("its number of keys is not what its header says");
  checkOneHash(index, shard, shards);
  return shard;
}

/** The slots with every entry's place in the dump, and the words of all entries there. */
function layOut(shard: Shard): { slots: Words; arenaWords: number } {
  const { arena } = shard;
  const slots = allocateWords(shard.count === 0 ? 0 : shard.slots.length);
  let end = 0;
  for (let i = 0; i < slots.length; i++) {
    const slot = shard.slots[i];
    if (slot === 0) continue;
    const reference = (slot >>> 8) - 1;
    const length = entryWords(arena.chunks[reference >>> arena.shift], reference & arena.mask, 0);
    const place = fits(end, length, arena.shift) ? end : nextChunk(end, arena.shift);
    slots[i] = ((place + 1) << 8) | (slot & 0xff);
    end = place + length;
  }
  // Only where the order of insertion had filled the chunks of an almost full shard better than that of the slots.
  if (end > arena.wordsMax) throw new IndexError("INDEX_FULL", "the entries of a shard do not fit in a dump");
  return { slots, arenaWords: end };
}

/**
 * Walks over the slots as described above; throws unless everything is in its place, and counts the keys. `entries` is the
 * arena in one piece, in which references are indexes: the walk is most of what opening a store by a checkpoint does besides
 * reading it.
 */
function checkEntries(shard: Shard, entries: Words): void {
  const { slots, arena } = shard;
  const { shift, mask } = arena;
  const words = entries.length;
  let end = 0;
  let liveWords = 0;
  let count = 0;
  for (let i = 0; i < slots.length; i++) {
    if (slots[i] === 0) continue;
    const at = (slots[i] >>> 8) - 1;
    // The shortest entry has three words; a long one is asked for its fourth only if there is one.
    if (at < 0 || at + 3 > words) throw badDump(`slot ${i} refers beyond the end`);
    if (segmentSlotAt(entries, at) === ABSENT_SLOT) throw badDump(`the entry of slot ${i} is none of a record`);
    const length = isShort(entries, at) ? shortEntryWords(entries, at) : checkedWords(entries, at, i);
    if (at + length > words || (at & mask) + length > mask + 1) throw badDump(`the entry of slot ${i} is cut off`);
    if (at !== (fits(end, length, shift) ? end : nextChunk(end, shift))) {
      throw badDump(`the entry of slot ${i} is not where it should be`);
    }
    end = at + length;
    liveWords += length;
    count++;
  }
  if (end !== words) throw badDump("there is something after its last entry");
  arena.liveWords = liveWords;
  shard.count = count;
}

/** The words of an entry that is not short. */
function checkedWords(entries: Words, at: number, slot: number): number {
  if (at + headerWords(entries, at, 0) > entries.length) throw badDump(`the entry of slot ${slot} is cut off`);
  if (keyBytesAt(entries, at) > KEY_BYTES_MAX) throw badDump(`the key of slot ${slot} is too long`);
  return entryWords(entries, at, 0);
}

/** The dump of another store, with another hash key, is told by the first key. */
function checkOneHash(index: number, shard: Shard, shards: Shards): void {
  const slot = shard.slots.find((candidate) => candidate !== 0)!;
  const words = shard.arena.chunks[0];
  const key = new Uint8Array(keyBytesAt(words, 0));
  readKey(words, headerWords(words, 0, 0), key.length, key, 0);
  const hash = shards.hash(key, 0, key.length);
  if (hash >>> PLACE_BITS !== index || (hash & (PLACES - 1)) !== shard.placeOf(slot)) {
    throw badDump("its keys have other hashes");
  }
}

/** `bytes` as words: themselves if they are a whole buffer, else a copy. */
function wordsOf(bytes: Uint8Array): Words {
  if (bytes.length % 4 !== 0) throw badDump("its length is not a multiple of four");
  const whole = bytes.length === bytes.buffer.byteLength;
  return new Uint32Array(whole ? bytes.buffer : new Uint8Array(bytes).buffer);
}

function fits(position: number, words: number, shift: number): boolean {
  return (position & ((1 << shift) - 1)) + words <= 1 << shift;
}

function nextChunk(position: number, shift: number): number {
  return ((position >>> shift) + 1) << shift;
}

function badDump(reason: string): IndexError {
  return new IndexError("INDEX_BAD_DUMP", `not a dump of this shard: ${reason}`);
}
