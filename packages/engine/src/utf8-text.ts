/**
 * Bytes as the inside of a JSON string, without ever making a string of them: what is exported may be longer than any. What
 * is valid UTF-8 goes there and back again unchanged, and nothing else does.
 */

/** Whether `bytes[start..end)` is valid UTF-8: no overlong form, no surrogate, nothing above U+10FFFF, none cut off. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const first = bytes[at]!;
    if (first < 0x80) {
      at += 1;
      continue;
    }
    const length = lengthOf(first);
    if (length === 0 || at + length > end) return false;
    const second = bytes[at + 1]!;
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let next = 2; next < length; next += 1) if (!isContinuation(bytes[at + next]!)) return false;
    at += length;
  }
  return true;
}

/** The last place up to `end` where a character ends; `bytes` is valid UTF-8. */
export function endOfCharacters(bytes: Uint8Array, end: number): number {
  let cut = end;
  while (cut < bytes.length && isContinuation(bytes[cut]!)) cut -= 1;
  return cut;
}

/** The most bytes into which `escapeUtf8` makes one. */
export const ESCAPED_BYTES_MAX = 6;

/**
 * Writes `source[start..end)`, whole characters of valid UTF-8, as the inside of a JSON string into `target` from `at` on; returns where
 * it ends there. Besides what JSON demands, it escapes what some tool takes for the end of a line (U+0085, U+2028, U+2029), and
 * U+FEFF, which many drop.
 */
export function escapeUtf8(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  for (let from = start; from < end; from += 1) {
    const byte = source[from]!;
    const escape = ESCAPES[byte]!;
    if (escape === AS_IT_IS) {
      target[to] = byte;
      to += 1;
    } else if (escape === BY_NUMBER) {
      to = writeNumber(byte, target, to);
    } else if (escape !== PERHAPS) {
      target[to] = BACKSLASH;
      target[to + 1] = escape;
      to += 2;
    } else {
      const code = byte === 0xc2 ? twoBytes(source, from) : threeBytes(source, from);
      if (UNWELCOME.has(code)) {
        to = writeNumber(code, target, to);
        from += byte === 0xc2 ? 1 : 2;
      } else {
        target[to] = byte;
        to += 1;
      }
    }
  }
  return to;
}

/**
 * Writes the inside of a JSON string, `source[start..end)`, without its escapes into `target` from `at` on; returns where it ends
 * there, or -1 if an escape is none, or one of a surrogate without its partner. Never longer than `source` is.
 */
export function unescapeUtf8(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  for (let from = start; from < end;) {
    if (source[from] !== BACKSLASH) {
      target[to] = source[from]!;
      to += 1;
      from += 1;
      continue;
    }
    const letter = source[from + 1] ?? 0;
    if (letter !== LETTER_U) {
      const byte = from + 1 < end ? MEANINGS[letter]! : NONE;
      if (byte === NONE) return -1;
      target[to] = byte;
      to += 1;
      from += 2;
      continue;
    }
    let code = fourDigits(source, from + 2, end);
    from += 6;
    if (code >= 0xd800 && code <= 0xdbff) {
      const low = source[from] === BACKSLASH && source[from + 1] === LETTER_U ? fourDigits(source, from + 2, end) : -1;
      if (low < 0xdc00 || low > 0xdfff) return -1;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      from += 6;
    } else if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return -1;
    to = writeCharacter(code, target, to);
  }
  return to;
}

/** How many bytes a character has that begins with that one; 0: none does. */
function lengthOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function twoBytes(source: Uint8Array, at: number): number {
  return ((source[at]! & 0x1f) << 6) | (source[at + 1]! & 0x3f);
}

function threeBytes(source: Uint8Array, at: number): number {
  return ((source[at]! & 0x0f) << 12) | ((source[at + 1]! & 0x3f) << 6) | (source[at + 2]! & 0x3f);
}

function writeNumber(code: number, target: Uint8Array, at: number): number {
  target[at] = BACKSLASH;
  target[at + 1] = LETTER_U;
  for (let digit = 0; digit < 4; digit += 1) target[at + 2 + digit] = DIGITS[(code >> (12 - digit * 4)) & 15]!;
  return at + 6;
}

function writeCharacter(code: number, target: Uint8Array, at: number): number {
  if (code < 0x80) {
    target[at] = code;
    return at + 1;
  }
  const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  target[at] = FIRST_BYTES[more]! | (code >> (more * 6));
  for (let next = 1; next <= more; next += 1) target[at + next] = 0x80 | ((code >> ((more - next) * 6)) & 0x3f);
  return at + more + 1;
}

/** The number of four hexadecimal digits, or -1. */
function fourDigits(source: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  let code = 0;
  for (let digit = at; digit < at + 4; digit += 1) code = (code << 4) | HEXADECIMAL[source[digit]!]!;
  return code;
}

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const FIRST_BYTES = [0, 0xc0, 0xe0, 0xf0];
const DIGITS = new TextEncoder().encode("0123456789abcdef");
const UNWELCOME: ReadonlySet<number> = new Set([0x85, 0x2028, 0x2029, 0xfeff]);

/** What becomes of each byte: the letter behind a backslash, or one of these. */
const ESCAPES = new Uint8Array(256);
const AS_IT_IS = 0;
const BY_NUMBER = 1;
/** It may be the first one of an unwelcome character. */
const PERHAPS = 2;
ESCAPES.fill(BY_NUMBER, 0, 0x20);
for (const first of [0xc2, 0xe2, 0xef]) ESCAPES[first] = PERHAPS;

/** What a letter stands for behind a backslash; `NONE`: nothing. */
const MEANINGS = new Int16Array(256);
const NONE = -1;
MEANINGS.fill(NONE);
for (const [index, letter] of new TextEncoder().encode('"\\/bfnrt').entries()) {
  const byte = '"\\/\b\f\n\r\t'.charCodeAt(index);
  MEANINGS[letter] = byte;
  // A slash is as good without.
  if (byte !== 0x2f) ESCAPES[byte] = letter;
}

/** What each digit stands for; of what is none, a negative number, and so is what it is part of. */
const HEXADECIMAL = new Int8Array(256).fill(-1);
for (const [value, digit] of DIGITS.entries()) {
  HEXADECIMAL[digit] = value;
  HEXADECIMAL[String.fromCharCode(digit).toUpperCase().charCodeAt(0)] = value;
}
