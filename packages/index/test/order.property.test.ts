import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NODE_ENTRIES } from "../src/order-nodes.ts";
import { Order, orderReference } from "../src/order.ts";
import { PLACE_BITS, PLACES } from "../src/slots.ts";
import { Shards } from "../src/shards.ts";
import { checkOrder } from "./order-invariants.ts";

const NOWHERE = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

/** Shards whose keys are kept in order, as the keydir keeps them. */
class Ordered {
  readonly shards: Shards = new Shards(new Uint8Array(16));
  readonly order: Order = new Order(this.shards);
  readonly keys: Set<string> = new Set();

  constructor() {
    this.shards.watch((shard) => ({
      moved: (before, after) => this.order.moved(orderReference(shard, before), orderReference(shard, after)),
      rebuilt: (before) => this.order.rebuilt(shard, before),
    }));
  }

  put(name: string, expiresAtMs = 0): void {
    const { bytes, shard, place, index } = this.#locate(name);
    if (index >= 0) {
      this.shards.own(shard).replace(index, { ...NOWHERE, expiresAtMs });
      return;
    }
    expect(this.order.makeRoom(bytes, 0, bytes.length)).toBe(true);
    const reference = this.shards.own(shard).insert(index, place, bytes, 0, bytes.length, { ...NOWHERE, expiresAtMs });
    this.order.place(orderReference(shard, reference));
    this.keys.add(name);
  }

  delete(name: string): void {
    const { bytes, shard, index } = this.#locate(name);
    this.order.remove(bytes, 0, bytes.length);
    if (index >= 0) this.shards.own(shard).remove(index);
    this.keys.delete(name);
  }

  check(): void {
    expect(checkOrder(this.order)).toEqual([...this.keys].toSorted());
  }

  #locate(name: string): { bytes: Uint8Array; shard: number; place: number; index: number } {
    const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
    const hash = this.shards.hash(bytes, 0, bytes.length);
    const [shard, place] = [hash >>> PLACE_BITS, hash & (PLACES - 1)];
    return { bytes, shard, place, index: this.shards.at(shard).locate(place, bytes, 0, bytes.length) };
  }
}

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
      ordered.check();
      for (let number = 0; number < 10_007; number += 2) ordered.delete(nameOf(number));
      ordered.check();
      for (const number of scattered(10_007)) {
        if (number % 16 !== 1) ordered.delete(nameOf(number));
      }
      ordered.check();
      for (const name of [...ordered.keys]) ordered.delete(name);
      ordered.check();
      expect([ordered.order.height, ordered.order.nodes.length]).toEqual([1, 1]);
      ordered.put("again");
      ordered.check();
    },
  );

  test("of keys that are appended is full, of keys before all others nearly so", () => {
    for (const [count, nameOf, most] of [
      [20_000, (i: number) => String(i).padStart(8, "0"), 1.02],
      [20_000, (i: number) => String(99_999_999 - i), 1.5],
    ] as const) {
      const ordered = new Ordered();
      for (let i = 0; i < count; i++) ordered.put(nameOf(i));
      ordered.check();
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
    ordered.check();
  });

  test("follows its entries where they go: to a longer header, and to a shard that is laid out anew", () => {
    const ordered = new Ordered();
    for (let i = 0; i < 3000; i++) ordered.put(`key ${i}`);
    for (let i = 0; i < 3000; i += 2) ordered.put(`key ${i}`, 12_345);
    ordered.check();
    for (let i = 0; i < 3000; i += 3) ordered.put(`key ${i}`);
    for (let i = 0; i < 3000; i++) if (i % 10 > 0) ordered.delete(`key ${i}`);
    ordered.check();
    for (let shard = 0; shard < 256; shard++) ordered.shards.own(shard).rebuild(ordered.shards.at(shard).slots.length);
    ordered.check();
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
      ordered.check();
    }),
    { numRuns: 60 },
  );
});
