import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HashSet } from "./hash-set.ts";

const word = fc.nat({ max: 0xffff_ffff });
/** Words that come again, that are zero, and that lie in one place of the table. */
const few = fc.constantFrom(0, 1, 2, 1024, 2048, 0x8000_0000, 0xffff_ffff);
const hashes = fc.array(fc.tuple(fc.oneof(word, few), fc.oneof(word, few)), { maxLength: 4000, size: "max" });

test("it answers as a Set of 64-bit numbers does", () => {
  fc.assert(
    fc.property(hashes, (given) => {
      const [set, expected] = [new HashSet(), new Set<bigint>()];
      const isNew = ([high, low]: readonly [number, number]): boolean => {
        const before = expected.size;
        return expected.add((BigInt(high) << 32n) | BigInt(low)).size > before;
      };
      expect(given.map(([high, low]) => set.add(high, low))).toEqual(given.map(isNew));
      expect(set.size).toBe(expected.size);
    }),
    { numRuns: 30 },
  );
});

test("a word is the same whether or not its highest bit is taken for a sign", () => {
  const set = new HashSet();
  expect(set.add(0xffff_fffe, 0x8000_0000)).toBe(true);
  expect(set.add(-2, -0x8000_0000)).toBe(false);
});

test("it holds many more than it began with", () => {
  const set = new HashSet();
  const addAll = (): number => Array.from({ length: 20_000 }, (_, one) => set.add(one % 7, one)).filter(Boolean).length;
  expect([addAll(), addAll(), set.size]).toEqual([20_000, 0, 20_000]);
});
