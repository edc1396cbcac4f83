/**
 * Reads a shard in slices of its hash bits. A slice stays the same set of keys whatever happens to the shard between two
 * slices (slots move, the table grows, the arena is laid out anew), because nothing in it depends on where things lie.
 */
import type { Words } from "./allocate.ts";
import { PAGE_KEY_BYTES } from "./page-builder.ts";
import type { Shard } from "./shard.ts";
import { homeOf, PLACES } from "./slots.ts";

/**
 * Calls `visit` with each entry whose hash bits are in `[from, to)`. The shard must not change meanwhile.
 *
 * Such an entry lies between the home of `from` and the first empty slot at or after the home of `to - 1`; beyond the
 * last slot the search goes on at the first one. Entries that begin a table because they were pushed over its end are
 * therefore met twice, and visited only where they were pushed over.
 */
export function scanPlaces(
  shard: Shard,
  from: number,
  to: number,
  visit: (place: number, words: Words, at: number, reference: number) => void,
): void {
  const { slots, arena } = shard;
  const capacity = slots.length;
  const last = homeOf(to - 1, capacity);
  for (let step = homeOf(from, capacity); ; step++) {
    const over = step >= capacity;
    const index = over ? step - capacity : step;
    const slot = slots[index];
    if (slot === 0) {
      if (step >= last) return;
      continue;
    }
    const place = shard.placeOf(slot);
    if (place < from || place >= to || homeOf(place, capacity) > index !== over) continue;
    const reference = (slot >>> 8) - 1;
    visit(place, arena.chunks[reference >>> arena.shift], reference & arena.mask, reference);
  }
}

/** How many hash bits a slice spans so that it holds about so many entries, and about half a page of keys at most. */
export function slicePlaces(shard: Shard, entries: number): number {
  const slices = Math.max(shard.count / entries, (shard.arena.usedWords * 8) / PAGE_KEY_BYTES);
  return Math.ceil(PLACES / Math.max(1, slices));
}
