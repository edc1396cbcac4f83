import { countsThatFit, type Obligation } from "../oracle/obligation.ts";
import { describeContents, type ReadingTime } from "../oracle/model.ts";
import { mustBeWhole } from "./p02-batch-atomicity.ts";
import { mustHaveBeenWritten } from "./p05-no-phantom.ts";
import { mustNotHaveComeBack } from "./p06-no-resurrection.ts";
import { mustHonourExpiry } from "./p12-expiry.ts";
import { violated, type Property } from "./property.ts";

export const durablePrefix: Property = {
  id: "P1",
  title: "Durable prefix",
  statement:
    "After a crash at any step the store holds exactly the first k commits of its log, in their order, for some k that " +
    "is no smaller than what the disk knew to be durable at that step, and no larger than what had been handed to it. " +
    "Where only the process died, it is all that had been handed to it.",
  why:
    "A store that loses the third of five writes has kept each single promise and is wrong all the same: an account is " +
    "debited and never credited. Oracles that ask key by key cannot see it; a prefix can be checked whole. The lower " +
    "bound is told by the disk, never by the store, as a store that syncs the wrong file believes itself safe.",
};

/**
 * What was read after a crash is the state after the first k commits; returns every k that it may be.
 * @throws PropertyViolation if it is none; by the name of the more special property, where one tells more
 */
export function mustBeDurablePrefix(
  read: ReadonlyMap<string, string>,
  obligation: Obligation,
  time: ReadingTime,
): readonly number[] {
  const counts = countsThatFit(obligation, read, time);
  if (counts.length > 0) return counts;
  mustHaveBeenWritten(read, obligation.units);
  mustBeWhole(read, obligation, time);
  mustHonourExpiry(read, obligation, time);
  mustNotHaveComeBack(read, obligation, time);
  return violated(durablePrefix, complaint(read, obligation));
}

/** What was read, and what might have been, each in a line. */
export function complaint(read: ReadonlyMap<string, string>, obligation: Obligation): string {
  const lines = obligation.counts.map((count) => `  ${describeState(count, obligation)}`);
  return `the store holds ${describeContents(read)}, which is none of\n${lines.join("\n")}`;
}

/** The state after so many commits, in a line. */
export function describeState(count: number, obligation: Obligation): string {
  const commits = count === 1 ? "1 commit" : `${count} commits`;
  return `after ${commits}: ${describeContents(obligation.contentsAfter(count))}`;
}
