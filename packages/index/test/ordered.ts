import { Order, orderReference } from "../src/order.ts";
import { PLACE_BITS, PLACES } from "../src/slots.ts";
import { Shards } from "../src/shards.ts";

const NOWHERE = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

/** Shards whose keys are kept in order, as the keydir keeps them. */
export class Ordered {
  readonly shards: Shards = new Shards(new Uint8Array(16));
  readonly order: Order = new Order(this.shards);
  readonly keys: Set<string> = new Set();

  constructor() {
    this.shards.watch((shard) => ({
      moved: (before, after) => this.order.moved(orderReference(shard, before), orderReference(shard, after)),
      rebuilt: (before) => this.order.rebuilt(shard, before),
    }));
  }

  put(name: string, expiresAtMs = 0): void {
    const { bytes, shard, place, index } = this.#locate(name);
    if (index >= 0) {
      this.shards.own(shard).replace(index, { ...NOWHERE, expiresAtMs });
      return;
    }
    if (!this.order.makeRoom(bytes, 0, bytes.length)) throw new Error(`${name} is in order, and in no shard`);
    const reference = this.shards.own(shard).insert(index, place, bytes, 0, bytes.length, { ...NOWHERE, expiresAtMs });
    this.order.place(orderReference(shard, reference));
    this.keys.add(name);
  }

  delete(name: string): void {
    const { bytes, shard, index } = this.#locate(name);
    if (index >= 0) {
      const reference = this.shards.at(shard).reference(index);
      this.order.remove(bytes, 0, bytes.length, orderReference(shard, reference));
      this.shards.own(shard).remove(index);
    }
    this.keys.delete(name);
  }

  /** The keys as they have to be in order. */
  get sorted(): string[] {
    return [...this.keys].toSorted();
  }

  #locate(name: string): { bytes: Uint8Array; shard: number; place: number; index: number } {
    const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
    const hash = this.shards.hash(bytes, 0, bytes.length);
    const [shard, place] = [hash >>> PLACE_BITS, hash & (PLACES - 1)];
    return { bytes, shard, place, index: this.shards.at(shard).locate(place, bytes, 0, bytes.length) };
  }
}
