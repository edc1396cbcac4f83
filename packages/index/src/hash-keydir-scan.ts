/**
 * All entries of a view: those of the keydir, and those that the view has put aside. Both are read in slices of hash bits
 * (shard-scan.ts), so that a page never depends on where things lie.
 */
import { ABSENT_SLOT, segmentSlotAt } from "./entry.ts";
import type { KeydirPage, KeydirScan } from "./keydir.ts";
import { PAGE_ENTRIES, PAGE_KEY_BYTES, PageBuilder } from "./page-builder.ts";
import type { Shard } from "./shard.ts";
import { scanPlaces } from "./shard-scan.ts";
import { SHARD_COUNT, type Shards } from "./shards.ts";
import { PLACES } from "./slots.ts";

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
    while (this.#shard < SHARD_COUNT && page.count < PAGE_ENTRIES && page.keyBytes < PAGE_KEY_BYTES) {
      this.#addSlice(page, this.#shards.at(this.#shard), aside.at(this.#shard));
    }
    return page.count === 0 ? undefined : page.finish();
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
}

/** How many hash bits a slice spans so that it holds about half a page. */
function slicePlaces(shard: Shard): number {
  const pages = Math.max(shard.count / PAGE_ENTRIES, (shard.arena.usedWords * 4) / PAGE_KEY_BYTES);
  return Math.ceil(PLACES / Math.max(1, pages * 2));
}
