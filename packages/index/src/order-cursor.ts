/** Goes from key to key of an order, in both directions. Good as long as the order does not change. */
import type { Order } from "./order.ts";

export class OrderCursor {
  readonly #order: Order;
  /** The way to where it is; the leaf first. */
  readonly #path: number[];
  readonly #at: number[];
  /** The reference of the key at which it is; -1 beyond the last one, and before the first one. */
  reference = -1;

  /** Of the first key that is not before `from`; where it goes backward, of the last key before `from`. `undefined`: no bound. */
  constructor(order: Order, from: Uint8Array | undefined, isBackward: boolean) {
    this.#order = order;
    if (from !== undefined) order.search(from, 0, from.length);
    else if (isBackward) order.searchEnd();
    else order.search(NOTHING, 0, 0);
    this.#path = order.path.slice(0, order.height);
    this.#at = order.at.slice(0, order.height);
    if (isBackward) this.previous();
    else this.#read(this.#at[0] < order.nodes.count(this.#path[0]) || this.#turn(1));
  }

  next(): void {
    this.#at[0]++;
    this.#read(this.#at[0] < this.#order.nodes.count(this.#path[0]) || this.#turn(1));
  }

  previous(): void {
    this.#at[0]--;
    this.#read(this.#at[0] >= 0 || this.#turn(-1));
  }

  #read(isThere: boolean): void {
    this.reference = isThere ? this.#order.nodes.child(this.#path[0], this.#at[0]) : -1;
  }

  /** To the first key of the next leaf, or to the last one of the leaf before. Returns whether there is such a leaf. */
  #turn(direction: 1 | -1): boolean {
    const { nodes, height } = this.#order;
    for (let level = 1; level < height; level++) {
      const index = this.#at[level] + direction;
      if (index < 0 || index >= nodes.count(this.#path[level])) continue;
      this.#at[level] = index;
      for (let below = level - 1; below >= 0; below--) {
        const node = nodes.child(this.#path[below + 1], this.#at[below + 1]);
        this.#path[below] = node;
        this.#at[below] = direction === 1 ? 0 : nodes.count(node) - 1;
      }
      return true;
    }
    return false;
  }
}

const NOTHING = new Uint8Array(0);
