import { describe, expect, test, vi } from "vitest";
import { IndexError } from "@hashlog/index";
import { NODE_ENTRIES } from "../src/order-nodes.ts";
import { checkOrder } from "./order-invariants.ts";
import { Ordered } from "./ordered.ts";

const nameOf = (number: number): string => String(number).padStart(6, "0");

/** How many keys each leaf has, in order; of an order in which all is as it has to be. */
function leavesOf({ order, sorted }: Ordered): number[] {
  expect(checkOrder(order)).toEqual(sorted);
  const { nodes, root, height } = order;
  let level = [root];
  for (let above = height - 1; above > 0; above--) {
    level = level.flatMap((node) => Array.from({ length: nodes.count(node) }, (_, index) => nodes.child(node, index)));
  }
  return level.map((node) => nodes.count(node));
}

/** Of keys that are put each behind all others: where a leaf is full the last one goes into a leaf of its own. */
const APPENDED = NODE_ENTRIES - 1;

/** So many full leaves, and one with so many keys. */
function filled(full: number, last: number): Ordered {
  const ordered = new Ordered();
  for (let number = 0; number < full * APPENDED + last; number++) ordered.put(nameOf(number));
  for (let leaf = 0; leaf < full; leaf++) ordered.put(`${nameOf(leaf * APPENDED + 100)}+`);
  expect(leavesOf(ordered)).toEqual([...Array.from({ length: full }, () => NODE_ENTRIES), last]);
  return ordered;
}

function fourLeaves(last: number): Ordered {
  return filled(3, last);
}

/** Four leaves of which all are full but the second one, which has room for what the last one has too much. */
function lastIsFull(): Ordered {
  const ordered = fourLeaves(APPENDED);
  ordered.put(`${nameOf(3 * APPENDED + 100)}+`);
  remove(ordered, APPENDED + 3, 39);
  return ordered;
}

function remove(ordered: Ordered, from: number, count: number): void {
  for (let number = from; number < from + count; number++) ordered.delete(nameOf(number));
}

function keysOf(ordered: Ordered, leaf: number): string[] {
  const leaves = leavesOf(ordered);
  const from = leaves.slice(0, leaf).reduce((sum, keys) => sum + keys, 0);
  return ordered.sorted.slice(from, from + leaves[leaf]!);
}

/** In the second leaf of four. */
const AMONG = `${nameOf(APPENDED + 60)}+`;

describe("a leaf that is full", () => {
  test("shares with its neighbours as long as 114 are left to each on average", () => {
    const ordered = fourLeaves(50);
    remove(ordered, 3, 39);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES - 39, NODE_ENTRIES, NODE_ENTRIES, 50]);
    ordered.put(AMONG);
    // The key comes to where the others have gone before.
    expect(leavesOf(ordered)).toEqual([114, 115, 114, 50]);
  });

  test("becomes one of four with its two neighbours, where more would be left", () => {
    const ordered = fourLeaves(50);
    remove(ordered, 3, 38);
    ordered.put(AMONG);
    expect(leavesOf(ordered)).toEqual([85, 87, 86, 86, 50]);
  });

  test("shares with the two before it, where it is the last, and no key is put behind all others", () => {
    const ordered = lastIsFull();
    ordered.put(`${nameOf(3 * APPENDED + 60)}+`);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, 114, 114, 115]);
  });

  test("stays so, but for its last key, where one is put behind all others", () => {
    const ordered = lastIsFull();
    ordered.put("z");
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, NODE_ENTRIES - 39, NODE_ENTRIES, NODE_ENTRIES - 1, 2]);
  });
});

describe("leaves of which keys go", () => {
  test("are joined, four to three, when 122 keys would be in each, and a leaf has fewer than 110", () => {
    const ordered = fourLeaves(4);
    remove(ordered, APPENDED, 18);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, 109, NODE_ENTRIES, 4]);
    remove(ordered, APPENDED + 18, 1);
    expect(leavesOf(ordered)).toEqual([122, 122, 122]);
  });

  test("are not joined while they have 110 or more, though their neighbours have few", () => {
    const ordered = fourLeaves(4);
    remove(ordered, 3, 15);
    remove(ordered, APPENDED, 15);
    expect(leavesOf(ordered)).toEqual([112, 112, NODE_ENTRIES, 4]);
  });

  test("are joined to as few as hold them, whichever was made first", () => {
    const ordered = filled(6, 50);
    // A leaf that is made last, behind the third one, and then as full as all.
    ordered.put(AMONG);
    const isFull = (place: number): boolean => leavesOf(ordered)[place] === NODE_ENTRIES;
    for (let place = 0; place < 4; place++) {
      const names = keysOf(ordered, place);
      for (let i = 0; !isFull(place); i++) ordered.put(`${names[i]}++`);
    }
    const full = NODE_ENTRIES;
    expect(leavesOf(ordered)).toEqual([full, full, full, full, full, full, full, 50]);
    for (const place of [1, 3]) for (const name of keysOf(ordered, place).slice(4)) ordered.delete(name);
    const names = keysOf(ordered, 2);
    for (const name of names.slice(109)) ordered.delete(name);
    expect(leavesOf(ordered)).toEqual([full, 4, 109, 4, full, full, full, 50]);
    ordered.delete(names[0]!);
    expect(leavesOf(ordered)).toEqual([full, 121, 122, full, full, 50]);
  });

  test("are looked at with every fourth of them", () => {
    const ordered = fourLeaves(5);
    remove(ordered, APPENDED, 22);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, 105, NODE_ENTRIES, 5]);
    remove(ordered, APPENDED + 22, 1);
    expect(leavesOf(ordered)).toEqual([121, 121, 121]);
  });

  test("are joined with the three before them, where they are the last", () => {
    const ordered = filled(4, 20);
    for (const leaf of [2, 3]) remove(ordered, leaf * APPENDED, NODE_ENTRIES - 110);
    remove(ordered, 4 * APPENDED, 3);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, NODE_ENTRIES, 110, 110, 17]);
    remove(ordered, 4 * APPENDED + 3, 1);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, 121, 121, 121]);
  });

  test("go with their last key, however full their neighbours are", () => {
    const ordered = fourLeaves(APPENDED);
    const { nodes } = ordered.order;
    const nodesBefore = nodes.length;
    for (const name of ordered.sorted.slice(NODE_ENTRIES, 2 * NODE_ENTRIES - 1)) ordered.delete(name);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, 1, NODE_ENTRIES, APPENDED]);
    ordered.delete(ordered.sorted[NODE_ENTRIES]!);
    expect(leavesOf(ordered)).toEqual([126, 127, 127]);
    expect(nodes.length).toBe(nodesBefore - 1);
  });
});

describe("an order", () => {
  test("has no root above a single leaf, and nodes without gaps", () => {
    const ordered = filled(2, 40);
    expect(ordered.order.height).toBe(2);
    for (let number = 0; ordered.order.height > 1; number++) {
      ordered.delete(nameOf(number));
      expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
    }
    expect(leavesOf(ordered)).toEqual([ordered.order.count]);
    expect(ordered.order.count).toBeGreaterThan(100);
    expect(ordered.order.nodes.length).toBe(1);
    ordered.put("again");
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
  });

  test("of three levels knows all first keys, also where a leaf goes that was the first of many", () => {
    // As many leaves as fit below a node, and some of the next one.
    const first = APPENDED * APPENDED;
    // The first key of the leaf behind the one that goes is 016010: a head of four digits tells it from the one before.
    const name = (number: number): string => nameOf(number + 8);
    const ordered = new Ordered();
    for (let number = 0; number < first + 3 * APPENDED; number++) ordered.put(name(number));
    const { order } = ordered;
    expect([order.height, order.nodes.count(order.root)]).toEqual([3, 2]);
    expect(order.nodes.count(order.nodes.child(order.root, 1))).toBe(3);
    for (let number = first; number < first + APPENDED + 3; number++) {
      ordered.delete(name(number));
      if (number % 25 === 0 || number === first || number >= first + APPENDED - 2) {
        expect(checkOrder(order)).toEqual(ordered.sorted);
      }
    }
    ordered.put(`${name(first - 1)}+`);
    expect(checkOrder(order)).toEqual(ordered.sorted);
    for (let number = first + 3 * APPENDED - 1; order.height > 2; number--) ordered.delete(name(number));
    expect(checkOrder(order)).toEqual(ordered.sorted);
  });

  test("takes a key once", () => {
    const ordered = filled(1, 3);
    const key = new TextEncoder().encode(nameOf(100));
    expect(ordered.order.makeRoom(key, 0, key.length)).toBe(false);
    expect(leavesOf(ordered)).toEqual([NODE_ENTRIES, 3]);
  });

  test("whose root has a single child, as memory ended before there was a second one, is emptied as any other", () => {
    const ordered = new Ordered();
    for (let number = 0; number < NODE_ENTRIES; number++) ordered.put(nameOf(number));
    const { nodes } = ordered.order;
    // For the root there is enough, and not for another leaf.
    const add = nodes.add.bind(nodes);
    vi.spyOn(nodes, "add")
      .mockImplementationOnce(add)
      .mockImplementationOnce(() => {
        throw new IndexError("INDEX_FULL", "no memory");
      });
    const key = new TextEncoder().encode(AMONG);
    expect(() => ordered.order.makeRoom(key, 0, key.length)).toThrow("no memory");
    expect([ordered.order.height, nodes.count(ordered.order.root)]).toEqual([2, 1]);
    for (const name of ordered.sorted) ordered.delete(name);
    expect(leavesOf(ordered)).toEqual([0]);
    expect([ordered.order.height, ordered.order.nodes.length]).toEqual([1, 1]);
    for (let number = 0; number < 200; number++) ordered.put(nameOf(number));
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
  });

  test("follows the entries of every shard, whatever number of nodes it has, and if they are full", () => {
    const ordered = filled(31, 5);
    expect(ordered.order.nodes.length).toBe(33);
    for (const name of ordered.sorted.slice(-5)) ordered.delete(name);
    expect(ordered.order.nodes.length).toBe(32);
    for (let shard = 0; shard < 256; shard++) {
      ordered.shards.own(shard).rebuild(ordered.shards.at(shard).slots.length);
      expect(ordered.order.nodes.length).toBe(32);
    }
    expect(checkOrder(ordered.order)).toEqual(ordered.sorted);
  });
});
