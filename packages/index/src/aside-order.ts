/**
 * What a view has put aside, in order: from the view's first cursor on. What was aside before is put in order a piece at a
 * time, so that no page takes longer the more of it there is.
 */
import { bytesOf, locateKey, StoredKey } from "./key-order.ts";
import { Order, orderReference } from "./order.ts";
import { scanPlaces, slicePlaces } from "./shard-scan.ts";
import { SHARD_COUNT, type Shards } from "./shards.ts";
import { PLACES } from "./slots.ts";

/** How many entries one step looks at, about: a millisecond's work. One with a long key counts as several. */
const STEP_ENTRIES = 512;

export class AsideOrder {
  readonly order: Order;
  readonly #aside: Shards;
  /** What comes before this is in order. */
  #shard = 0;
  #place = 0;

  constructor(aside: Shards) {
    this.#aside = aside;
    this.order = new Order(aside);
  }

  /**
   * Puts a piece of what was aside in order. Returns whether all of it is.
   * @throws IndexError `INDEX_FULL`; it may be called again
   */
  step(): boolean {
    let looked = 0;
    while (this.#shard < SHARD_COUNT && looked < STEP_ENTRIES) looked += this.#addSlice();
    return this.#shard === SHARD_COUNT;
  }

  #addSlice(): number {
    const shard = this.#aside.at(this.#shard);
    const to = Math.min(PLACES, this.#place + slicePlaces(shard, STEP_ENTRIES));
    let looked = 0;
    scanPlaces(shard, this.#place, to, (_place, _words, _at, entry) => {
      this.#add(orderReference(this.#shard, entry));
      looked += 1 + (KEY.length >>> 8);
    });
    this.#place = to === PLACES ? 0 : to;
    if (to === PLACES) this.#shard++;
    return looked;
  }

  /** Puts an entry in order that may be so already: what is put aside meanwhile is put in order at once. */
  #add(reference: number): void {
    locateKey(this.#aside, reference, KEY);
    const bytes = bytesOf(KEY);
    if (this.order.makeRoom(bytes, 0, bytes.length)) this.order.place(reference);
  }
}

// One for all, as all methods are synchronous.
const KEY = new StoredKey();
