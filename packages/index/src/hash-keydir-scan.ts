/**
 * All entries of a view: those of the keydir, and those that the view has put aside. Both are read in slices of hash bits
 * (shard-scan.ts), so that a page never depends on where things lie.
 */
import { ABSENT_SLOT, segmentSlotAt } from "./entry.ts";
import type { KeydirPage, KeydirScan } from "./keydir.ts";
import { PAGE_ENTRIES, PAGE_KEY_BYTES, PageBuilder } from "./page-builder.ts";
import type { Shard } from "./shard.ts";
import { scanPlaces, slicePlaces } from "./shard-scan.ts";
import { SHARD_COUNT, type Shards } from "./shards.ts";
import { PLACES } from "./slots.ts";

const SLICE_ENTRIES = PAGE_ENTRIES / 2;

export class HashKeydirScan implements KeydirScan {
  readonly #shards: Shards;
  readonly #aside: () => Shards;
  #shard = 0;
  #place = 0;

  /** `aside` gives what the view has put aside, or throws once the view is closed. */
  constructor(shards: Shards, aside: () => Shards) {
    this.#shards = shards;
    this.#aside = aside;
  }

  nextPage(): KeydirPage | undefined {
    const aside = this.#aside();
    const page = new PageBuilder();
    let looked = 0;
    while (this.#shard < SHARD_COUNT && looked < PAGE_ENTRIES && page.keyBytes < PAGE_KEY_BYTES) {
      looked += this.#addSlice(page, this.#shards.at(this.#shard), aside.at(this.#shard));
    }
    // At the end an empty page says no more than none.
    return this.#shard === SHARD_COUNT && page.count === 0 ? undefined : page.finish();
  }

  /**
   * Adds the next slice of the shard to `page`, and goes on to the next shard after its last one. Returns how many entries it
   * has looked at.
   */
  #addSlice(page: PageBuilder, shard: Shard, aside: Shard): number {
    let looked = 0;
    const from = this.#place;
    const to = Math.min(PLACES, from + Math.min(slicePlaces(shard, SLICE_ENTRIES), slicePlaces(aside, SLICE_ENTRIES)));
    scanPlaces(shard, from, to, (place, words, at) => {
      looked++;
      page.add(words, at, (keys, start, end) => aside.count !== 0 && aside.locate(place, keys, start, end) >= 0);
    });
    scanPlaces(aside, from, to, (_place, words, at) => {
      looked++;
      if (segmentSlotAt(words, at) !== ABSENT_SLOT) page.add(words, at);
    });
    this.#place = to === PLACES ? 0 : to;
    if (to === PLACES) this.#shard++;
    return looked;
  }
}
