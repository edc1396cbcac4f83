import { describe, expect, test } from "vitest";
import { halfSipHash, hashKeyWords } from "../src/half-siphash.ts";

// The vectors of HalfSipHash-1-3 with 32-bit output that the Linux kernel checks its own with (lib/tests/siphash_kunit.c,
// the build for 32-bit machines): key 00 01 .. 07, message number n is 00 01 .. n-1.
const VECTORS = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6, 0x577999b1,
  0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04, 0x8b31d501, 0x2b1cd04b,
  0x06712339, 0x522aca67, 0x911bb605, 0x90a65f0e, 0xf826ef7b, 0x62512deb, 0x57150ad7, 0x5d473507, 0x1ec47442,
  0xab64afd3, 0x0a4100d0, 0x6d2ce652, 0x2331b6a3, 0x08d8791a, 0xbc6dda8d, 0xe0f6c934, 0xb0652033, 0x9b9851cc,
  0x7c46fb7f, 0x732ba8cb, 0xf142997a, 0xfcc9aa1b, 0x05327eb2, 0xe110131c, 0xf9e5e7c0, 0xa7d708a6, 0x11795ab1,
  0x65671619, 0x9f5fff91, 0xd89c5267, 0x007783eb, 0x95766243, 0xab639262, 0x9c7e1390, 0xc368dda6, 0x38ddc455,
  0xfa13d379, 0x979ea4e8, 0x53ecd77e, 0x2ee80657, 0x33dbb66a, 0xae3f0577, 0x88b4c4cc, 0x3e7f480b, 0x74c1ebf8,
  0x87178304,
];

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const MESSAGE = Uint8Array.from({ length: 64 }, (_, i) => i);

describe("HalfSipHash-1-3", () => {
  const { k0, k1 } = hashKeyWords(KEY);

  test("gives the published value for messages of 0 to 63 bytes", () => {
    const hashes = VECTORS.map((_, bytes) => halfSipHash(MESSAGE, 0, bytes, k0, k1));
    expect(hashes).toEqual(VECTORS);
  });

  test("hashes a range as it hashes the bytes of the range alone", () => {
    const around = Uint8Array.from([255, 255, 255, ...MESSAGE, 255]);
    for (let bytes = 0; bytes <= 63; bytes++) expect(halfSipHash(around, 3, 3 + bytes, k0, k1)).toBe(VECTORS[bytes]);
  });

  test("depends on both words of the key", () => {
    const hash = halfSipHash(MESSAGE, 0, 16, k0, k1);
    expect(halfSipHash(MESSAGE, 0, 16, k0 ^ 1, k1)).not.toBe(hash);
    expect(halfSipHash(MESSAGE, 0, 16, k0, k1 ^ 1)).not.toBe(hash);
  });

  test("takes the first eight bytes of a hash key, lowest first, wherever they lie in their buffer", () => {
    const shifted = Uint8Array.from([99, ...KEY]).subarray(1);
    expect(hashKeyWords(shifted)).toEqual({ k0: 0x03020100, k1: 0x07060504 });
  });
});
