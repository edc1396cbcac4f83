/**
 * Base64 (RFC 4648, section 4: with `+`, `/` and padding) as bytes, from and into buffers: what is exported may be larger than
 * any string.
 */

/** The bytes that so many take in base64. */
export function base64Bytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** Writes `source[start..end)` in base64 into `target` from `at` on; returns where it ends there. */
export function encodeBase64(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  const whole = end - ((end - start) % 3);
  for (let from = start; from < whole; from += 3) {
    const bits = (source[from]! << 16) | (source[from + 1]! << 8) | source[from + 2]!;
    target[to] = CHARACTERS[bits >> 18]!;
    target[to + 1] = CHARACTERS[(bits >> 12) & 63]!;
    target[to + 2] = CHARACTERS[(bits >> 6) & 63]!;
    target[to + 3] = CHARACTERS[bits & 63]!;
    to += 4;
  }
  if (whole === end) return to;
  const hasTwo = end - whole === 2;
  const bits = (source[whole]! << 16) | (hasTwo ? source[whole + 1]! << 8 : 0);
  target[to] = CHARACTERS[bits >> 18]!;
  target[to + 1] = CHARACTERS[(bits >> 12) & 63]!;
  target[to + 2] = hasTwo ? CHARACTERS[(bits >> 6) & 63]! : PADDING;
  target[to + 3] = PADDING;
  return to + 4;
}

/**
 * The bytes of which `source[start..end)` is the base64, or `undefined` if it is none: another character, padding that is
 * missing or too much, bits behind the last byte that are not zero.
 */
export function decodeBase64(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
  if ((end - start) % 4 !== 0) return undefined;
  let padding = 0;
  while (padding < 2 && end - padding > start && source[end - padding - 1] === PADDING) padding += 1;
  const target = new Uint8Array(((end - start) / 4) * 3 - padding);
  let to = 0;
  for (let from = start; from < end; from += 4) {
    const isLast = from + 4 === end;
    const third = isLast && padding === 2 ? 0 : VALUES[source[from + 2]!]!;
    const fourth = isLast && padding > 0 ? 0 : VALUES[source[from + 3]!]!;
    const bits = (VALUES[source[from]!]! << 18) | (VALUES[source[from + 1]!]! << 12) | (third << 6) | fourth;
    // That of anything else is negative, and so is what it is part of.
    if (bits < 0) return undefined;
    if (isLast && (bits & BITS_BEHIND[padding]!) !== 0) return undefined;
    target[to] = bits >> 16;
    if (to + 1 < target.length) target[to + 1] = bits >> 8;
    if (to + 2 < target.length) target[to + 2] = bits;
    to += 3;
  }
  return target;
}

const PADDING = 0x3d;
const CHARACTERS = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
/** What each character stands for; of what is none, -1. */
const VALUES = new Int8Array(256).fill(-1);
for (const [value, character] of CHARACTERS.entries()) VALUES[character] = value;
/** The bits that no byte has, by how much padding there is. */
const BITS_BEHIND = [0, 0xff, 0xffff];
