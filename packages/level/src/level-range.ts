import type { RangeOptions } from "@hashlog/engine";
import { keyBytes, type Encoded } from "./formats.ts";

/** The options of a range as abstract-level hands them over: encoded, of two bounds on a side the inclusive one counts. */
export interface EncodedRange {
  readonly gt?: Encoded | undefined;
  readonly gte?: Encoded | undefined;
  readonly lt?: Encoded | undefined;
  readonly lte?: Encoded | undefined;
  readonly reverse: boolean;
  /** -1: none. */
  readonly limit: number;
}

/** The same for the store: bounds that are there, and a direction, so that it goes in order. */
export type LevelRange = Pick<RangeOptions<Uint8Array>, "gt" | "gte" | "lt" | "lte"> & { readonly reverse: boolean };

/** @throws LevelError `LEVEL_INVALID_KEY` */
export function rangeOf({ gt, gte, lt, lte, reverse }: EncodedRange): LevelRange {
  return {
    ...(gte !== undefined ? { gte: keyBytes(gte) } : gt !== undefined ? { gt: keyBytes(gt) } : {}),
    ...(lte !== undefined ? { lte: keyBytes(lte) } : lt !== undefined ? { lt: keyBytes(lt) } : {}),
    reverse,
  };
}

/** Whether it has a bound at all. */
export function isBounded({ gt, gte, lt, lte }: LevelRange): boolean {
  return [gt, gte, lt, lte].some((bound) => bound !== undefined);
}

/** Whether the key is in the range, so that an iterator may be sent there. */
export function isInRange(key: Uint8Array, { gt, gte, lt, lte }: LevelRange): boolean {
  return (
    (gte === undefined || Buffer.compare(key, gte) >= 0) &&
    (gt === undefined || Buffer.compare(key, gt) > 0) &&
    (lte === undefined || Buffer.compare(key, lte) <= 0) &&
    (lt === undefined || Buffer.compare(key, lt) < 0)
  );
}
