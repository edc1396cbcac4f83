import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError, placeMask, placeOf } from "../src/index.ts";

const anyIdentity = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyU32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("A place has the identity's halves", () => {
  expect(placeOf(0x0123_4567_89ab_cdefn)).toEqual({
    identity: 0x0123_4567_89ab_cdefn,
    low: 0x89ab_cdef,
    high: 0x0123_4567,
  });
});

test("An identity outside of 64 bits is refused", () => {
  for (const identity of [-1n, 2n ** 64n]) {
    expect(() => placeOf(identity)).toThrow(FormatError);
    expect(() => placeOf(identity)).toThrow("identity must be in [0, 2^64)");
  }
  expect(placeOf(2n ** 64n - 1n)).toMatchObject({ low: 2 ** 32 - 1, high: 2 ** 32 - 1 });
});

test("A mask is an unsigned 32-bit integer", () => {
  fc.assert(
    fc.property(anyIdentity, anyU32, (identity, offset) => {
      const mask = placeMask(placeOf(identity), offset);
      expect(mask).toBe(mask >>> 0);
    }),
  );
});

test("Two offsets of one file never have the same mask", () => {
  fc.assert(
    fc.property(anyIdentity, anyU32, anyU32, (identity, a, b) => {
      fc.pre(a !== b);
      expect(placeMask(placeOf(identity), a)).not.toBe(placeMask(placeOf(identity), b));
    }),
  );
  const place = placeOf(0x5eed_5eed_5eed_5eedn);
  expect(new Set(Array.from({ length: 100_000 }, (_, offset) => placeMask(place, offset))).size).toBe(100_000);
});

test("Identities that differ in one half never have the same mask at the same offset", () => {
  fc.assert(
    fc.property(anyU32, anyU32, anyU32, anyU32, (low, high, other, offset) => {
      const place = (h: number, l: number) => placeOf((BigInt(h) << 32n) | BigInt(l));
      fc.pre(other !== low && other !== high);
      expect(placeMask(place(high, other), offset)).not.toBe(placeMask(place(high, low), offset));
      expect(placeMask(place(other, low), offset)).not.toBe(placeMask(place(high, low), offset));
    }),
  );
});

test("Flipping any bit of identity or offset flips about half of the mask's bits", () => {
  const flips: number[] = [];
  for (let bit = 0; bit < 96; bit++) {
    let total = 0;
    for (let sample = 0; sample < 64; sample++) {
      const identity = (BigInt(sample) * 0x9e37_79b9_7f4a_7c15n) & (2n ** 64n - 1n);
      const offset = Math.imul(sample, 0x2545_f491) >>> 0;
      const otherIdentity = bit < 64 ? identity ^ (1n << BigInt(bit)) : identity;
      const otherOffset = bit < 64 ? offset : (offset ^ (1 << (bit - 64))) >>> 0;
      total += bitCount(placeMask(placeOf(identity), offset) ^ placeMask(placeOf(otherIdentity), otherOffset));
    }
    flips.push(total / 64);
  }
  expect(Math.min(...flips)).toBeGreaterThan(8);
  expect(Math.max(...flips)).toBeLessThan(24);
});

function bitCount(value: number): number {
  let count = 0;
  for (let bits = value >>> 0; bits !== 0; bits &= bits - 1) count++;
  return count;
}
