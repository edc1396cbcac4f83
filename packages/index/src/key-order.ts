/**
 * The order of keys: by their bytes, the shorter first where one begins the other. Keys that are stored (entry.ts) lie in
 * words, lowest byte first, so words are turned around before they are compared.
 *
 * The *head* of a key is four of its bytes as one number, zeros where it ends: two heads of the same place that differ
 * are in the order of their keys. (The "poor man's normalized key" of Graefe, "Modern B-Tree Techniques", 2011.)
 */
import type { Words } from "./allocate.ts";
import { headerWords, keyBytesAt, keyWordsFor, readKey } from "./entry.ts";
import type { Shards } from "./shards.ts";

/** Where a stored key lies; filled by `locateKey`, again and again. */
export class StoredKey {
  words: Words = NO_WORDS;
  /** The word where its entry begins, and the one where the key does. */
  entry = 0;
  at = 0;
  /** Bytes of the key. */
  length = 0;
}

const NO_WORDS: Words = new Uint32Array(0);

/** Fills `key` with the key of an entry. `reference`: the shard in the upper 8 bits, the entry in its arena below. */
export function locateKey(shards: Shards, reference: number, key: StoredKey): void {
  const { arena } = shards.at(reference >>> 24);
  const entry = reference & 0xff_ffff;
  const words = arena.chunks[entry >>> arena.shift];
  const at = entry & arena.mask;
  key.words = words;
  key.entry = at;
  key.at = at + headerWords(words, at, 0);
  key.length = keyBytesAt(words, at);
}

/** The bytes of the key, in memory of their own. */
export function bytesOf(key: StoredKey): Uint8Array {
  const bytes = new Uint8Array(key.length);
  readKey(key.words, key.at, key.length, bytes, 0);
  return bytes;
}

/** Below 0, 0 or above 0: the stored key comes before `bytes[start..end)`, is the same, or comes after it. */
export function compareKey(key: StoredKey, bytes: Uint8Array, start: number, end: number): number {
  const { words, length } = key;
  const shared = Math.min(length, end - start);
  let word = key.at;
  let at = 0;
  for (; at + 4 <= shared; at += 4) {
    const own = turned(words[word++]);
    const other = headOf(bytes, start + at, end);
    if (own !== other) return own < other ? -1 : 1;
  }
  for (let shift = 0; at < shared; at++, shift += 8) {
    const difference = ((words[word] >>> shift) & 0xff) - bytes[start + at];
    if (difference !== 0) return difference;
  }
  return length - (end - start);
}

/** As `compareKey`, of two stored keys. */
export function compareKeys(one: StoredKey, other: StoredKey): number {
  const shared = keyWordsFor(Math.min(one.length, other.length));
  for (let word = 0; word < shared; word++) {
    const [left, right] = [turned(one.words[one.at + word]), turned(other.words[other.at + word])];
    // The zeros after the end of the shorter one are below whatever the longer one has there, or the same.
    if (left !== right) return left < right ? -1 : 1;
  }
  return one.length - other.length;
}

/** How many bytes the two keys begin with that are the same. */
export function commonBytes(one: StoredKey, other: StoredKey): number {
  const most = Math.min(one.length, other.length);
  for (let word = 0; word * 4 < most; word++) {
    const difference = one.words[one.at + word] ^ other.words[other.at + word];
    // Of the lowest bit that differs: bytes are stored lowest first.
    if (difference !== 0) return Math.min(most, word * 4 + ((31 - Math.clz32(difference & -difference)) >>> 3));
  }
  return most;
}

/**
 * Below 0, 0 or above 0: `bytes[start..end)` comes before all keys that begin with the first `length` bytes of the stored
 * one, is such a key, or comes after them.
 */
export function comparePrefix(key: StoredKey, length: number, bytes: Uint8Array, start: number, end: number): number {
  const shared = Math.min(length, end - start);
  for (let at = 0; at < shared; at++) {
    const difference = bytes[start + at] - ((key.words[key.at + (at >>> 2)] >>> ((at & 3) << 3)) & 0xff);
    if (difference !== 0) return difference;
  }
  return shared - length;
}

/** The four bytes of the stored key from byte `skip` on. */
export function headAt(key: StoredKey, skip: number): number {
  const last = key.at + keyWordsFor(key.length);
  const word = key.at + (skip >>> 2);
  const shift = (skip & 3) << 3;
  const low = word < last ? key.words[word] : 0;
  if (shift === 0) return turned(low);
  const high = word + 1 < last ? key.words[word + 1] : 0;
  return turned((low >>> shift) | (high << (32 - shift)));
}

/** The four bytes from `at` on, zeros from `end` on. */
export function headOf(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  let head = 0;
  for (let i = 0; i < 4; i++) head = (head << 8) | (at + i < end ? bytes[at + i] : 0);
  return head >>> 0;
}

/** A word with its bytes in the order of their weight. */
function turned(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
