import { fateDetail, fateKind, tearPoint, type Fates } from "./crash-fates.ts";
import { rulesOf, type Profile, type ProfileRules } from "./crash-profiles.ts";
import { FateReader } from "./crash-settling.ts";
import type { PendingUnit } from "./crash-units.ts";

/**
 * A crash in words: a line for everything that was in flight, and what became of it. For the reader of a failed test.
 *
 *     kept              /db/new created
 *     lost              bytes 0..300 of /db/new
 *     kept              length 300 of /db/new
 */
export function describeCrash(units: readonly PendingUnit[], fates: Fates, profile: Profile): string {
  if (profile === "kill") return "the process was killed; everything it handed to the operating system is there";
  if (units.length === 0) return "nothing was in flight";
  const rules = rulesOf(profile);
  const settled = new FateReader(units, rules).settle(fates);
  const lines = units.map((unit, index) => `${remains(unit, settled[index], rules).padEnd(18)}${subject(unit)}`);
  return lines.join("\n");
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
      return unit.kind === "length" ? `only ${unit.from + tear}` : `first ${tear}`;
    case "torn-suffix":
      return isName ? "neither name" : `last ${bytes - tear}`;
    case "garbage":
      return `${rules.reachesOut === "garbage fills the sector" ? "garbage sector" : "garbage"} ${fateDetail(fate)}`;
    case "stale":
      return `stale bytes ${fateDetail(fate)}`;
    case "astray":
      return `gone astray ${fateDetail(fate)}`;
  }
}

function subject({ kind, logged, from, to }: PendingUnit): string {
  const { operation } = logged;
  if (kind === "bytes") return `bytes ${from}..${to} of ${operation.path}`;
  if (kind === "length") return `length ${to} of ${operation.path}`;
  if (operation.kind === "unlink") return `${operation.path} removed`;
  if (operation.kind === "rename") return `${operation.from} renamed to ${operation.path}`;
  const isNew = operation.kind === "link" && operation.made !== undefined;
  return `${operation.path} ${isNew ? "created" : "linked"}`;
}
