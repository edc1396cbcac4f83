/**
 * The slots of a shard: an open-addressed table of any number of slots, with linear probing. What stands in a slot is the
 * shard's business (shard.ts); this file knows where a hash belongs, and when a table is too full or too empty.
 *
 * The home of hash bits is `floor(bits * slots / 2^24)` (Lemire's multiply-shift instead of a mask), so a table need not
 * double. Homes ascend with the hash bits: those of a range lie side by side.
 */
import type { Words } from "./allocate.ts";

/** Of 32 hash bits the upper 8 choose the shard and these the place in it. */
export const PLACE_BITS = 24;
/** One more than the highest hash bits within a shard. */
export const PLACES: number = 2 ** PLACE_BITS;

const LOAD_MAX = 0.84;
const GROWTH = 1.45;
/** Each growth puts every entry in its place again: with 1.45 that is done three times for each entry, with 3 it is one and a half. */
const GROWTH_LOADING = 3;
/** What a table is made for that is not about to grow: between the load after growing and the highest one. */
const LOAD_MADE = 0.7;
const LOAD_MIN = 0.35;
const SLOTS_MIN = 8;
/** Below this many slots the table doubles: a few bytes in all, and fewer arrays made and thrown away. */
const SLOTS_SMALL = 64;

/** How many slots a table for `count` keys gets. */
export function slotsFor(count: number): number {
  return Math.max(SLOTS_MIN, Math.ceil(count / LOAD_MADE));
}

/** The home of hash bits `place` among `slots` slots. */
export function homeOf(place: number, slots: number): number {
  return ((place * slots) / PLACES) | 0;
}

/** Whether a table of `slots` is too full for one key more than `count`. */
export function isFull(count: number, slots: number): boolean {
  return count + 1 > slots * LOAD_MAX;
}

/** How many slots follow on `slots` when they are full; more while loading, as those are only needed until it is done. */
export function grownSlots(slots: number, isLoading: boolean = false): number {
  if (isLoading) return Math.max(SLOTS_MIN, slots * GROWTH_LOADING);
  return slots < SLOTS_SMALL ? Math.max(SLOTS_MIN, slots * 2) : Math.ceil(slots * GROWTH);
}

/** Whether so few of the slots are taken that a smaller table would do. */
export function isSparse(count: number, slots: number): boolean {
  return slots > SLOTS_MIN * 2 && count < slots * LOAD_MIN;
}

/** The first empty slot for hash bits `place`, for an entry known not to be there. */
export function emptySlot(slots: Words, place: number): number {
  let index = homeOf(place, slots.length);
  while (slots[index] !== 0) index = index + 1 === slots.length ? 0 : index + 1;
  return index;
}

/**
 * Empties slot `gap` and moves back what can no longer be reached over it, so that no mark of the deletion is needed.
 * `placeOf` gives the hash bits of what stands in a slot.
 */
export function closeGap(slots: Words, gap: number, placeOf: (slot: number) => number): void {
  const capacity = slots.length;
  let hole = gap;
  let index = gap;
  for (;;) {
    index = index + 1 === capacity ? 0 : index + 1;
    const slot = slots[index];
    if (slot === 0) break;
    const home = homeOf(placeOf(slot), capacity);
    // Whether the home lies (cyclically) at the hole or before it: then a search from there would end at the hole.
    const fromHome = index >= home ? index - home : index - home + capacity;
    const fromHole = index >= hole ? index - hole : index - hole + capacity;
    if (fromHome < fromHole) continue;
    slots[hole] = slot;
    hole = index;
  }
  slots[hole] = 0;
}
