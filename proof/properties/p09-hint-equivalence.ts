import type { HashlogErrorCode, StoreStats } from "@hashlog/engine";
import { isDeepStrictEqual } from "node:util";
import { violated, type Property } from "./property.ts";

export const hintEquivalence: Property = {
  id: "P9",
  title: "Hint equivalence",
  statement:
    "The keydir is the same whether it was filled by the checkpoint, by hint files or by a scan: of every key the same " +
    "segment, offset, length and expiry. A hint says of its segment exactly what a scan says. Deleting, truncating, " +
    "corrupting, exchanging or replacing by an older one any hint or checkpoint changes no answer.",
  why:
    "A cache that is believed is a second truth. Bitcask's hint files were, and hints that were cut short by a crash, " +
    "that belonged to an older file of the same name, or that left out tombstones, brought deleted keys back or hid keys " +
    "that were there, in stores without a single damaged byte of data.",
};

/** Of a key: where its newest record lies. */
export interface KeyPlace {
  readonly key: string;
  readonly segmentId: number;
  readonly offset: number;
  readonly valueBytes: number;
  readonly expiresAtMs: number;
}

/**
 * The keydir that a road filled is the one that a recount of all records gives.
 * @throws PropertyViolation
 */
export function mustIndexAlike(road: string, found: readonly KeyPlace[], counted: readonly KeyPlace[]): void {
  const [left, right] = [byKey(found), byKey(counted)];
  if (isDeepStrictEqual(left, right)) return;
  violated(hintEquivalence, `by ${road} the keydir is\n${lines(left)}\nand by a recount\n${lines(right)}`);
}

/** What a hint, or a scan, says of a segment: its entries in order of sequence, and the totals of all its records. */
export interface SegmentIndex {
  readonly entries: readonly object[];
  readonly totals: object;
}

/**
 * The hint of a segment says what a scan of the segment says.
 * @throws PropertyViolation
 */
export function mustHintTheScan(path: string, hint: SegmentIndex, scan: SegmentIndex): void {
  if (isDeepStrictEqual(hint, scan)) return;
  violated(hintEquivalence, `${path} says ${JSON.stringify(hint)}, and its segment ${JSON.stringify(scan)}`);
}

/**
 * Nothing but caches is damaged, and so the store opened, and no key is told to be damaged.
 * @throws PropertyViolation
 */
export function mustMatterToNobody(ending: StoreStats["open"]["road"] | HashlogErrorCode, told: number): void {
  if (ending.startsWith("HASHLOG_")) violated(hintEquivalence, `the store is refused with ${ending}`);
  if (told > 0) violated(hintEquivalence, `by ${ending}, ${told} keys are told to be damaged`);
}

/**
 * What a store counts does not depend on the road by which it was opened.
 * @throws PropertyViolation
 */
export function mustCountAlike(stats: StoreStats, expected: StoreStats): void {
  const [left, right] = [lasting(stats), lasting(expected)];
  if (!isDeepStrictEqual(left, right)) {
    violated(hintEquivalence, `the store counts ${JSON.stringify(left)} instead of ${JSON.stringify(right)}`);
  }
}

// What has expired is counted as of when it was looked last, and a checkpoint tells of that.
const LEFT_OUT = ["keydirBytes", "failures", "compaction", "expiredBytes", "expiredAsOfMs"];

function lasting(stats: StoreStats): object {
  const { road: _road, ...open } = stats.open;
  const segments = stats.segments.map(({ expiredRecords: _records, expiredBytes: _bytes, ...rest }) => rest);
  const rest = Object.fromEntries(Object.entries(stats).filter(([name]) => !LEFT_OUT.includes(name)));
  return { ...rest, open, segments };
}

function byKey(places: readonly KeyPlace[]): readonly KeyPlace[] {
  return [...places].sort((left, right) => (left.key < right.key ? -1 : 1));
}

function lines(places: readonly KeyPlace[]): string {
  return places.map((place) => `  ${JSON.stringify(place)}`).join("\n");
}
