/**
 * A range of a view, in order: the keydir's keys and those that the view has put aside, merged. Of a key that is in both,
 * what is aside counts. Between two pages both may change, so each page searches for its beginning anew.
 */
import { checkPageEntries } from "./checks.ts";
import { ABSENT_SLOT, segmentSlotAt } from "./entry.ts";
import { bytesOf, compareKey, compareKeys, locateKey, StoredKey } from "./key-order.ts";
import type { KeydirCursor, KeydirPage, KeydirRange } from "./keydir.ts";
import type { Order } from "./order.ts";
import { OrderCursor } from "./order-cursor.ts";
import { PAGE_ENTRIES, PAGE_KEY_BYTES, PageBuilder } from "./page-builder.ts";

/** The orders of a view: of what the keydir holds now, and of what the view has put aside. */
export interface ViewOrders {
  readonly live: Order;
  readonly aside: Order;
}

/**
 * How many keys a page passes by at most that are not of the view any more, or not yet: it may have fewer entries then. A long
 * key counts as several.
 */
const PASSED_MAX = PAGE_ENTRIES;

export class HashKeydirCursor implements KeydirCursor {
  readonly #orders: () => ViewOrders | undefined;
  readonly #isBackward: boolean;
  /** What is left of the range. */
  #from: Uint8Array | undefined;
  #to: Uint8Array | undefined;
  #isDone = false;

  /** `orders` gives nothing as long as they are not made yet, and goes on making them. */
  constructor(orders: () => ViewOrders | undefined, { from, to, reverse = false }: KeydirRange) {
    this.#orders = orders;
    this.#isBackward = reverse;
    this.#from = from && new Uint8Array(from);
    this.#to = to && new Uint8Array(to);
  }

  nextPage(entriesMax: number = PAGE_ENTRIES): KeydirPage | undefined {
    checkPageEntries(entriesMax);
    const orders = this.#orders();
    if (this.#isDone) return undefined;
    const page = orders === undefined ? new PageBuilder() : this.#read(orders, Math.min(entriesMax, PAGE_ENTRIES));
    // At the end an empty page says no more than none.
    return this.#isDone && page.count === 0 ? undefined : page.finish();
  }

  #read({ live, aside }: ViewOrders, entriesMax: number): PageBuilder {
    const page = new PageBuilder();
    const begin = this.#isBackward ? this.#to : this.#from;
    const mine = new Side(aside, begin, this.#isBackward);
    const theirs = new Side(live, begin, this.#isBackward);
    let passed = 0;
    let last: StoredKey | undefined;
    while (page.count < entriesMax && page.keyBytes < PAGE_KEY_BYTES && passed < PASSED_MAX) {
      const side = earlier(mine, theirs, this.#isBackward);
      if (side === undefined || this.#isBeyond(side.key)) {
        this.#isDone = true;
        return page;
      }
      last = side.key;
      if (side === mine && segmentSlotAt(last.words, last.entry) === ABSENT_SLOT) passed += 1 + (last.length >>> 8);
      else page.add(last.words, last.entry);
      side.hasRead = true;
    }
    // mark: view/range-goes-on-in-another-page
    this.#goOnAfter(bytesOf(last!));
    return page;
  }

  #isBeyond(key: StoredKey): boolean {
    const end = this.#isBackward ? this.#from : this.#to;
    if (end === undefined) return false;
    const order = compareKey(key, end, 0, end.length);
    return this.#isBackward ? order < 0 : order >= 0;
  }

  #goOnAfter(key: Uint8Array): void {
    if (this.#isBackward) {
      this.#to = key;
    } else {
      // The first key there can be after it.
      this.#from = new Uint8Array(key.length + 1);
      this.#from.set(key);
    }
  }
}

/** One of the two that are merged: where it is, and the key there. */
class Side {
  readonly key: StoredKey = new StoredKey();
  /** Whether what is at `key` has been used. */
  hasRead = false;
  readonly #order: Order;
  readonly #cursor: OrderCursor;
  readonly #isBackward: boolean;

  constructor(order: Order, begin: Uint8Array | undefined, isBackward: boolean) {
    this.#order = order;
    this.#isBackward = isBackward;
    this.#cursor = new OrderCursor(order, begin, isBackward);
    this.#locate();
  }

  get isAtEnd(): boolean {
    return this.#cursor.reference < 0;
  }

  /** Goes on from a key that was used. */
  goOn(): void {
    if (!this.hasRead) return;
    this.hasRead = false;
    if (this.#isBackward) this.#cursor.previous();
    else this.#cursor.next();
    this.#locate();
  }

  #locate(): void {
    if (!this.isAtEnd) locateKey(this.#order.shards, this.#cursor.reference, this.key);
  }
}

/** The side whose key comes first; where both have the same key, what was put aside, and the other one passes it by. */
function earlier(aside: Side, live: Side, isBackward: boolean): Side | undefined {
  aside.goOn();
  live.goOn();
  if (aside.isAtEnd) return live.isAtEnd ? undefined : live;
  if (live.isAtEnd) return aside;
  const order = compareKeys(aside.key, live.key);
  if (order === 0) live.hasRead = true;
  return order === 0 || order < 0 !== isBackward ? aside : live;
}
