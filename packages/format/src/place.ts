import { invalidArgument } from "./errors.ts";

/**
 * What binds a checksum to its place.
 *
 * A record that is read back whole may still be the wrong one: a misdirected write puts good bytes at another offset, a
 * stale block or a recycled file shows good bytes of another segment. So what is stored is never the CRC alone but
 *
 *     stored = crc32(bytes) XOR placeMask(identity of the file, offset in the file)
 *
 * The mask is a bijection of the offset for every identity, and of either half of the identity for every offset. So bytes
 * moved to any other offset of the same file never verify, and bytes of a file whose identity differs in one half only
 * never do either; otherwise the chance is 1 in 2^32. A merge moves a record by exchanging the masks, with the one CRC
 * pass that verifies it. FORMAT.md, "Checksums", is normative.
 */
export interface Place {
  /** The random 64-bit identity of the file, as its header has it. */
  readonly identity: bigint;
  readonly low: number;
  readonly high: number;
}

/**
 * The place of a file's bytes.
 * @throws FormatError `FORMAT_INVALID_ARGUMENT` if `identity` is not in `[0, 2^64)`
 */
export function placeOf(identity: bigint): Place {
  // Shifted, what is negative stays so.
  if (identity >> 64n !== 0n) throw invalidArgument("identity", "must be in [0, 2^64)", identity);
  return { identity, low: Number(identity & 0xffff_ffffn), high: Number(identity >> 32n) };
}

/**
 * The 32-bit mask of a place, unsigned. The offset counts modulo 2^32. The multipliers are an odd integer next to
 * 2^32 / golden ratio and the two of MurmurHash3's finaliser (public domain), whose shifts these are too.
 */
export function placeMask(place: Place, offset: number): number {
  let mask = Math.imul(offset, 0x9e3779b1) ^ place.low;
  mask = Math.imul(mask ^ (mask >>> 16), 0x85ebca6b) ^ place.high;
  mask = Math.imul(mask ^ (mask >>> 13), 0xc2b2ae35);
  return (mask ^ (mask >>> 16)) >>> 0;
}
