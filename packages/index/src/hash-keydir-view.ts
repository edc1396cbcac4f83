/**
 * All keys as of one moment. A view copies nothing when it is opened: before the keydir changes a key for the first time
 * since, it puts the key's old location aside here (or the mark that there was none). What is aside hides what the
 * keydir says. Both are read in slices of hash bits (shard-scan.ts), so that a page never depends on where things lie.
 */
import { checkKey } from "./checks.ts";
import { ABSENT_SLOT, segmentSlotAt } from "./entry.ts";
import { IndexError } from "./errors.ts";
import type { KeydirPage, KeydirView, RecordLocation } from "./keydir.ts";
import { PageBuilder } from "./page-builder.ts";
import type { Shard } from "./shard.ts";
import { PLACE_BITS, PLACES } from "./slots.ts";
import { scanPlaces } from "./shard-scan.ts";
import { SHARD_COUNT, Shards } from "./shards.ts";

/** A page ends after the slice that brings it to one of these; a slice is about half of that. */
const PAGE_ENTRIES = 2048;
const PAGE_KEY_BYTES = 256 * 1024;

const ABSENT: Readonly<RecordLocation> = { segmentSlot: ABSENT_SLOT, offset: 0, valueBytes: 0, expiresAtMs: 0 };

export class HashKeydirView implements KeydirView {
  readonly size: number;
  readonly #shards: Shards;
  readonly #onClose: () => void;
  #aside: Shards | undefined;
  #shard = 0;
  #place = 0;

  constructor(shards: Shards, size: number, onClose: () => void) {
    this.#shards = shards;
    this.#aside = new Shards(shards.hashKey);
    this.size = size;
    this.#onClose = onClose;
  }

  get memoryBytes(): number {
    return this.#open().memoryBytes;
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
      asideShard.read(asideIndex, found);
      return true;
    }
    const shard = this.#shards.at(hash >>> PLACE_BITS);
    const index = shard.locate(place, bytes, start, end);
    if (index < 0) return false;
    shard.read(index, found);
    return true;
  }

  nextPage(): KeydirPage | undefined {
    const aside = this.#open();
    const page = new PageBuilder();
    while (this.#shard < SHARD_COUNT && page.count < PAGE_ENTRIES && page.keyBytes < PAGE_KEY_BYTES) {
      this.#addSlice(page, this.#shards.at(this.#shard), aside.at(this.#shard));
    }
    return page.count === 0 ? undefined : page.finish();
  }

  close(): void {
    if (this.#aside === undefined) return;
    this.#aside = undefined;
    this.#onClose();
  }

  /** The keydir is about to change a key with hash `hash`, whose slot is `index` (a complement: it is not there). */
  putAside(hash: number, index: number, bytes: Uint8Array, start: number, end: number): void {
    const aside = this.#open().own(hash >>> PLACE_BITS);
    const place = hash & (PLACES - 1);
    const absent = aside.locate(place, bytes, start, end);
    if (absent >= 0) return;
    if (index < 0) {
      aside.insert(absent, place, bytes, start, end, ABSENT);
    } else {
      const location = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
      this.#shards.at(hash >>> PLACE_BITS).read(index, location);
      aside.insert(absent, place, bytes, start, end, location);
    }
  }

  /** Adds the next slice of the shard to `page`, and goes on to the next shard after its last one. */
  #addSlice(page: PageBuilder, shard: Shard, aside: Shard): void {
    const from = this.#place;
    const to = Math.min(PLACES, from + Math.min(slicePlaces(shard), slicePlaces(aside)));
    scanPlaces(shard, from, to, (place, words, at) => {
      page.add(words, at, (keys, start, end) => aside.count !== 0 && aside.locate(place, keys, start, end) >= 0);
    });
    scanPlaces(aside, from, to, (_place, words, at) => {
      if (segmentSlotAt(words, at) !== ABSENT_SLOT) page.add(words, at);
    });
    this.#place = to === PLACES ? 0 : to;
    if (to === PLACES) this.#shard++;
  }

  #open(): Shards {
    if (this.#aside !== undefined) return this.#aside;
    throw new IndexError("INDEX_CLOSED", "the view is closed");
  }
}

/** How many hash bits a slice spans so that it holds about half a page. */
function slicePlaces(shard: Shard): number {
  const pages = Math.max(shard.count / PAGE_ENTRIES, (shard.arena.usedWords * 4) / PAGE_KEY_BYTES);
  return Math.ceil(PLACES / Math.max(1, pages * 2));
}
