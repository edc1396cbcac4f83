/**
 * The one rule of loading and of hints: of all records of a key the one with the highest sequence counts, in whatever
 * order they come; of two with the same sequence a put before a tombstone (`KeydirLoader` says why). The sequence stands
 * in the key's entry (entry.ts), and a deletion is an entry too.
 */
import { ABSENT_SLOT } from "./entry.ts";
import type { RecordLocation } from "./keydir.ts";
import { PLACE_BITS, PLACES } from "./slots.ts";
import type { Shard } from "./shard.ts";
import type { Shards } from "./shards.ts";

/** Words of the sequence in each entry: what `Shards` are to be made with for this. */
export const SEQUENCE_WORDS = 2;

/**
 * Sets the key's record unless one with the same or a higher sequence is there; a put also takes the place of a tombstone
 * with the same one. A tombstone is a location with the slot `ABSENT_SLOT`.
 */
export function keepNewest(
  shards: Shards,
  bytes: Uint8Array,
  start: number,
  end: number,
  sequence: number,
  location: Readonly<RecordLocation>,
): void {
  const hash = shards.hash(bytes, start, end);
  const place = hash & (PLACES - 1);
  const shard = shards.own(hash >>> PLACE_BITS);
  const index = shard.locate(place, bytes, start, end);
  if (index < 0) shard.insert(index, place, bytes, start, end, location, sequence);
  else if (isNewer(shard, index, sequence, location)) shard.replace(index, location, sequence);
}

function isNewer(shard: Shard, index: number, sequence: number, { segmentSlot }: Readonly<RecordLocation>): boolean {
  const known = shard.sequence(index);
  if (sequence !== known) return sequence > known;
  return segmentSlot !== ABSENT_SLOT && shard.segmentSlot(index) === ABSENT_SLOT;
}
