/**
 * What a power cut does to everything that no completed sync covers, as a list of small integers: one for each pending
 * unit (crash-units.ts) in the order in which the units were issued. A number that is missing is 0, and 0 means that
 * the unit reached the disk whole; so `[]` is the power cut that loses nothing, and a failing case shrinks towards it.
 * `fate` makes the numbers.
 *
 * The one exception are units whose sync failed: pages marked clean and never written, which only the cache still
 * holds. There 0 means that they are gone, and the number of `lost` that the failed sync had written them after all.
 */
export type Fates = readonly number[];

/**
 * What becomes of a unit.
 *
 * - `intact`: it is on the disk.
 * - `lost`: it is not. Where the file's length came to cover lost bytes, they read as zeros.
 * - `torn-prefix`, `torn-suffix`: only the first, or the last, bytes of it are; zeros are where the others should be, or
 *   what `tornFate` says. A file's length has only the first of the two: it stands at some byte between the old and the
 *   new one.
 * - `garbage`: bytes that nobody ever wrote.
 * - `stale`: bytes that were written at some other place, and may well have a valid checksum: of a block that was given
 *   back and handed out again, or of a write that went astray and landed here. With a `detail` from `EARLIER_LIVES` on
 *   they are of files as they were before the last power cut (`DiskImage.residue`).
 * - `astray`: the write landed at another place, of this or another file, in place of what was there, synced or not; here
 *   it is lost. What becomes of the place from which `stale` would have read.
 *
 * A directory's entry has no parts: whatever is not `intact` is `lost`. A rename alone can be torn where the profile says
 * so: `torn-prefix` leaves the file under both its names, `torn-suffix` neither name.
 */
export type FateKind = "intact" | "lost" | "torn-prefix" | "torn-suffix" | "garbage" | "stale" | "astray";

/** In the order of their numbers: from what happens often to what hardly ever does. */
export const FATE_KINDS: readonly FateKind[] = [
  "intact",
  "lost",
  "torn-prefix",
  "torn-suffix",
  "garbage",
  "stale",
  "astray",
];

/** The numbers of the first two of them. */
export const INTACT = 0;
export const LOST = 1;

/**
 * The number of a fate. `detail` says where a unit is torn (0: in the middle; else at byte `detail` modulo its length),
 * which garbage it becomes, which stale place it is filled from, or where it goes astray to.
 */
export function fate(kind: FateKind, detail = 0): number {
  return FATE_KINDS.indexOf(kind) + FATE_KINDS.length * detail;
}

/**
 * The number of a torn fate in whose unit other bytes than zeros are where it was not written: `rest` is the fate, of
 * `garbage` or `stale`, that the whole unit would have had. `at` is the `detail` that says where it is torn.
 *
 *     tornFate("torn-prefix", 100, fate("stale"))    100 bytes of the unit, and then what lay there before
 */
export function tornFate(kind: "torn-prefix" | "torn-suffix", at: number, rest: number): number {
  return fate(kind, (at % PLACES) + PLACES * rest);
}

/** More places than any unit has bytes: the part of a torn fate's `detail` above it is the fate of the rest. */
const PLACES = 2 ** 16;

/** The first `detail` of a `stale` fate that means files of earlier lives of the disk, where there are any. */
export const EARLIER_LIVES: number = PLACES;

/** What became of a unit where it was not written: its own fate, or that of the rest if it is torn. */
export function fateOfRest(number: number): number {
  const kind = fateKind(number);
  return kind === "torn-prefix" || kind === "torn-suffix" ? Math.floor(fateDetail(number) / PLACES) : number;
}

/** The same fate as simple as it can be: torn with zeros for the rest, stale by this life's files. */
export function plainFate(number: number): number {
  return fate(fateKind(number), fateDetail(number) % PLACES);
}

/** What a fate's number stands for. */
export function fateKind(number: number): FateKind {
  return FATE_KINDS[number % FATE_KINDS.length];
}

/** The `detail` in a fate's number. */
export function fateDetail(number: number): number {
  return Math.floor(number / FATE_KINDS.length);
}

/** How many of a unit's bytes lie before the place where it is torn. */
export function tearPoint(number: number, bytes: number): number {
  const place = fateDetail(number) % PLACES;
  return place === 0 ? bytes >>> 1 : place % bytes;
}

/** Whether each number can be a fate: a non-negative safe integer. */
export function areFates(fates: Fates): boolean {
  return fates.every((number) => Number.isSafeInteger(number) && number >= 0);
}
