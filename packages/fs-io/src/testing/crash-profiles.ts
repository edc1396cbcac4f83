import { FATE_KINDS, fateKind, INTACT, LOST, type FateKind, type Fates } from "./crash-fates.ts";
import type { PendingUnit } from "./crash-units.ts";

/**
 * What a crash may do, from mild to hostile. Every image of a power cut that one of them allows, those after it allow
 * as well.
 *
 * - `kill`: the process dies and the machine lives on: everything handed to the operating system is there.
 * - `drop-all`: a power cut takes everything that is not synced.
 * - `prefix`: it takes the newest part of that, cut at any byte; everything before is there.
 * - `ordered`: so for each file by itself, and for all directory operations together (as ext4 in its ordered mode): a
 *   rename may be kept and the bytes of the file lost, but a file never shows a byte that was not written to it.
 * - `free`: any part, in any order; lengths without their bytes; torn, zeroed, garbled and stale sectors.
 */
export type Profile = "kill" | "drop-all" | "prefix" | "ordered" | "free";

/** From mild to hostile. */
export const PROFILES: readonly Profile[] = ["kill", "drop-all", "prefix", "ordered", "free"];

/** What a profile in which power is cut allows: the assumptions about the disk and the file system on it. */
export interface ProfileRules {
  /** What may become of a unit; any other fate counts as `lost`. */
  readonly kinds: readonly FateKind[];
  /** Units of one queue keep their order: when one does not stay whole, all behind it are lost. */
  readonly queueOf: (unit: PendingUnit) => number | undefined;
  /** Whether a file is as long as the bytes of it that were kept; else its length has a fate of its own. */
  readonly lengthFollowsBytes: boolean;
  /** Whether a failed sync may have written some of what it covered. */
  readonly failedSyncMayWrite: boolean;
}

const DIRECTORIES = -1;
const IN_ORDER: readonly FateKind[] = ["intact", "lost", "torn-prefix"];

const RULES: Readonly<Record<Exclude<Profile, "kill">, ProfileRules>> = {
  "drop-all": { kinds: ["lost"], queueOf: noQueue, lengthFollowsBytes: false, failedSyncMayWrite: false },
  prefix: { kinds: IN_ORDER, queueOf: () => 0, lengthFollowsBytes: true, failedSyncMayWrite: false },
  ordered: { kinds: IN_ORDER, queueOf: queuePerFile, lengthFollowsBytes: true, failedSyncMayWrite: false },
  free: { kinds: FATE_KINDS, queueOf: noQueue, lengthFollowsBytes: false, failedSyncMayWrite: true },
};

/** The rules of a profile in which power is cut. */
export function rulesOf(profile: Exclude<Profile, "kill">): ProfileRules {
  return RULES[profile];
}

/** What really becomes of each unit, when `fates` is read by the rules: a legal fate for every unit, in their order. */
export function settleFates(units: readonly PendingUnit[], fates: Fates, rules: ProfileRules): number[] {
  const cutQueues = new Set<number>();
  return units.map((unit) => {
    if (unit.standing === "durable") return INTACT;
    const fate = legalFate(unit, fates[unit.fateIndex] ?? 0, rules);
    const queue = unit.standing === "pending" ? rules.queueOf(unit) : undefined;
    if (queue === undefined) return fate;
    if (cutQueues.has(queue)) return LOST;
    if (fate !== INTACT) cutQueues.add(queue);
    return fate;
  });
}

function legalFate(unit: PendingUnit, fate: number, rules: ProfileRules): number {
  const meant = unit.standing === "cache-only" ? afterFailedSync(fate, rules) : fate;
  const kind = fateKind(meant);
  if (kind === "intact") return rules.kinds.includes("intact") ? INTACT : LOST;
  if (!rules.kinds.includes(kind) || !kindsOfUnit(unit).includes(kind)) return LOST;
  return meant;
}

function afterFailedSync(fate: number, rules: ProfileRules): number {
  if (!rules.failedSyncMayWrite || fateKind(fate) === "intact") return LOST;
  return fateKind(fate) === "lost" ? INTACT : fate;
}

/** What can become of a unit of this kind at all. */
export function kindsOfUnit(unit: PendingUnit): readonly FateKind[] {
  if (unit.kind === "bytes") return FATE_KINDS;
  return unit.kind === "entry" ? ["intact", "lost"] : IN_ORDER;
}

function noQueue(): undefined {
  return undefined;
}

function queuePerFile(unit: PendingUnit): number {
  return unit.kind === "entry" ? DIRECTORIES : unit.logged.object;
}
