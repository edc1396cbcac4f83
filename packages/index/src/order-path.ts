/**
 * The tree of an order (order.ts) and a way through it from the root to a leaf, as the last search has found it.
 *
 * A search goes by heads (key-order.ts). They tell only of keys that begin with the `skip` bytes that are common to all keys
 * of the node; whether the key does is known from the node above as a rule: its head there, where it is the same as that of
 * the child, covers what the child's keys have in common besides. So a search looks at nodes, and hardly ever at a key,
 * each of which lies somewhere else in memory.
 */
import { compareKey, comparePrefix, headOf, locateKey, StoredKey } from "./key-order.ts";
import { CHILDREN, HEADS, OrderNodes, SKIP } from "./order-nodes.ts";
import type { Shards } from "./shards.ts";

export class OrderPath {
  readonly shards: Shards;
  readonly nodes: OrderNodes = new OrderNodes();
  root: number;
  /** Levels of nodes: 1 where the root is a leaf. */
  height = 1;
  /** Where the last search came by, and by which entry it went on; the leaf first. */
  readonly path: number[] = [0];
  readonly at: number[] = [0];
  /** Where the key is beside those that begin as all of the leaf do: before, 0 among, or behind them. */
  side = 0;
  /** The head of the key in the leaf, where it is among them. */
  head = 0;
  #isThere = false;

  constructor(shards: Shards) {
    this.shards = shards;
    this.root = this.nodes.add(0);
  }

  /** Goes to the first key that is not before `bytes[start..end)`; returns whether it is that. */
  search(bytes: Uint8Array, start: number, end: number): boolean {
    const leaf = this.#descend(bytes, start, end);
    this.path[0] = leaf;
    this.at[0] = this.#rank(leaf, 0, bytes, start, end);
    return this.#isThere;
  }

  /** Goes to the key, whose entry is at `reference`; returns whether it is in order. No other key is looked at for that. */
  find(bytes: Uint8Array, start: number, end: number, reference: number): boolean {
    const leaf = this.#descend(bytes, start, end);
    this.path[0] = leaf;
    if (this.side !== 0) return false;
    const words = this.nodes.words(leaf);
    const base = this.nodes.base(leaf);
    const head = headOf(bytes, start + words[base + SKIP], end);
    const count = this.nodes.count(leaf);
    let index = firstOfHead(words, base + HEADS, count, head);
    while (index < count && words[base + HEADS + index] === head) {
      if (words[base + CHILDREN + index] === reference) {
        this.at[0] = index;
        return true;
      }
      index++;
    }
    return false;
  }

  /** Goes to behind the last key. */
  searchEnd(): void {
    const { nodes } = this;
    let node = this.root;
    for (let level = this.height - 1; level > 0; level--) {
      this.path[level] = node;
      this.at[level] = nodes.count(node) - 1;
      node = nodes.child(node, this.at[level]);
    }
    this.path[0] = node;
    this.at[0] = nodes.count(node);
  }

  /** The reference of the first key below an entry of a node. */
  firstBelow(node: number, index: number): number {
    let child = this.nodes.child(node, index);
    for (let level = this.nodes.level(node); level > 0; level--) child = this.nodes.child(child, 0);
    return child;
  }

  /** Goes to the leaf of the key, and returns it. */
  #descend(bytes: Uint8Array, start: number, end: number): number {
    const { nodes, path, at } = this;
    let node = this.root;
    this.side = this.#lookAside(node, bytes, start, end);
    for (let level = this.height - 1; level > 0; level--) {
      const rank = this.#rank(node, level, bytes, start, end);
      const index = this.#isThere || rank === 0 ? rank : rank - 1;
      path[level] = node;
      at[level] = index;
      const child = nodes.child(node, index);
      this.side = this.#sideBelow(node, index, child, bytes, start, end);
      node = child;
    }
    return node;
  }

  /** The `side` of a child, from what is known at the node: the heads of the key and of the child's first one. */
  #sideBelow(node: number, index: number, child: number, bytes: Uint8Array, start: number, end: number): number {
    const { nodes } = this;
    const skip = nodes.skip(node);
    const childSkip = nodes.skip(child);
    const more = childSkip - skip;
    if (this.side === 0 && more <= HEAD_BYTES && start + childSkip <= end) {
      if (more <= 0) return 0;
      const head = headOf(bytes, start + skip, end);
      const first = nodes.head(node, index);
      if ((head ^ first) >>> ((HEAD_BYTES - more) << 3) === 0) return 0;
      return head < first ? -1 : 1;
    }
    return this.#lookAside(child, bytes, start, end);
  }

  /** The `side` of a node, from its first key. */
  #lookAside(node: number, bytes: Uint8Array, start: number, end: number): number {
    const skip = this.nodes.skip(node);
    if (skip === 0 || this.nodes.count(node) === 0) return 0;
    locateKey(this.shards, this.firstBelow(node, 0), SCRATCH);
    return comparePrefix(SCRATCH, skip, bytes, start, end);
  }

  /** How many entries of the node come before the key; sets `#isThere` if the next one is the key. */
  #rank(node: number, level: number, bytes: Uint8Array, start: number, end: number): number {
    const { nodes, side } = this;
    const count = nodes.count(node);
    this.#isThere = false;
    if (side !== 0) return side < 0 ? 0 : count;
    const words = nodes.words(node);
    const base = nodes.base(node);
    const heads = base + HEADS;
    const head = headOf(bytes, start + words[base + SKIP], end);
    this.head = head;
    let low = firstOfHead(words, heads, count, head);
    if (low === count || words[heads + low] !== head) return low;
    // Of keys with the same head only the bytes behind it tell.
    let high = low + 1;
    while (high < count && words[heads + high] === head) high++;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(node, level, middle, bytes, start, end);
      if (order === 0) {
        this.#isThere = true;
        return middle;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Below 0, 0 or above 0: the first key of an entry, whose head is that of the key, comes before the key, is it, or comes after it. */
  #compare(node: number, level: number, index: number, bytes: Uint8Array, start: number, end: number): number {
    const { nodes } = this;
    let reference = nodes.child(node, index);
    if (level > 0) {
      // The node below, to which the search goes on as a rule, knows more of the key.
      const skip = nodes.skip(reference);
      if (skip <= nodes.skip(node) + HEAD_BYTES && start + skip <= end) {
        const order = nodes.head(reference, 0) - headOf(bytes, start + skip, end);
        if (order !== 0) return order;
      }
      reference = this.firstBelow(node, index);
    }
    locateKey(this.shards, reference, SCRATCH);
    return compareKey(SCRATCH, bytes, start, end);
  }
}

/** The first of `count` ascending heads that is not below `head`. */
function firstOfHead(words: Uint32Array, heads: number, count: number, head: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (words[heads + middle] < head) low = middle + 1;
    else high = middle;
  }
  return low;
}

const HEAD_BYTES = 4;

// One for all, as all methods are synchronous.
const SCRATCH = new StoredKey();
