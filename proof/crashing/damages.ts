import { fate, type CrashPoint, type PendingUnit } from "@hashlog/fs-io/testing";

/**
 * The damages that are tried on one pending unit where all crashes of a point are gone through; whether it is lost or kept
 * is always tried as well.
 *
 *     torn      in the middle, from either side; its first byte missing, which recovery looks at first; its last byte missing
 *     garbage   one of it
 *     stale     old records, where there are any that begin as the unit does; else whatever comes first
 *     length    in the middle, one byte more than it was, and one byte less than it is to be
 *
 * A tear at each byte, and all other garbage, are left to chance.
 */
export function damagesAt(point: CrashPoint, unit: PendingUnit): readonly number[] {
  const last = unit.to - unit.from - 1;
  if (unit.kind === "entry") return [];
  if (unit.kind === "length") return [0, 1, last].map((at) => fate("torn-prefix", at));
  const torn = [fate("torn-prefix"), fate("torn-suffix"), fate("torn-suffix", 1), fate("torn-prefix", last)];
  return [...torn, fate("garbage"), ...staleAt(point, unit)];
}

/** Of the different old records that there are the first and the last; that is, mostly, one of each of two files. */
function staleAt(point: CrashPoint, unit: PendingUnit): readonly number[] {
  const images = point.imagesUnder("free");
  const index = point.units.indexOf(unit);
  const seen = [images.leftOf(index, fate("intact"))];
  const old: number[] = [];
  for (let place = 0; place < PLACES; place += 1) {
    const bytes = images.leftOf(index, fate("stale", place));
    if (!beginsAlike(bytes, seen[0]!) || seen.some((known) => isSame(known, bytes))) continue;
    seen.push(bytes);
    old.push(fate("stale", place));
  }
  return old.length < 2 ? [old[0] ?? fate("stale")] : [old[0]!, old.at(-1)!];
}

/** How many places are looked at: of each file the first sectors. */
const PLACES = 48;
/** By its magic number a record, or a file's header, is known. */
const MAGIC_BYTES = 4;

function beginsAlike(left: Uint8Array, right: Uint8Array): boolean {
  return right.length >= MAGIC_BYTES && isSame(left.subarray(0, MAGIC_BYTES), right.subarray(0, MAGIC_BYTES));
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, index) => byte === right[index]);
}
