import zlib from "node:zlib";
import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { builtInOf, crc32ByTables } from "../src/crc32.ts";
import { crc32 } from "../src/index.ts";
import { anyBytes, utf8 } from "./support.ts";

const byTables = (bytes: Uint8Array) => crc32ByTables(bytes, 0, bytes.length, 0);

/** Bit by bit, as the definition of the polynomial has it: the third opinion. */
function crc32BitByBit(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0xedb8_8320);
  }
  return ~crc >>> 0;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

test("The published check value of CRC-32/ISO-HDLC comes out", () => {
  expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
  expect(byTables(utf8("123456789"))).toBe(0xcbf43926);
});

test("Known values of other publications come out", () => {
  expect(crc32(new Uint8Array(0))).toBe(0);
  expect(crc32(utf8("a"))).toBe(0xe8b7be43);
  expect(crc32(utf8("abc"))).toBe(0x352441c2);
  expect(crc32(utf8("The quick brown fox jumps over the lazy dog"))).toBe(0x414fa339);
  expect(crc32(new Uint8Array(32))).toBe(0x190a55ad);
  expect(crc32(new Uint8Array(32).fill(0xff))).toBe(0xff6cab0b);
});

test("Tables, built-in and bit by bit agree at every length from 0 to 1,100", () => {
  const bytes = Uint8Array.from({ length: 1_100 }, (_, i) => (i * 167 + (i >> 3)) & 255);
  for (let length = 0; length <= bytes.length; length++) {
    const part = bytes.subarray(0, length);
    const expected = zlib.crc32(part);
    expect(crc32(part)).toBe(expected);
    expect(byTables(part)).toBe(expected);
    expect(crc32BitByBit(part)).toBe(expected);
  }
});

test("A range of a larger array gives what a copy of that range gives", () => {
  fc.assert(
    fc.property(anyBytes(2_000), fc.nat(2_000), fc.nat(2_000), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      expect(crc32(bytes, start, end)).toBe(zlib.crc32(bytes.slice(start, end)));
      expect(crc32ByTables(bytes, start, end, 0)).toBe(zlib.crc32(bytes.slice(start, end)));
    }),
  );
});

test("A checksum goes on from that of the bytes before", () => {
  fc.assert(
    fc.property(anyBytes(900), fc.nat(900), (bytes, at) => {
      const cut = Math.min(at, bytes.length);
      expect(crc32(bytes, cut, bytes.length, crc32(bytes, 0, cut))).toBe(crc32(bytes));
      expect(crc32ByTables(bytes, cut, bytes.length, crc32(bytes, 0, cut))).toBe(crc32(bytes));
    }),
  );
});

test("Any single flipped bit changes the checksum", () => {
  const bytes = Uint8Array.from({ length: 70 }, (_, i) => i * 3);
  const expected = crc32(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(crc32(bytes)).not.toBe(expected);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
});

test("Where there is no built-in one, the tables give the same checksum", async () => {
  const long = Uint8Array.from({ length: 5_000 }, (_, i) => i * 31);
  const host = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  vi.resetModules();
  const alone = await import("../src/crc32.ts");
  expect(host).toHaveBeenCalled();
  const builtIn = vi.spyOn(zlib, "crc32");
  expect(alone.crc32(long)).toBe(crc32BitByBit(long));
  expect(builtIn).not.toHaveBeenCalled();
});

test("The built-in one does what is long, and the tables what is short, wherever it lies", async () => {
  const builtIn = vi.spyOn(zlib, "crc32");
  vi.resetModules();
  const fresh = await import("../src/crc32.ts");
  const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i * 31);
  for (const start of [0, 100, 600]) {
    expect(fresh.crc32(bytes, start, start + 383)).toBe(crc32BitByBit(bytes.subarray(start, start + 383)));
    expect(builtIn).not.toHaveBeenCalled();
    expect(fresh.crc32(bytes, start, start + 384)).toBe(crc32BitByBit(bytes.subarray(start, start + 384)));
    expect(builtIn).toHaveBeenCalledOnce();
    builtIn.mockClear();
  }
});

test("The built-in one is Node's, and missing where Node is older, or is not there", () => {
  expect(builtInOf(process)).toBe(zlib.crc32);
  expect(builtInOf({})).toBeUndefined();
  expect(builtInOf(undefined)).toBeUndefined();
});
