/**
 * One key's entry in an arena, in 32-bit words. Everything about the bits of an entry is in this file.
 *
 * ```
 *  word 0   offset of the record in its segment
 *  word 1   31..16 hash bits | 15 long | 14 has expiry | 13..0 segment slot
 *  word 2   31..20 bytes of the key | 19..0 bytes of the value          (not long)
 *           bytes of the value                                          (long: key over 4,095 or value over 1 MiB - 1)
 *  [word    bytes of the key]                                           (long)
 *  [2 words expiry in milliseconds, low and high]                       (has expiry)
 *  [2 words sequence, low and high]                                     (in a shard that is being loaded)
 *  words    the key, four bytes a word, lowest byte first, the last word filled up with zeros
 * ```
 *
 * The 16 hash bits here and the 8 of the tag in the slot are all 24 bits that place a key within its shard: tables grow
 * and shrink without hashing a key again. The sequence stands beside the keys only while loading (`extra` = 2).
 */
import type { RecordLocation } from "./keydir.ts";
import { SEGMENT_SLOTS_MAX } from "./keydir.ts";
import type { Words } from "./allocate.ts";

/** The segment slot, given to no segment, that says: this key was deleted (loading), or was not there (views). */
export const ABSENT_SLOT: number = SEGMENT_SLOTS_MAX;

const SLOT_MASK = 0x3fff;
const EXPIRES = 0x4000;
const LONG = 0x8000;
const SHORT_KEY_MAX = 0xfff;
const SHORT_VALUE_MAX = 0xfffff;
const TWO_32 = 0x1_0000_0000;

/** Words before the key of an entry that is to hold this. */
export function headerWordsFor(keyBytes: number, valueBytes: number, expiresAtMs: number, extra: number): number {
  const long = keyBytes > SHORT_KEY_MAX || valueBytes > SHORT_VALUE_MAX;
  return 3 + (long ? 1 : 0) + (expiresAtMs === 0 ? 0 : 2) + extra;
}

/** Words that the key of an entry takes. */
export function keyWordsFor(keyBytes: number): number {
  return (keyBytes + 3) >>> 2;
}

/** Words before the key of the entry at `at`. */
export function headerWords(words: Words, at: number, extra: number): number {
  const meta = words[at + 1];
  return 3 + ((meta >>> 15) & 1) + ((meta >>> 13) & 2) + extra;
}

/** Bytes of the key of the entry at `at`. */
export function keyBytesAt(words: Words, at: number): number {
  return (words[at + 1] & LONG) === 0 ? words[at + 2] >>> 20 : words[at + 3];
}

/** All words of the entry at `at`. */
export function entryWords(words: Words, at: number, extra: number): number {
  return headerWords(words, at, extra) + keyWordsFor(keyBytesAt(words, at));
}

/** Whether the entry at `at` is neither long nor has an expiry, as most are: nothing of it is missing then but the key. */
export function isShort(words: Words, at: number): boolean {
  return (words[at + 1] & (LONG | EXPIRES)) === 0;
}

/** As `entryWords`, of a short entry without a sequence. */
export function shortEntryWords(words: Words, at: number): number {
  return 3 + keyWordsFor(words[at + 2] >>> 20);
}

/** The upper 16 of the 24 hash bits of the entry at `at`. */
export function hashBitsAt(words: Words, at: number): number {
  return words[at + 1] >>> 16;
}

export function segmentSlotAt(words: Words, at: number): number {
  return words[at + 1] & SLOT_MASK;
}

export function valueBytesAt(words: Words, at: number): number {
  return (words[at + 1] & LONG) === 0 ? words[at + 2] & SHORT_VALUE_MAX : words[at + 2];
}

export function hasExpiryAt(words: Words, at: number): boolean {
  return (words[at + 1] & EXPIRES) !== 0;
}

export function expiresAtMsAt(words: Words, at: number): number {
  const meta = words[at + 1];
  if ((meta & EXPIRES) === 0) return 0;
  const expiry = at + 3 + ((meta >>> 15) & 1);
  return words[expiry] + words[expiry + 1] * TWO_32;
}

export function sequenceAt(words: Words, at: number): number {
  const sequence = at + headerWords(words, at, 0);
  return words[sequence] + words[sequence + 1] * TWO_32;
}

/** Fills `location` with what the entry at `at` says. */
export function readLocation(words: Words, at: number, location: RecordLocation): void {
  location.segmentSlot = segmentSlotAt(words, at);
  location.offset = words[at];
  location.valueBytes = valueBytesAt(words, at);
  location.expiresAtMs = expiresAtMsAt(words, at);
}

/** Writes everything of an entry but its key. `extra` is 0, or 2 for a sequence. */
export function writeHeader(
  words: Words,
  at: number,
  hashBits: number,
  keyBytes: number,
  location: Readonly<RecordLocation>,
  extra: number,
  sequence: number,
): void {
  const { valueBytes, expiresAtMs } = location;
  let meta = (hashBits << 16) | location.segmentSlot;
  let next = at + 3;
  words[at] = location.offset;
  if (keyBytes > SHORT_KEY_MAX || valueBytes > SHORT_VALUE_MAX) {
    meta |= LONG;
    words[at + 2] = valueBytes;
    words[next++] = keyBytes;
  } else {
    words[at + 2] = (keyBytes << 20) | valueBytes;
  }
  if (expiresAtMs !== 0) {
    meta |= EXPIRES;
    words[next++] = expiresAtMs % TWO_32;
    words[next++] = expiresAtMs / TWO_32;
  }
  words[at + 1] = meta;
  if (extra !== 0) {
    words[next++] = sequence % TWO_32;
    words[next] = sequence / TWO_32;
  }
}

/** Writes the key `bytes[start..end)` into the words from `at`. */
export function writeKey(words: Words, at: number, bytes: Uint8Array, start: number, end: number): void {
  const wordsEnd = start + ((end - start) & ~3);
  let source = start;
  let target = at;
  for (; source < wordsEnd; source += 4) words[target++] = wordOf(bytes, source);
  if (source < end) words[target] = lastWordOf(bytes, source, end);
}

/** Whether the words from `at` hold the key `bytes[start..end)`, whose length is known to be theirs. */
export function keyEquals(words: Words, at: number, bytes: Uint8Array, start: number, end: number): boolean {
  const wordsEnd = start + ((end - start) & ~3);
  let source = start;
  let target = at;
  // Word by word: 27 ns instead of 36 for a 16-byte key compared byte by byte, arithmetic included.
  for (; source < wordsEnd; source += 4) {
    if ((words[target++] | 0) !== wordOf(bytes, source)) return false;
  }
  return source === end || (words[target] | 0) === lastWordOf(bytes, source, end);
}

/** Writes the key that lies in the words from `at` to `target[targetAt..targetAt + keyBytes)`. */
export function readKey(words: Words, at: number, keyBytes: number, target: Uint8Array, targetAt: number): void {
  const end = targetAt + keyBytes;
  let word = at;
  let to = targetAt;
  for (; to + 4 <= end; to += 4) {
    const four = words[word++];
    target[to] = four;
    target[to + 1] = four >>> 8;
    target[to + 2] = four >>> 16;
    target[to + 3] = four >>> 24;
  }
  for (let shift = 0; to < end; shift += 8) target[to++] = words[word] >>> shift;
}

function wordOf(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function lastWordOf(bytes: Uint8Array, at: number, end: number): number {
  let word = bytes[at];
  if (at + 1 < end) word |= bytes[at + 1] << 8;
  if (at + 2 < end) word |= bytes[at + 2] << 16;
  return word;
}
