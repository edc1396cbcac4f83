/**
 * Memory for the nodes of an order (order.ts): up to 127 entries each, in chunks of 32 nodes.
 *
 * ```
 *  node     31..16 level, 15..0 entries | skip | 127 heads | 127 children      (1 KiB)
 *  skip     how many bytes all keys of the node begin with that are the same
 *  head     four bytes of the entry's key, after those
 *  child    level 0: a reference to the key; above: the node whose first key this is
 * ```
 *
 * Nodes are numbered without gaps: the last one takes the place of one that goes.
 */
import type { Words } from "./allocate.ts";
import { allocateWords } from "./allocate.ts";

/** Entries of a node. */
export const NODE_ENTRIES = 127;
/** Where a node's `skip` is, and where its heads and children begin, in words after its own beginning. */
export const SKIP = 1;
export const HEADS = 2;
export const CHILDREN: number = HEADS + NODE_ENTRIES;

const NODE_SHIFT = 8;
const CHUNK_SHIFT = 5;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
const CHUNK_WORDS = 1 << (CHUNK_SHIFT + NODE_SHIFT);

export class OrderNodes {
  /** How many there are. */
  length = 0;
  readonly #chunks: Words[] = [];

  get memoryBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length * 4, 0);
  }

  /** The words in which the node lies, from `base(node)` on. */
  words(node: number): Words {
    return this.#chunks[node >>> CHUNK_SHIFT];
  }

  base(node: number): number {
    return (node & CHUNK_MASK) << NODE_SHIFT;
  }

  child(node: number, index: number): number {
    return this.words(node)[this.base(node) + CHILDREN + index];
  }

  setChild(node: number, index: number, child: number): void {
    this.words(node)[this.base(node) + CHILDREN + index] = child;
  }

  head(node: number, index: number): number {
    return this.words(node)[this.base(node) + HEADS + index];
  }

  setHead(node: number, index: number, head: number): void {
    this.words(node)[this.base(node) + HEADS + index] = head;
  }

  count(node: number): number {
    return this.words(node)[this.base(node)] & 0xffff;
  }

  level(node: number): number {
    return this.words(node)[this.base(node)] >>> 16;
  }

  skip(node: number): number {
    return this.words(node)[this.base(node) + SKIP];
  }

  setCount(node: number, count: number): void {
    this.words(node)[this.base(node)] = (this.level(node) << 16) | count;
  }

  setSkip(node: number, skip: number): void {
    this.words(node)[this.base(node) + SKIP] = skip;
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
    const chunk = node >>> CHUNK_SHIFT;
    const needed = (this.base(node) >>> NODE_SHIFT) + 1;
    // The first chunk grows by doubling, so that a small order stays small.
    if (chunk > 0 && chunk === this.#chunks.length) this.#chunks.push(allocateWords(CHUNK_WORDS));
    else if (chunk === 0 && needed << NODE_SHIFT > (this.#chunks[0]?.length ?? 0)) this.#growFirst(needed);
    this.length++;
    this.#clear(node, level);
    return node;
  }

  /** Frees `node`: the last one moves into its place. Whoever leads to the last one has to be told. */
  remove(node: number): void {
    const last = --this.length;
    if (node !== last) {
      const base = this.base(last);
      this.words(node).set(this.words(last).subarray(base, base + (1 << NODE_SHIFT)), this.base(node));
    }
    while (this.#chunks.length > ((this.length - 1) >>> CHUNK_SHIFT) + 1) this.#chunks.pop();
  }

  #growFirst(nodes: number): void {
    const grown = allocateWords(Math.min(CHUNK_WORDS, (nodes * 2 - 1) << NODE_SHIFT));
    const [first] = this.#chunks;
    if (first !== undefined) grown.set(first);
    this.#chunks[0] = grown;
  }

  #clear(node: number, level: number): void {
    const words = this.words(node);
    words[this.base(node)] = level << 16;
    words[this.base(node) + SKIP] = 0;
  }

  #shift(node: number, from: number, to: number, count: number): void {
    const words = this.words(node);
    const heads = this.base(node) + HEADS;
    const children = this.base(node) + CHILDREN;
    words.copyWithin(heads + to, heads + from, heads + count);
    words.copyWithin(children + to, children + from, children + count);
  }
}
