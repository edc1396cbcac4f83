import { FATE_KINDS, fate, type FateKind, type Fates, INTACT } from "./crash-fates.ts";
import type { CrashPoint } from "./crash-point.ts";
import { kindsOfUnit, rulesOf, type Profile, type ProfileRules } from "./crash-profiles.ts";
import type { PendingUnit } from "./crash-units.ts";

/** Which crashes to choose from. */
export interface CrashKinds {
  /** Default `"free"`. */
  readonly profile?: Profile;
  /** What may become of a unit, as far as the profile allows it; `intact` always may. Default: all kinds. */
  readonly kinds?: readonly FateKind[];
}

/** A unit that does not stay whole: its place in the fates, and what becomes of it. */
export interface Choice {
  readonly index: number;
  readonly fate: number;
}

/**
 * For each queue of units that keep their order, what can happen to it, if it does not stay whole: it is cut at one of
 * its units, in one of that unit's ways (what comes behind is lost in any case). A unit without order is a queue of one.
 */
export function choicesAt(
  { units }: CrashPoint,
  { profile = "free", kinds = FATE_KINDS }: CrashKinds,
): readonly Choice[][] {
  if (profile === "kill") return [];
  const rules = rulesOf(profile);
  const queues = new Map<unknown, Choice[]>();
  for (const unit of units) {
    const queue = rules.queueOf(unit) ?? unit;
    const choices = queues.get(queue) ?? [];
    queues.set(queue, choices);
    for (const kind of waysOf(unit, rules, kinds)) choices.push({ index: unit.fateIndex, fate: fate(kind) });
  }
  return [...queues.values()];
}

/** Fates in which these choices came about, and nothing else happened. */
export function fatesOf(point: CrashPoint, choices: Iterable<Choice>): Fates {
  const fates: number[] = Array.from({ length: point.pendingCount }, () => INTACT);
  for (const choice of choices) fates[choice.index] = choice.fate;
  return fates;
}

function waysOf(unit: PendingUnit, rules: ProfileRules, kinds: readonly FateKind[]): FateKind[] {
  const isOpen = unit.standing === "cache-only" ? rules.failedSyncMayWrite : unit.standing === "pending";
  if (!isOpen || !rules.kinds.includes("intact")) return [];
  return kindsOfUnit(unit).filter((kind) => kind !== "intact" && rules.kinds.includes(kind) && kinds.includes(kind));
}
