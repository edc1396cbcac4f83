/**
 * All keys as of one moment. A view copies nothing when it is opened: before the keydir changes a key for the first time
 * since, it puts the key's old location aside here (or the mark that there was none). What is aside hides what the
 * keydir says. Both are read together, by scans and in order by cursors.
 */
import { AsideOrder } from "./aside-order.ts";
import { checkKey } from "./checks.ts";
import { ABSENT_SLOT } from "./entry.ts";
import { IndexError } from "./errors.ts";
import { HashKeydirCursor, type ViewOrders } from "./hash-keydir-cursor.ts";
import { HashKeydirScan } from "./hash-keydir-scan.ts";
import type { KeydirCursor, KeydirRange, KeydirScan, KeydirView, RecordLocation } from "./keydir.ts";
import { type Order, orderReference } from "./order.ts";
import { PLACE_BITS, PLACES } from "./slots.ts";
import { Shards } from "./shards.ts";

const ABSENT: Readonly<RecordLocation> = { segmentSlot: ABSENT_SLOT, offset: 0, valueBytes: 0, expiresAtMs: 0 };

export class HashKeydirView implements KeydirView {
  readonly size: number;
  readonly #shards: Shards;
  readonly #host: ViewHost;
  #aside: Shards | undefined;
  /** From the first cursor on. */
  #asideOrder: AsideOrder | undefined;

  constructor(shards: Shards, size: number, host: ViewHost) {
    this.#shards = shards;
    this.#aside = new Shards(shards.hashKey);
    this.size = size;
    this.#host = host;
  }

  get memoryBytes(): number {
    return this.#open().memoryBytes + (this.#asideOrder?.order.memoryBytes ?? 0);
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    checkKey(bytes, start, end);
    const aside = this.#open();
    const hash = this.#shards.hash(bytes, start, end);
    const place = hash & (PLACES - 1);
    const asideShard = aside.at(hash >>> PLACE_BITS);
    const asideIndex = asideShard.locate(place, bytes, start, end);
    if (asideIndex >= 0) {
      if (asideShard.segmentSlot(asideIndex) === ABSENT_SLOT) return false;
      // mark: view/place-that-was-put-aside
      asideShard.read(asideIndex, found);
      return true;
    }
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(place, bytes, start, end);
    if (index < 0) return false;
    shard.read(index, found);
    return true;
  }

  openScan(): KeydirScan {
    this.#open();
    return new HashKeydirScan(this.#shards, () => this.#open());
  }

  openCursor(range: KeydirRange = {}): KeydirCursor {
    this.#open();
    this.#live();
    return new HashKeydirCursor(() => this.#orders(), range);
  }

  close(): void {
    if (this.#aside === undefined) return;
    this.#aside = undefined;
    this.#asideOrder = undefined;
    this.#host.closed(this);
  }

  /** The keydir is about to change a key with hash `hash`, whose slot is `index` (a complement: it is not there). */
  putAside(hash: number, index: number, bytes: Uint8Array, start: number, end: number): void {
    const aside = this.#open().own(hash >>> PLACE_BITS);
    const place = hash & (PLACES - 1);
    const absent = aside.locate(place, bytes, start, end);
    if (absent >= 0) return;
    const order = this.#asideOrder?.order;
    order?.makeRoom(bytes, start, end);
    const location = { ...ABSENT };
    if (index >= 0) this.#shards.at(hash >>> PLACE_BITS).read(index, location);
    const reference = aside.insert(absent, place, bytes, start, end, location);
    order?.place(orderReference(hash >>> PLACE_BITS, reference));
  }

  /** `undefined` as long as what is aside is not in order yet: a piece of it was put so then. @throws IndexError */
  #orders(): ViewOrders | undefined {
    const aside = this.#open();
    const live = this.#live();
    // What is aside never moves, as none of it is ever removed.
    this.#asideOrder ??= new AsideOrder(aside);
    if (!this.#asideOrder.step()) {
      // mark: view/aside-put-in-order-later
      return undefined;
    }
    return { live, aside: this.#asideOrder.order };
  }

  #live(): Order {
    const { order } = this.#host;
    if (order === undefined) throw new IndexError("INDEX_NOT_ORDERED", "the keys of the keydir are not in order");
    return order;
  }

  #open(): Shards {
    if (this.#aside !== undefined) return this.#aside;
    throw new IndexError("INDEX_CLOSED", "the view is closed");
  }
}

/** What a view needs of its keydir. */
export interface ViewHost {
  /** Of all keys of the keydir, once they are in order. */
  readonly order: Order | undefined;
  closed(view: HashKeydirView): void;
}
