import { CHILDREN, HEADS, type OrderNodes } from "./order-nodes.ts";

/** Entries of a few nodes of an order, one after the other, on their way into other nodes. */
export class GatheredEntries {
  count = 0;
  readonly heads: Uint32Array;
  readonly children: Uint32Array;
  /** The `skip` that each head was made with. */
  readonly skips: Uint32Array;

  constructor(entriesMax: number) {
    this.heads = new Uint32Array(entriesMax);
    this.children = new Uint32Array(entriesMax);
    this.skips = new Uint32Array(entriesMax);
  }

  add(nodes: OrderNodes, node: number): void {
    const count = nodes.count(node);
    const words = nodes.words(node);
    const base = nodes.base(node);
    this.heads.set(words.subarray(base + HEADS, base + HEADS + count), this.count);
    this.children.set(words.subarray(base + CHILDREN, base + CHILDREN + count), this.count);
    this.skips.fill(nodes.skip(node), this.count, this.count + count);
    this.count += count;
  }
}
