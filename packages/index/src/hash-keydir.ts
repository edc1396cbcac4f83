/**
 * The keydir in flat typed arrays: 256 hash tables (shard.ts) whose entries (entry.ts) lie in arenas (arena.ts). This
 * file only routes: from a key to its shard, and past the open views, which are told what is about to change.
 */
import { recordBytes } from "@hashlog/format";
import { checkHashKey, checkKey, checkLocation } from "./checks.ts";
import { expiresAtMsAt, hasExpiryAt, keyBytesAt, segmentSlotAt, valueBytesAt } from "./entry.ts";
import { IndexError } from "./errors.ts";
import { HashKeydirView } from "./hash-keydir-view.ts";
import { HashKeydirLoader } from "./hash-keydir-loader.ts";
import { HashKeydirOrdering } from "./hash-keydir-ordering.ts";
import type {
  Keydir,
  KeydirFactory,
  KeydirLoader,
  KeydirOrdering,
  KeydirView,
  RecordLocation,
  SlotTally,
} from "./keydir.ts";
import { Order, orderReference } from "./order.ts";
import { PLACE_BITS, PLACES } from "./slots.ts";
import { DUMP_LAYOUT, dumpOf, shardOf } from "./shard-dump.ts";
import { SHARD_COUNT, Shards } from "./shards.ts";

const PLACE_MASK = PLACES - 1;

const OLD: RecordLocation = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };

/** Makes a keydir of this package: pure TypeScript, all in typed arrays, at most 24 bytes a key besides the key. */
export const hashKeydir: KeydirFactory = ({ hashKey }) => new HashKeydir(hashKey);

class HashKeydir implements Keydir {
  readonly layout: string = DUMP_LAYOUT;
  readonly shardCount: number = SHARD_COUNT;
  size = 0;
  #shards: Shards;
  #views: HashKeydirView[] = [];
  #loading = false;
  /** Of what is in order so far. */
  #order: Order | undefined;
  #ordering: HashKeydirOrdering | undefined;

  constructor(hashKey: Uint8Array) {
    checkHashKey(hashKey);
    this.#shards = new Shards(new Uint8Array(hashKey));
  }

  get memoryBytes(): number {
    let bytes = this.#shards.memoryBytes;
    for (const view of this.#views) bytes += view.memoryBytes;
    return bytes + (this.#order?.memoryBytes ?? 0);
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    checkKey(bytes, start, end);
    const hash = this.#shards.hash(bytes, start, end);
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(hash & PLACE_MASK, bytes, start, end);
    if (index < 0) return false;
    shard.read(index, found);
    return true;
  }

  put(
    bytes: Uint8Array,
    start: number,
    end: number,
    location: Readonly<RecordLocation>,
    replaced: RecordLocation,
  ): boolean {
    checkKey(bytes, start, end);
    checkLocation(location);
    const hash = this.#shards.hash(bytes, start, end);
    const shard = this.#shards.own(hash >>> PLACE_BITS);
    const index = shard.locate(hash & PLACE_MASK, bytes, start, end);
    if (this.#views.length !== 0) this.#putAside(hash, index, bytes, start, end);
    if (index < 0) {
      this.#order?.makeRoom(bytes, start, end);
      const reference = shard.insert(index, hash & PLACE_MASK, bytes, start, end, location);
      this.#order?.place(orderReference(hash >>> PLACE_BITS, reference));
      this.size++;
      return false;
    }
    // By way of a third object, so that `replaced` may be the caller's `location`.
    shard.read(index, OLD);
    shard.replace(index, location);
    replaced.segmentSlot = OLD.segmentSlot;
    replaced.offset = OLD.offset;
    replaced.valueBytes = OLD.valueBytes;
    replaced.expiresAtMs = OLD.expiresAtMs;
    return true;
  }

  delete(bytes: Uint8Array, start: number, end: number, removed: RecordLocation): boolean {
    checkKey(bytes, start, end);
    const hash = this.#shards.hash(bytes, start, end);
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(hash & PLACE_MASK, bytes, start, end);
    if (index < 0) return false;
    if (this.#views.length !== 0) this.#putAside(hash, index, bytes, start, end);
    shard.read(index, removed);
    this.#order?.remove(bytes, start, end, orderReference(hash >>> PLACE_BITS, shard.reference(index)));
    shard.remove(index);
    this.size--;
    return true;
  }

  relocate(
    bytes: Uint8Array,
    start: number,
    end: number,
    expected: Readonly<RecordLocation>,
    target: Readonly<RecordLocation>,
  ): boolean {
    checkKey(bytes, start, end);
    checkLocation(target);
    const hash = this.#shards.hash(bytes, start, end);
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(hash & PLACE_MASK, bytes, start, end);
    if (index < 0 || !shard.liesAt(index, expected)) return false;
    if (this.#views.length !== 0) this.#putAside(hash, index, bytes, start, end);
    shard.replace(index, target);
    return true;
  }

  deleteIfAt(bytes: Uint8Array, start: number, end: number, expected: Readonly<RecordLocation>): boolean {
    checkKey(bytes, start, end);
    const hash = this.#shards.hash(bytes, start, end);
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(hash & PLACE_MASK, bytes, start, end);
    if (index < 0 || !shard.liesAt(index, expected)) return false;
    if (this.#views.length !== 0) this.#putAside(hash, index, bytes, start, end);
    this.#order?.remove(bytes, start, end, orderReference(hash >>> PLACE_BITS, shard.reference(index)));
    shard.remove(index);
    this.size--;
    return true;
  }

  tally(shard: number, { asOfMs, records, bytes, expiredRecords, expiredBytes }: SlotTally): void {
    const { slots, arena } = this.#shards.at(this.#checkedShard(shard));
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === 0) continue;
      const reference = (slots[i] >>> 8) - 1;
      const words = arena.chunks[reference >>> arena.shift];
      const at = reference & arena.mask;
      const segmentSlot = segmentSlotAt(words, at);
      const hasExpiry = hasExpiryAt(words, at);
      const ofRecord = recordBytes(keyBytesAt(words, at), valueBytesAt(words, at), hasExpiry);
      records[segmentSlot]++;
      bytes[segmentSlot] += ofRecord;
      if (!hasExpiry || expiresAtMsAt(words, at) > asOfMs) continue;
      expiredRecords[segmentSlot]++;
      expiredBytes[segmentSlot] += ofRecord;
    }
  }

  forEachPlace(shard: number, visit: (segmentSlot: number, offset: number) => void): void {
    const { slots, arena } = this.#shards.at(this.#checkedShard(shard));
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === 0) continue;
      const reference = (slots[i] >>> 8) - 1;
      const words = arena.chunks[reference >>> arena.shift];
      const at = reference & arena.mask;
      visit(segmentSlotAt(words, at), words[at]);
    }
  }

  shardOf(bytes: Uint8Array, start: number, end: number): number {
    checkKey(bytes, start, end);
    return this.#shards.hash(bytes, start, end) >>> PLACE_BITS;
  }

  get isOrdered(): boolean {
    return this.#order !== undefined && this.#ordering === undefined;
  }

  beginOrdering(): KeydirOrdering {
    if (this.isOrdered) return { keysDone: this.size, step: () => true, abandon: () => undefined };
    if (this.#ordering !== undefined) return this.#ordering;
    if (this.#loading) throw new IndexError("INDEX_INVALID_ARGUMENT", "a keydir that is being loaded has no order");
    const order = new Order(this.#shards);
    this.#order = order;
    this.#shards.watch((shard) => ({
      moved: (before, after) => order.moved(orderReference(shard, before), orderReference(shard, after)),
      rebuilt: (before) => order.rebuilt(shard, before),
    }));
    this.#ordering = new HashKeydirOrdering({
      openView: () => this.openView(),
      get keysInOrder() {
        return order.count;
      },
      putInOrder: (keys, start, end) => this.#putInOrder(order, keys, start, end),
      endOrdering: () => (this.#ordering = undefined),
      dropOrder: () => this.#dropOrder(),
    });
    return this.#ordering;
  }

  openView(): KeydirView {
    const orderIfAll = (): Order | undefined => (this.isOrdered ? this.#order : undefined);
    const view = new HashKeydirView(this.#shards, this.size, {
      get order() {
        return orderIfAll();
      },
      closed: (gone) => (this.#views = this.#views.filter((open) => open !== gone)),
    });
    this.#views.push(view);
    return view;
  }

  beginLoad(): KeydirLoader {
    if (this.size !== 0 || this.#loading) throw new IndexError("INDEX_NOT_EMPTY", "only an empty keydir can be loaded");
    this.#assertNoViews();
    this.#dropOrder();
    this.#loading = true;
    return new HashKeydirLoader(this.#shards.hashKey, (shards, size) => {
      this.#shards = shards;
      this.size = size;
      this.#loading = false;
    });
  }

  dumpShard(shard: number): Uint8Array {
    return dumpOf(shard, this.#shards.at(this.#checkedShard(shard)));
  }

  loadShard(shard: number, bytes: Uint8Array): void {
    if (this.#shards.at(this.#checkedShard(shard)).count !== 0) {
      throw new IndexError("INDEX_NOT_EMPTY", `shard ${shard} is not empty`);
    }
    this.#assertNoViews();
    this.#dropOrder();
    const loaded = shardOf(shard, bytes, this.#shards);
    this.#shards.set(shard, loaded);
    this.size += loaded.count;
  }

  #putInOrder(order: Order, keys: Uint8Array, start: number, end: number): void {
    const hash = this.#shards.hash(keys, start, end);
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(hash & PLACE_MASK, keys, start, end);
    if (index < 0) {
      // mark: order/key-deleted-before-its-turn
      return;
    }
    if (!order.makeRoom(keys, start, end)) {
      // mark: order/key-put-in-order-by-a-write
      return;
    }
    order.place(orderReference(hash >>> PLACE_BITS, shard.reference(index)));
  }

  #dropOrder(): void {
    if (this.#order === undefined) return;
    this.#order = undefined;
    this.#ordering = undefined;
    this.#shards.watch(undefined);
  }

  #putAside(hash: number, index: number, bytes: Uint8Array, start: number, end: number): void {
    for (const view of this.#views) view.putAside(hash, index, bytes, start, end);
  }

  #checkedShard(shard: number): number {
    if (Number.isInteger(shard) && shard >= 0 && shard < SHARD_COUNT) return shard;
    throw new IndexError("INDEX_INVALID_ARGUMENT", `there are shards 0 to ${SHARD_COUNT - 1}, not ${shard}`);
  }

  #assertNoViews(): void {
    if (this.#views.length === 0) return;
    throw new IndexError("INDEX_INVALID_ARGUMENT", "a keydir is not loaded under an open view");
  }
}
