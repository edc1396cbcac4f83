/**
 * Little-endian integers in byte arrays, in plain byte arithmetic: the hot paths must not make a DataView for each call,
 * and the cold ones need no second way.
 *
 * Integers above 32 bits are JS numbers where the format bounds them by 2^53 - 1. Reading one that is larger gives a
 * number above `Number.MAX_SAFE_INTEGER` (rounded), so that one comparison afterwards finds it. Nothing here checks
 * that the bytes lie inside of the array; the callers have done so.
 */

const TWO_32 = 0x1_0000_0000;

export function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export function readU56(bytes: Uint8Array, at: number): number {
  return (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16)) * TWO_32 + readU32(bytes, at);
}

/** `value` is a safe integer, 0 or more. */
export function writeU56(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value >>> 0);
  const high = (value / TWO_32) | 0;
  bytes[at + 4] = high;
  bytes[at + 5] = high >>> 8;
  bytes[at + 6] = high >>> 16;
}

export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + 4) * TWO_32 + readU32(bytes, at);
}

/** `value` is a safe integer, 0 or more. */
export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value >>> 0);
  writeU32(bytes, at + 4, (value / TWO_32) | 0);
}

/** A 64-bit identity, of which every bit counts. */
export function readBig64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readU32(bytes, at + 4)) << 32n) | BigInt(readU32(bytes, at));
}

/** `value` is in `[0, 2^64)`. */
export function writeBig64(bytes: Uint8Array, at: number, value: bigint): void {
  writeU32(bytes, at, Number(value & 0xffff_ffffn));
  writeU32(bytes, at + 4, Number(value >> 32n));
}

export function readBig128(bytes: Uint8Array, at: number): bigint {
  return (readBig64(bytes, at + 8) << 64n) | readBig64(bytes, at);
}

/** `value` is in `[0, 2^128)`. */
export function writeBig128(bytes: Uint8Array, at: number, value: bigint): void {
  writeBig64(bytes, at, value & 0xffff_ffff_ffff_ffffn);
  writeBig64(bytes, at + 8, value >> 64n);
}
