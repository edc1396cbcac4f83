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
 * - `torn-prefix`, `torn-suffix`: only the first, or the last, bytes of it are; zeros are where the others should be.
 *   A file's length has only the first of the two: it stands at some byte between the old and the new one.
 * - `garbage`: bytes that nobody ever wrote.
 * - `stale`: bytes that were written at some other place, and may well have a valid checksum: of a block that was given
 *   back and handed out again, or of a write that went astray and landed here.
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
  const detail = fateDetail(number);
  return detail === 0 ? bytes >>> 1 : detail % bytes;
}

/** Whether each number can be a fate: a non-negative safe integer. */
export function areFates(fates: Fates): boolean {
  return fates.every((number) => Number.isSafeInteger(number) && number >= 0);
}
