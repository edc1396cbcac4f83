import { fate, type CrashPoint, type Fates, type PendingUnit } from "@hashlog/fs-io/testing";
import { damagesAt } from "./damages.ts";

/** How far to go through everything. */
export interface SubsetOptions {
  /** How many units may be pending for all subsets to be gone through. */
  readonly pendingMax: number;
  /** How many of them may be damaged (torn, garbage, stale) rather than lost or kept. */
  readonly damagesMax: number;
}

/** Which of the cuts of a point are left out: those in which every unit issued at this step or later is lost. */
export interface NewerThan {
  /** The ordinal of the first step whose units count as new. Default: none need be kept. */
  readonly newFrom?: number | undefined;
}

const LOST = fate("lost");
/**
 * Every power cut at that point: each subset of what is pending lost, and up to `damagesMax` of the rest damaged in each
 * way. `undefined` if more than `pendingMax` units are pending.
 *
 * What is pending of the reserve file counts as one: nobody ever reads its bytes, only its presence and its length.
 * A cut that loses all that is new since an earlier point left the same already there: with `newFrom`, it is left out.
 */
export function subsetsAt(
  point: CrashPoint,
  { pendingMax, damagesMax, newFrom }: SubsetOptions & NewerThan,
): Iterable<Fates> | undefined {
  const groups = groupsOf(point, newFrom ?? Infinity);
  if (groups.length > pendingMax) return undefined;
  return combinations(groups, damagesMax, { pending: point.pendingCount, mustKeepNew: newFrom !== undefined });
}

interface Group {
  readonly isNew: boolean;
  readonly indices: readonly number[];
  readonly damages: readonly number[];
}

/** Its damages are looked for when they are asked for: where too much is pending, nobody does. */
class SingleUnit implements Group {
  readonly isNew: boolean;
  readonly indices: readonly number[];
  readonly #point: CrashPoint;
  readonly #unit: PendingUnit;
  #damages: readonly number[] | undefined;

  constructor(point: CrashPoint, unit: PendingUnit, isNew: boolean) {
    this.#point = point;
    this.#unit = unit;
    this.isNew = isNew;
    this.indices = [unit.fateIndex];
  }

  get damages(): readonly number[] {
    return (this.#damages ??= damagesAt(this.#point, this.#unit));
  }
}

/** What shares one fate: each unit by itself, but for the reserve file. */
function groupsOf(point: CrashPoint, newFrom: number): Group[] {
  const open = point.units.filter(({ fateIndex }) => fateIndex >= 0);
  const isReserve = ({ logged }: PendingUnit): boolean => logged.operation.path.endsWith(".reserve");
  const isNew = ({ logged }: PendingUnit): boolean => logged.ordinal >= newFrom;
  const reserve = open.filter(isReserve);
  const others = open.filter((unit) => !isReserve(unit));
  const single = others.map((unit) => new SingleUnit(point, unit, isNew(unit)));
  if (reserve.length === 0) return single;
  return [...single, { indices: reserve.map(({ fateIndex }) => fateIndex), damages: [], isNew: reserve.some(isNew) }];
}

function* combinations(
  groups: readonly Group[],
  damagesMax: number,
  { pending, mustKeepNew }: { readonly pending: number; readonly mustKeepNew: boolean },
): Generator<Fates> {
  const fates: number[] = Array.from({ length: pending }, () => 0);
  yield* choose(0, damagesMax, !mustKeepNew);

  function* choose(index: number, damagesLeft: number, keepsNew: boolean): Generator<Fates> {
    const group = groups[index];
    if (group === undefined) {
      if (keepsNew) yield fates.slice();
      return;
    }
    const ways = [0, LOST, ...(damagesLeft > 0 ? group.damages : [])];
    for (const way of ways) {
      for (const unit of group.indices) fates[unit] = way;
      yield* choose(index + 1, damagesLeft - (way > LOST ? 1 : 0), keepsNew || (group.isNew && way !== LOST));
    }
  }
}
