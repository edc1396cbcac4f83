import { EARLIER_LIVES, fateDetail, fateKind, fateOfRest, tearPoint, type Fates } from "./crash-fates.ts";
import { rulesOf, type Profile, type ProfileRules } from "./crash-profiles.ts";
import { FateReader } from "./crash-settling.ts";
import type { PendingUnit } from "./crash-units.ts";
import type { EntryOperation, MicroOperation } from "./simulated-trace.ts";
import { describeStep } from "./step-description.ts";

/**
 * A crash in words: a line for everything that was in flight, and what became of it. For the reader of a failed test.
 *
 *     kept              /db/new created
 *     lost              bytes 0..300 of /db/new
 *     kept              length 300 of /db/new
 *
 * A kill takes nothing of that; there it is the last step before it, if there was one, that says where the program was.
 */
export function describeCrash(
  units: readonly PendingUnit[],
  fates: Fates,
  profile: Profile,
  lastStep: MicroOperation | undefined,
): string {
  if (profile === "kill") return killInWords(lastStep);
  if (units.length === 0) return "nothing was in flight";
  const rules = rulesOf(profile);
  const settled = new FateReader(units, rules).settle(fates);
  const lines = units.map((unit, index) => `${remains(unit, settled[index], rules).padEnd(16)}  ${subject(unit)}`);
  return lines.join("\n");
}

function killInWords(lastStep: MicroOperation | undefined): string {
  const when = lastStep === undefined ? "before its first step" : `right after this step: ${describeStep(lastStep)}`;
  return `the process was killed ${when}; everything it handed to the operating system is there`;
}

function remains(unit: PendingUnit, fate: number, rules: ProfileRules): string {
  const bytes = unit.to - unit.from;
  const tear = tearPoint(fate, bytes);
  const isName = unit.kind === "entry";
  switch (fateKind(fate)) {
    case "intact":
      return unit.standing === "durable" ? "durable" : "kept";
    case "lost":
      return unit.standing === "cache-only" ? "lost by its sync" : "lost";
    case "torn-prefix":
      if (isName) return "both names";
      return unit.kind === "length" ? `only ${unit.from + tear}` : `first ${tear}${insteadOfRest(fate)}`;
    case "torn-suffix":
      return isName ? "neither name" : `last ${bytes - tear}${insteadOfRest(fate)}`;
    case "garbage":
      return `${rules.reachesOut === "garbage fills the sector" ? "garbage sector" : "garbage"} ${fateDetail(fate)}`;
    case "stale":
      return staleWords(fate);
    case "astray":
      return `gone astray ${fateDetail(fate)}`;
  }
}

function insteadOfRest(fate: number): string {
  const rest = fateOfRest(fate);
  if (fateKind(rest) === "garbage") return `, garbage ${fateDetail(rest)}`;
  return fateKind(rest) === "stale" ? `, ${staleWords(rest)}` : "";
}

function staleWords(fate: number): string {
  const detail = fateDetail(fate);
  return detail < EARLIER_LIVES ? `stale bytes ${detail}` : `earlier bytes ${detail - EARLIER_LIVES}`;
}

function subject({ kind, logged, from, to }: PendingUnit): string {
  const { operation } = logged;
  if (kind === "bytes") return `bytes ${from}..${to} of ${operation.path}`;
  if (kind === "length") return `length ${to} of ${operation.path}`;
  return entryInWords(operation as EntryOperation);
}

/** What has happened to a directory: "/db/new created". */
function entryInWords(operation: EntryOperation): string {
  const { path } = operation;
  if (operation.kind === "unlink") return `${path} removed`;
  if (operation.kind === "rename") return `${operation.from} renamed to ${path}`;
  return `${path} ${operation.made === undefined ? "linked" : "created"}`;
}
