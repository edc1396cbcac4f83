import { countsThatFit, type Obligation } from "../oracle/obligation.ts";
import { complaint } from "./p01-durable-prefix.ts";
import { violated, type Property } from "./property.ts";

export const backups: Property = {
  id: "P22",
  title: "A backup is a prefix",
  statement:
    "A backup, whenever it was made, opens as a store of its own and holds the state after some prefix of the commits, no " +
    "shorter than what was acknowledged when it was asked for; and the prefix that its report names. Cut off at any moment " +
    "it leaves the earlier one whole.",
  why:
    "A backup is looked at on the day on which nothing else is left. One that was made of two moments, that lacks the last " +
    "hour, or that spoilt the one of yesterday before it failed itself, has looked like a good one until then.",
};

/** The backup was made: its report names so many commits, and no fewer than had been acknowledged at the call. */
export function mustReachAcknowledged(commits: number, acknowledged: number): void {
  if (commits >= acknowledged) return;
  violated(
    backups,
    `a backup ends after ${commits} commits, and ${acknowledged} were acknowledged when it was asked for`,
  );
}

/** What the backup shows, opened as a store of its own, is the state after one of those counts of commits. */
export function mustBeABackup(read: ReadonlyMap<string, string>, obligation: Obligation): void {
  if (countsThatFit(obligation, read, obligation.time).length > 0) return;
  violated(backups, `of the backup, ${complaint(read, obligation)}`);
}

/** It does not open, and one had been made. */
export function mustHaveABackup(error: unknown): never {
  return violated(backups, `a backup was made, and does not open: ${String(error)}`, { cause: error });
}
