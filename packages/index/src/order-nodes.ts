/**
 * Memory for the nodes of an order (order.ts): 128 entries each, in chunks of 16 nodes.
 *
 * ```
 *  node     128 heads | 128 children                      (1 KiB)
 *  head     four bytes of the entry's key, after the bytes that all keys of the node begin with (`skip`)
 *  child    level 0: a reference to the key; above: the node whose first key this is
 * ```
 *
 * Nodes are numbered without gaps: the last one takes the place of one that goes.
 */
import type { Words } from "./allocate.ts";
import { allocateWords } from "./allocate.ts";

/** Entries of a node. */
export const NODE_ENTRIES = 128;

const NODE_WORDS = NODE_ENTRIES * 2;
const CHUNK_SHIFT = 4;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
const META_WORDS = 2;

export class OrderNodes {
  /** How many there are. */
  length = 0;
  readonly #chunks: Words[] = [];
  /** Two words a node: its entries and its level; its skip. */
  #meta: Words = allocateWords(META_WORDS * 4);

  get memoryBytes(): number {
    return (this.#chunks.length * (NODE_WORDS << CHUNK_SHIFT) + this.#meta.length) * 4;
  }

  /** The words in which the node lies, from `base(node)` on: its heads. */
  words(node: number): Words {
    return this.#chunks[node >>> CHUNK_SHIFT];
  }

  base(node: number): number {
    return (node & CHUNK_MASK) * NODE_WORDS;
  }

  child(node: number, index: number): number {
    return this.words(node)[this.base(node) + NODE_ENTRIES + index];
  }

  setChild(node: number, index: number, child: number): void {
    this.words(node)[this.base(node) + NODE_ENTRIES + index] = child;
  }

  setHead(node: number, index: number, head: number): void {
    this.words(node)[this.base(node) + index] = head;
  }

  count(node: number): number {
    return this.#meta[node * META_WORDS] & 0xffff;
  }

  level(node: number): number {
    return this.#meta[node * META_WORDS] >>> 16;
  }

  skip(node: number): number {
    return this.#meta[node * META_WORDS + 1];
  }

  setCount(node: number, count: number): void {
    this.#meta[node * META_WORDS] = (this.level(node) << 16) | count;
  }

  /** An inner node without entries becomes a leaf without entries. */
  becomeLeaf(node: number): void {
    this.#meta[node * META_WORDS] = 0;
  }

  setSkip(node: number, skip: number): void {
    this.#meta[node * META_WORDS + 1] = skip;
  }

  /** Makes room for an entry at `index`, which is to be filled. */
  open(node: number, index: number): void {
    const count = this.count(node);
    this.#shift(node, index, index + 1, count);
    this.setCount(node, count + 1);
  }

  /** Takes out the entry at `index`. */
  close(node: number, index: number): void {
    const count = this.count(node);
    this.#shift(node, index + 1, index, count);
    this.setCount(node, count - 1);
  }

  /** A new node without entries. @throws IndexError `INDEX_FULL`; nothing is changed then */
  add(level: number): number {
    const node = this.length;
    if (node >>> CHUNK_SHIFT === this.#chunks.length) this.#chunks.push(allocateWords(NODE_WORDS << CHUNK_SHIFT));
    if ((node + 1) * META_WORDS > this.#meta.length) {
      const meta = allocateWords(Math.ceil((this.#meta.length * 5) / 4) + META_WORDS * 4);
      meta.set(this.#meta);
      this.#meta = meta;
    }
    this.#meta[node * META_WORDS] = level << 16;
    this.#meta[node * META_WORDS + 1] = 0;
    this.length++;
    return node;
  }

  /** Frees `node`: the last one moves into its place. Whoever leads to the last one has to be told. */
  remove(node: number): void {
    const last = --this.length;
    if (node !== last) {
      this.words(node).set(this.words(last).subarray(this.base(last), this.base(last) + NODE_WORDS), this.base(node));
      this.#meta.copyWithin(node * META_WORDS, last * META_WORDS, (last + 1) * META_WORDS);
    }
    // One chunk stays in reserve, lest it come and go with every node.
    while (this.#chunks.length > (this.length >>> CHUNK_SHIFT) + 2) this.#chunks.pop();
  }

  #shift(node: number, from: number, to: number, count: number): void {
    const words = this.words(node);
    const base = this.base(node);
    words.copyWithin(base + to, base + from, base + count);
    words.copyWithin(base + NODE_ENTRIES + to, base + NODE_ENTRIES + from, base + NODE_ENTRIES + count);
  }
}
