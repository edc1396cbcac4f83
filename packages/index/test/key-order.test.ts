import { describe, expect, test } from "vitest";
import { commonBytes, compareKey, compareKeys, comparePrefix, headAt, locateKey, StoredKey } from "../src/key-order.ts";
import { Shards } from "../src/shards.ts";

const utf8 = new TextEncoder();

/** Stored keys, with words of ones behind each: what is read beyond a key is no zero. */
function stored(...keys: readonly string[]): StoredKey[] {
  const shards = new Shards(new Uint8Array(16));
  const shard = shards.own(0);
  const ones = { segmentSlot: 1, offset: 0xffff_ffff, valueBytes: 0, expiresAtMs: 0 };
  const references = keys.map((key, index) => {
    const bytes = utf8.encode(key);
    return shard.insert(shard.locate(index, bytes, 0, bytes.length), index, bytes, 0, bytes.length, ones);
  });
  shard.insert(shard.locate(99, utf8.encode("last"), 0, 4), 99, utf8.encode("last"), 0, 4, ones);
  return references.map((reference) => {
    const key = new StoredKey();
    locateKey(shards, reference, key);
    return key;
  });
}

const KEYS = ["", "a", "abc", "abcd", "abcd\0", "abcd\0\0\0\0", "abcde", "abcdefgh", "abcdefghi", "b"];

describe("the order of keys", () => {
  test("is that of their bytes, the shorter first, stored or not", () => {
    const all = stored(...KEYS);
    for (const [index, one] of all.entries()) {
      for (const [other, key] of KEYS.entries()) {
        const bytes = utf8.encode(`<<${key}>`);
        expect(Math.sign(compareKeys(one, all[other]))).toBe(Math.sign(index - other));
        expect(Math.sign(compareKey(one, bytes, 2, bytes.length - 1))).toBe(Math.sign(index - other));
      }
    }
  });

  test("knows how much two keys have in common", () => {
    const all = stored(...KEYS);
    const common = (one: string, other: string) => commonBytes(all[KEYS.indexOf(one)], all[KEYS.indexOf(other)]);
    expect(common("", "abc")).toBe(0);
    expect(common("a", "b")).toBe(0);
    expect(common("abc", "abcd")).toBe(3);
    expect(common("abcd", "abcdefgh")).toBe(4);
    expect(common("abcdefgh", "abcd")).toBe(4);
    expect(common("abcde", "abcd\0")).toBe(4);
    expect(common("abcdefgh", "abcdefghi")).toBe(8);
    // As far as the shorter one goes, though zeros fill it up.
    const [short, long] = stored("a", "a\0");
    expect([commonBytes(short, long), commonBytes(long, short)]).toEqual([1, 1]);
  });

  test("knows whether a key comes before, among or behind those that begin like another", () => {
    const [key] = stored("abcdefgh");
    const prefix = (length: number, text: string) => {
      const bytes = utf8.encode(`<<${text}>`);
      return Math.sign(comparePrefix(key, length, bytes, 2, bytes.length - 1));
    };
    expect([prefix(5, "abcde"), prefix(5, "abcdexyz"), prefix(0, "")]).toEqual([0, 0, 0]);
    expect([prefix(5, "abcd"), prefix(5, "abcda"), prefix(5, "")]).toEqual([-1, -1, -1]);
    expect([prefix(5, "abcdf"), prefix(5, "b")]).toEqual([1, 1]);
    // What lies behind it is none of it.
    expect(Math.sign(comparePrefix(key, 5, utf8.encode("<<abcdz"), 2, 6))).toBe(-1);
  });

  test("goes by heads of four bytes, with zeros where the key ends", () => {
    const [four, five] = stored("abcd", "abcde");
    const heads = (key: StoredKey) => [0, 1, 3, 4, 5, 8].map((skip) => headAt(key, skip).toString(16));
    expect(heads(four)).toEqual(["61626364", "62636400", "64000000", "0", "0", "0"]);
    expect(heads(five)).toEqual(["61626364", "62636465", "64650000", "65000000", "0", "0"]);
  });
});
