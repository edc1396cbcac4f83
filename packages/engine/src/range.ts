import { invalidArgument } from "./errors.ts";
import { ofType, type Check } from "./check-options.ts";

/**
 * Which keys, and in which order: that of their bytes. Strings are in the order of their UTF-8 form, which is that of
 * their code points: "Z" before "a", "é" after both, an emoji after all that is below U+FFFF. It is no dictionary's order, and
 * where there are characters beyond U+FFFF not that of JavaScript's `<` either.
 *
 * Bounds may be combined; all of them hold. One that is `undefined` is no bound, as if it were not given. The first use of
 * any of these options puts all keys in order, which takes about a second a million, in steps that let other work have its
 * turn; see `ordered` of `open`.
 */
export interface RangeOptions<K> {
  /** Keys after this one; from this one on. */
  readonly gt?: K | undefined;
  readonly gte?: K | undefined;
  /** Keys before this one; up to this one. */
  readonly lt?: K | undefined;
  readonly lte?: K | undefined;
  /** Keys whose bytes begin with those of this one. */
  readonly prefix?: K | undefined;
  /** The last key first. Default `false`. */
  readonly reverse?: boolean | undefined;
  /** At most so many: an integer from 0, or `Infinity` (default). */
  readonly limit?: number | undefined;
}

/** What was asked for, in bytes. */
export interface Selection {
  /** `undefined`: all keys, in no particular order. */
  readonly range: ByteRange | undefined;
  readonly limit: number;
}

/** Keys from `from` on, before `to`. */
export interface ByteRange {
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  readonly reverse: boolean;
}

/** What `checkOptions` has to know of the options of a range. */
export const RANGE_CHECKS: Readonly<Record<keyof RangeOptions<unknown>, Check>> = {
  gt: () => undefined,
  gte: () => undefined,
  lt: () => undefined,
  lte: () => undefined,
  prefix: () => undefined,
  reverse: ofType("boolean"),
  limit: (value) =>
    (Number.isSafeInteger(value) && (value as number) >= 0) || value === Infinity
      ? undefined
      : "an integer from 0 to 2^53 - 1, or Infinity",
};

/**
 * Refuses bounds that are `undefined`, where what has no bound is everything.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function refuseLostBounds(options: RangeOptions<unknown>, of: string): void {
  for (const name of ["gt", "gte", "lt", "lte", "prefix"] as const) {
    if (options[name] === undefined && name in options) {
      throw invalidArgument(`the option "${name}" of ${of} is undefined: leave it out where there is no such bound`);
    }
  }
}

/**
 * What the options, which are checked, mean. `encode` makes bytes of a key that nobody else has; `ordered`: even without a
 * bound the keys are wanted in order.
 */
export function selectionOf<K>(options: RangeOptions<K>, encode: (key: K) => Uint8Array, ordered: boolean): Selection {
  const { gt, gte, lt, lte, prefix, reverse, limit } = options;
  const isRange = [gt, gte, lt, lte, prefix, reverse, limit].some((option) => option !== undefined);
  if (!isRange && !ordered) return EVERYTHING;
  const [begin, end] = prefix === undefined ? [] : beginningWith(encode(prefix));
  const from = [
    begin,
    gte === undefined ? undefined : encode(gte),
    gt === undefined ? undefined : behind(encode(gt)),
  ].reduce((one, other) => (isBefore(one, other) ? other : one));
  const to = [
    end,
    lt === undefined ? undefined : encode(lt),
    lte === undefined ? undefined : behind(encode(lte)),
  ].reduce((one, other) => (one === undefined || (other !== undefined && isBefore(other, one)) ? other : one));
  return { range: { from, to, reverse: reverse ?? false }, limit: limit ?? Infinity };
}

const EVERYTHING: Selection = { range: undefined, limit: Infinity };

/** What is left of the range from that key on, in its direction. */
export function rangeFrom({ from, to, reverse }: ByteRange, key: Uint8Array): ByteRange {
  if (reverse) {
    const end = behind(key);
    return { from, to: to !== undefined && isBefore(to, end) ? to : end, reverse };
  }
  return { from: isBefore(from, key) ? key : from, to, reverse };
}

/** The first bytes behind those of `key`: nothing lies between. */
function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The bounds of all that begins so. */
function beginningWith(prefix: Uint8Array): [Uint8Array, Uint8Array | undefined] {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return [prefix, undefined];
  const end = prefix.slice(0, last + 1);
  end[last]! += 1;
  return [prefix, end];
}

/** Whether there is `other`, and `one` comes before it; nothing comes before everything. */
function isBefore(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (other === undefined) return false;
  return one === undefined || compareBytes(one, other) < 0;
}

/** In the order of keys: below 0, 0 or above 0. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = one[at]! - other[at]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
