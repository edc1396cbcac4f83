import { describe, expect, test } from "vitest";
import { NODE_ENTRIES } from "../src/order-nodes.ts";
import { orderReference } from "../src/order.ts";
import { PLACE_BITS, PLACES } from "../src/slots.ts";
import { checkOrder } from "./order-invariants.ts";
import { Ordered } from "./ordered.ts";

const bytesOf = (name: string): Uint8Array => Uint8Array.from(name, (character) => character.charCodeAt(0));

function referenceOf({ shards }: Ordered, name: string): number {
  const bytes = bytesOf(name);
  const hash = shards.hash(bytes, 0, bytes.length);
  const shard = shards.at(hash >>> PLACE_BITS);
  return orderReference(
    hash >>> PLACE_BITS,
    shard.reference(shard.locate(hash & (PLACES - 1), bytes, 0, bytes.length)),
  );
}

function orderedOf(names: Iterable<string>): Ordered {
  const ordered = new Ordered();
  for (const name of names) ordered.put(name);
  expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
  return ordered;
}

/** Of so many keys there are two leaves. */
const MANY = 2 * NODE_ENTRIES;

/** `count` names that begin so, of one length. */
function* numbered(prefix: string, count: number): Generator<string> {
  for (let number = 0; number < count; number++) yield prefix + String(number).padStart(4, "0");
}

describe("a key that is not in order", () => {
  test("is not taken out, whatever lies at the reference", () => {
    const ordered = orderedOf(numbered("key ", 50));
    const { order } = ordered;
    for (const name of ["a", "key", "key 0020+", "key 0050", "key 9", "z"]) {
      const bytes = bytesOf(name);
      // Of another key, and of none.
      for (const reference of [referenceOf(ordered, "key 0020"), 0xffff_ffff]) {
        order.remove(bytes, 0, bytes.length, reference);
        expect(checkOrder(order)).toEqual(ordered.sorted);
      }
    }
  });

  test("nor is one a second time, though its leaf still has its bytes behind its last key", () => {
    const ordered = orderedOf(numbered("key ", 50));
    const { order } = ordered;
    const bytes = bytesOf("key 0049");
    const reference = referenceOf(ordered, "key 0049");
    for (let time = 0; time < 3; time++) {
      order.remove(bytes, 0, bytes.length, reference);
      expect(order.count).toBe(49);
    }
    expect(checkOrder(order)).toEqual(ordered.sorted.slice(0, 49));
  });
});

describe("a search", () => {
  test("tells keys that end before what others begin with from those that have zeros there", () => {
    // The byte behind the prefix is another in each, so that a leaf has no more in common than that.
    const manyOf = (begin: string): string[] =>
      Array.from({ length: MANY }, (_, i) => begin + String.fromCharCode(i + 1));
    const neighbours = [["aa", "ac"], ["aa"], ["abc"]];
    for (const [zeros, others] of [1, 2, 3, 4, 5, 9].flatMap((count) =>
      neighbours.map((one) => [count, one] as const),
    )) {
      const prefix = `ab${"\0".repeat(zeros)}`;
      const ordered = orderedOf([prefix, ...others].flatMap(manyOf));
      expect(ordered.order.height).toBe(2);
      // The longest first, as each leaves its leaf less that is common to all.
      for (let length = prefix.length; length >= 0; length--) {
        const bytes = bytesOf(prefix.slice(0, length));
        expect(ordered.order.search(bytes, 0, bytes.length)).toBe(false);
        ordered.put(prefix.slice(0, length));
        expect(ordered.order.search(bytes, 0, bytes.length)).toBe(true);
        expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      }
      for (const name of [...ordered.keys].filter((one) => one.length <= prefix.length)) {
        ordered.delete(name);
        expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
      }
    }
  });

  test("does not look at a key that is gone where there is none left", () => {
    const ordered = orderedOf(["some key"]);
    const shard = referenceOf(ordered, "some key") >>> 24;
    ordered.delete("some key");
    // Nothing lies any more where it was.
    ordered.shards.own(shard).rebuild(1);
    for (const name of ["a", "some key", "some other"]) {
      const bytes = bytesOf(name);
      expect(ordered.order.search(bytes, 0, bytes.length)).toBe(false);
    }
    ordered.put("some other");
    expect(checkOrder(ordered.order)).toEqual(["some other"]);
  });
});
