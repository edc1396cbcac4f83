import { expect } from "vitest";
import { bytesOf, commonBytes, headAt, locateKey, StoredKey } from "../src/key-order.ts";
import { HEADS, NODE_ENTRIES } from "../src/order-nodes.ts";
import type { Order } from "../src/order.ts";

/** Asserts what order.ts promises of every order, and returns its keys, one character a byte, as they come. */
export function checkOrder(order: Order): string[] {
  const check = new Check(order);
  check.node(order.root, order.height - 1);
  // Collected, as an `expect` for each of thousands of entries takes seconds.
  expect(check.broken).toEqual([]);
  expect(check.nodes.size).toBe(order.nodes.length);
  expect(check.keys.length).toBe(order.count);
  expect(check.keys).toEqual(check.keys.toSorted());
  expect(new Set(check.keys).size).toBe(check.keys.length);
  return check.keys;
}

class Check {
  readonly keys: string[] = [];
  readonly nodes: Set<number> = new Set();
  readonly broken: string[] = [];
  readonly #order: Order;

  constructor(order: Order) {
    this.#order = order;
  }

  node(node: number, level: number): void {
    const { nodes, shards, root } = this.#order;
    this.#ensure(!this.nodes.has(node), `node ${node} has two parents`);
    this.nodes.add(node);
    const count = nodes.count(node);
    this.#ensure(nodes.level(node) === level, `node ${node} is at level ${level} and not at ${nodes.level(node)}`);
    this.#ensure(count <= NODE_ENTRIES, `node ${node} has ${count} entries`);
    this.#ensure(count > 0 || (node === root && level === 0), `node ${node} is empty`);
    this.#ensure(count > 1 || node !== root || level === 0, "the root has a single child");
    const [first, key] = [new StoredKey(), new StoredKey()];
    if (count > 0) locateKey(shards, this.#order.firstBelow(node, 0), first);
    const skip = nodes.skip(node);
    for (let index = 0; index < count; index++) {
      locateKey(shards, this.#order.firstBelow(node, index), key);
      this.#ensure(commonBytes(first, key) >= skip, `an entry of node ${node} has less in common than ${skip} bytes`);
      const head = nodes.words(node)[nodes.base(node) + HEADS + index];
      this.#ensure(head === headAt(key, skip), `entry ${index} of node ${node} has the head of another key`);
      if (level > 0) this.node(nodes.child(node, index), level - 1);
      else this.keys.push(String.fromCharCode(...bytesOf(key)));
    }
  }

  #ensure(condition: boolean, what: string): void {
    if (!condition) this.broken.push(what);
  }
}
