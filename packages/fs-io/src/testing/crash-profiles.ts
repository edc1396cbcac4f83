import { FATE_KINDS, type FateKind } from "./crash-fates.ts";
import type { PendingUnit } from "./crash-units.ts";

/**
 * What a crash may do, from mild to hostile. Every image of a power cut that one of them allows, those after it allow
 * as well.
 *
 * - `kill`: the process dies and the machine lives on: everything handed to the operating system is there.
 * - `drop-all`: a power cut takes everything that is not synced.
 * - `prefix`: it takes the newest part of that, cut at any byte; everything before is there.
 * - `ordered`: so for each file by itself, and for all directory operations together (as ext4 in its ordered mode, and
 *   XFS): a rename may be kept and the bytes of the file lost, but a file never shows a byte that was not written to it.
 * - `files-ordered`: so for each file by itself, and each directory operation fares by itself (as btrfs, and ext2): of
 *   two names the second may be kept and the first lost.
 * - `free`: any part, in any order; lengths without their bytes; torn, zeroed, garbled and stale sectors.
 *
 * A store is asked to keep all its promises under each of these. Not so under the others: see `INFORMATIONAL_PROFILES`.
 */
export type Profile = "kill" | "drop-all" | "prefix" | "ordered" | "files-ordered" | "free" | InformationalProfile;

/** From mild to hostile: all under which what was acknowledged has to be there. */
export const PROFILES: readonly Profile[] = ["kill", "drop-all", "prefix", "ordered", "files-ordered", "free"];

/**
 * Each is `free` and one thing more, which takes what was synced, so that no program can keep all its promises; what can
 * be asked is less:
 *
 * - `hostile`: a rename is not atomic; a crash leaves both names, or neither (the replaced file is gone as well). ALICE
 *   assumes it; no journaling or copy-on-write file system does it. Asked: the store opens and is right, or it says that
 *   something is missing. Never does it come up empty, or older, without a word.
 * - `neighbours`: garbage fills whole sectors, with what was synced in them before (SQLite's "no powersafe overwrite").
 *   Asked: damage to what was synced is detected; never a wrong value.
 * - `astray`: a sector's write lands on another sector, synced or not. Asked: as of `neighbours`.
 */
export type InformationalProfile = "hostile" | "neighbours" | "astray";

/** None of them is among `PROFILES`. */
export const INFORMATIONAL_PROFILES: readonly InformationalProfile[] = ["hostile", "neighbours", "astray"];

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
  /** Whether a rename can be torn into its parts. */
  readonly renamesTear: boolean;
  /** Whether what becomes of a unit can damage anything outside of it. */
  readonly reachesOut: "no" | "garbage fills the sector" | "writes go astray";
}

const DIRECTORIES = -1;
const EVERYTHING = -2;
const IN_ORDER: readonly FateKind[] = ["intact", "lost", "torn-prefix"];
const WHOLE_OR_LOST: readonly FateKind[] = ["intact", "lost"];
const TORN_RENAME: readonly FateKind[] = ["intact", "lost", "torn-prefix", "torn-suffix"];

const ORDERED: ProfileRules = {
  kinds: IN_ORDER,
  queueOf: (unit) => (unit.kind === "entry" ? DIRECTORIES : unit.logged.object),
  lengthFollowsBytes: true,
  failedSyncMayWrite: false,
  renamesTear: false,
  reachesOut: "no",
};

const FREE: ProfileRules = {
  kinds: FATE_KINDS.filter((kind) => kind !== "astray"),
  queueOf: journalOf,
  lengthFollowsBytes: false,
  failedSyncMayWrite: true,
  renamesTear: false,
  reachesOut: "no",
};

const RULES: Readonly<Record<Exclude<Profile, "kill">, ProfileRules>> = {
  "drop-all": { ...FREE, kinds: ["lost"], failedSyncMayWrite: false },
  prefix: { ...ORDERED, queueOf: () => EVERYTHING },
  ordered: ORDERED,
  "files-ordered": { ...ORDERED, queueOf: (unit) => (unit.kind === "entry" ? journalOf(unit) : unit.logged.object) },
  free: FREE,
  hostile: { ...FREE, renamesTear: true },
  neighbours: { ...FREE, reachesOut: "garbage fills the sector" },
  astray: { ...FREE, kinds: FATE_KINDS, reachesOut: "writes go astray" },
};

/** The rules of a profile in which power is cut. */
export function rulesOf(profile: Exclude<Profile, "kill">): ProfileRules {
  return RULES[profile];
}

/** What can become of this unit, other than that it stays whole, if it is not settled yet. */
export function damagesOf(unit: PendingUnit, rules: ProfileRules): readonly FateKind[] {
  const kinds = kindsOfUnit(unit, rules);
  // There are few different answers, and millions of questions.
  let ofRules = knownDamages.get(rules);
  if (ofRules === undefined) knownDamages.set(rules, (ofRules = new Map()));
  const known = ofRules.get(kinds);
  if (known !== undefined) return known;
  const damages = kinds.filter((kind) => kind !== "intact" && rules.kinds.includes(kind));
  ofRules.set(kinds, damages);
  return damages;
}

const knownDamages = new WeakMap<ProfileRules, Map<readonly FateKind[], readonly FateKind[]>>();

function kindsOfUnit(unit: PendingUnit, rules: ProfileRules): readonly FateKind[] {
  if (unit.kind === "bytes") return FATE_KINDS;
  if (unit.kind === "length") return IN_ORDER;
  const { operation } = unit.logged;
  return rules.renamesTear && operation.kind === "rename" && !operation.journaled ? TORN_RENAME : WHOLE_OR_LOST;
}

/** Directory operations that a journal keeps are kept in their order, whatever else is not. */
function journalOf({ logged: { operation } }: PendingUnit): number | undefined {
  return operation.kind !== "append" && operation.journaled ? DIRECTORIES : undefined;
}
