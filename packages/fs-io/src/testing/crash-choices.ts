import { FATE_KINDS, fate, type FateKind, type Fates, INTACT } from "./crash-fates.ts";
import type { CrashPoint } from "./crash-point.ts";
import { damagesOf, rulesOf, type Profile, type ProfileRules } from "./crash-profiles.ts";
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

/** Units that keep their order, or one that fares by itself. */
export interface Queue {
  /** Where the units stand in the crash point's. */
  readonly units: readonly number[];
  /**
   * What can happen to it, if it does not stay whole: it is cut at one of its units, in one of that unit's ways (what
   * comes behind is lost in any case).
   */
  readonly choices: readonly Choice[];
}

/** The queues of a crash point; what fares alone is a queue of one. */
export const queuesAt: (point: CrashPoint, options: CrashKinds) => readonly Queue[] = oncePerPoint(
  ({ units }, profile, kinds) => (profile === "kill" ? [] : makeQueues(units, rulesOf(profile), kinds)),
);

/** Works out something for a crash point and these options, once: it is asked for by the thousand. */
export function oncePerPoint<T>(
  make: (point: CrashPoint, profile: Profile, kinds: readonly FateKind[]) => T,
): (point: CrashPoint, options: CrashKinds) => T {
  return (point, { profile = "free", kinds = FATE_KINDS }) => {
    const key = kinds === FATE_KINDS ? profile : `${profile} ${kinds.join()}`;
    return point.once(make, key, () => make(point, profile, kinds));
  };
}

/** In which ways this unit may fail to stay whole, as far as they make a difference. */
export function choicesOf(unit: PendingUnit, rules: ProfileRules, kinds: readonly FateKind[]): Choice[] {
  const choices: Choice[] = [];
  const isOpen = unit.standing === "cache-only" ? rules.failedSyncMayWrite : unit.standing === "pending";
  if (!isOpen || !rules.kinds.includes("intact")) return choices;
  const ways = damagesOf(unit, rules);
  const canBeLost = kinds.includes("lost") && ways.includes("lost");
  if (canBeLost && saysNothing(unit, rules)) return choices;
  for (const kind of ways) {
    if (kinds.includes(kind) && !isMuted(unit, kind, canBeLost)) choices.push(choice(unit, kind));
  }
  return choices;
}

/** Fates in which these choices came about, and nothing else happened. */
export function fatesOf(point: CrashPoint, choices: Iterable<Choice>): Fates {
  const fates = benignFates(point);
  for (const { index, fate: number } of choices) fates[index] = number;
  return fates;
}

/** Fates in which nothing happens. */
export function benignFates(point: CrashPoint): number[] {
  const fates: number[] = [];
  for (let i = 0; i < point.pendingCount; i++) fates.push(INTACT);
  return fates;
}

function choice({ fateIndex }: PendingUnit, kind: FateKind): Choice {
  return { index: fateIndex, fate: fate(kind) };
}

/**
 * A length of which the bytes before it tell as much: whatever becomes of it, the file is as long as those. That what
 * comes behind it is lost is said by the next unit, too.
 */
function saysNothing({ kind, logged, standing }: PendingUnit, rules: ProfileRules): boolean {
  return kind === "length" && rules.lengthFollowsBytes && standing === logged.standing;
}

/** A single byte is not torn: it is whole, or it is lost. */
function isMuted({ kind, from, to }: PendingUnit, way: FateKind, canBeLost: boolean): boolean {
  if (kind !== "bytes" || to - from > 1) return false;
  return way === "torn-suffix" || (way === "torn-prefix" && canBeLost);
}

function makeQueues(units: readonly PendingUnit[], rules: ProfileRules, kinds: readonly FateKind[]): Queue[] {
  const queues: Queue[] = [];
  const shared = new Map<number, { readonly units: number[]; readonly choices: Choice[] }>();
  for (const [index, unit] of units.entries()) {
    const name = rules.queueOf(unit);
    const queue = name === undefined ? undefined : shared.get(name);
    const choices = choicesOf(unit, rules, kinds);
    if (queue !== undefined) {
      queue.units.push(index);
      queue.choices.push(...choices);
      continue;
    }
    const begun = { units: [index], choices };
    if (name !== undefined) shared.set(name, begun);
    queues.push(begun);
  }
  return queues;
}
