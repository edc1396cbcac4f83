import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NODE_ENTRIES } from "../src/order-nodes.ts";
import { checkOrder } from "./order-invariants.ts";
import { Ordered } from "./ordered.ts";

/** Numbers in an order that has nothing to do with their size. */
function* scattered(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield (i * 7919 + 13) % count;
}

describe("an order", () => {
  const shapes: Record<string, (number: number) => string> = {
    "decimal numbers": (number) => String(number).padStart(16, "0"),
    "numbers behind a long prefix": (number) => `${"a/long/path/".repeat(20)}${number}`,
    "binary numbers, the lowest byte first": (number) => String.fromCharCode(number & 0xff, number >>> 8, 0, 7),
    "keys that begin each other": (number) => "k".repeat(number % 300) + String(number),
  };

  test.each(Object.entries(shapes))(
    "of %s is what it should be, filled in any order and emptied in another",
    (_, nameOf) => {
      const ordered = new Ordered();
      for (const number of scattered(10_007)) ordered.put(nameOf(number));
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      for (let number = 0; number < 10_007; number += 2) ordered.delete(nameOf(number));
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      for (const number of scattered(10_007)) {
        if (number % 16 !== 1) ordered.delete(nameOf(number));
      }
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      for (const name of [...ordered.keys]) ordered.delete(name);
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      expect([ordered.order.height, ordered.order.nodes.length]).toEqual([1, 1]);
      ordered.put("again");
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
    },
  );

  test("of keys that are appended is full, of keys before all others nearly so", () => {
    for (const [count, nameOf, most] of [
      [20_000, (i: number) => String(i).padStart(8, "0"), 1.02],
      [20_000, (i: number) => String(99_999_999 - i), 1.5],
    ] as const) {
      const ordered = new Ordered();
      for (let i = 0; i < count; i++) ordered.put(nameOf(i));
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      expect(ordered.order.nodes.length).toBeLessThan((count / NODE_ENTRIES) * most + 4);
    }
  });

  test("of keys that come and go at random takes at most 12 bytes a key", () => {
    const ordered = new Ordered();
    for (const number of scattered(30_011)) ordered.put(`key ${number}`);
    expect(ordered.order.memoryBytes / ordered.order.count).toBeLessThan(12);
    for (const number of scattered(30_011)) if (number % 3 > 0) ordered.delete(`key ${number}`);
    expect(ordered.order.memoryBytes / ordered.order.count).toBeLessThan(14);
    for (const number of scattered(20_011)) ordered.put(`other ${number}`);
    expect(ordered.order.memoryBytes / ordered.order.count).toBeLessThan(12);
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
  });

  test("follows its entries where they go: to a longer header, and to a shard that is laid out anew", () => {
    const ordered = new Ordered();
    for (let i = 0; i < 3000; i++) ordered.put(`key ${i}`);
    for (let i = 0; i < 3000; i += 2) ordered.put(`key ${i}`, 12_345);
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
    for (let i = 0; i < 3000; i += 3) ordered.put(`key ${i}`);
    for (let i = 0; i < 3000; i++) if (i % 10 > 0) ordered.delete(`key ${i}`);
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
    for (let shard = 0; shard < 256; shard++) ordered.shards.own(shard).rebuild(ordered.shards.at(shard).slots.length);
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
  });
});

const piece = fc.constantFrom("", "\0", "a", "b", "\xff", "prefix", "p");
const name = fc.oneof(
  fc.tuple(piece, piece, fc.nat({ max: 400 })).map(([one, other, number]) => one + other + String(number)),
  fc.nat({ max: 2000 }).map((number) => `prefix${String(number).padStart(6, "0")}`),
);
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant("put" as const), fc.array(name, { minLength: 1, maxLength: 80 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("delete" as const), fc.array(name, { minLength: 1, maxLength: 80 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("expire" as const), fc.array(name, { minLength: 1, maxLength: 20 })) },
);

test("an order holds all its invariants after any puts and deletes", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const ordered = new Ordered();
      for (const [what, names] of operations) {
        for (const one of names) {
          if (what === "delete") ordered.delete(one);
          else ordered.put(one, what === "expire" ? 7 : 0);
        }
      }
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
    }),
    { numRuns: 60 },
  );
});
