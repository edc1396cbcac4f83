import type { History } from "../oracle/history.ts";
import { applyUnit, contentsAfter, describeContents, fits, fitsDelete, type ReadingTime } from "../oracle/model.ts";
import { violated, type Property } from "./property.ts";

export const readYourWrites: Property = {
  id: "P4",
  title: "Read your writes, and nothing that a crash takes back",
  statement:
    "A read sees every write that was acknowledged before it began, in log order, and no write that a crash could " +
    "still take back, beyond what the sync policy allows: under `always`, nothing that is not durable is visible.",
  why:
    "A program that reads a value acts on it: it sends the mail, it answers the request. If the value is gone after the " +
    "crash, the world knows of something that never was. And a write that was acknowledged and is not seen breaks the " +
    "simplest expectation that anybody has of a store.",
};

/**
 * What all keys together show is the state after some number of commits: all that are acknowledged, and none beyond
 * `most`, which is what the sync policy lets be seen.
 */
export function mustSeeAcknowledged(
  read: ReadonlyMap<string, string>,
  { units, acknowledged }: History,
  most: number,
  time: ReadingTime,
): void {
  const contents = contentsAfter(units, acknowledged);
  for (let count = acknowledged; count <= most; count += 1) {
    if (fits(read, contents, time)) return;
    if (count < units.length) applyUnit(contents, units[count]!);
  }
  const expected = describeContents(contentsAfter(units, acknowledged));
  violated(readYourWrites, `${describeContents(read)} is visible, where ${expected} is acknowledged`);
}

/** A delete answers whether there was something to delete. */
export function mustAnswerTruly(
  existed: boolean,
  key: string,
  before: ReturnType<typeof contentsAfter>,
  time: ReadingTime,
): void {
  if (fitsDelete(existed, key, before, time)) return;
  violated(readYourWrites, `delete(${key}) answered ${existed}, where there was ${describeContents(before)}`);
}

/** `clear()` resolved, and has not deleted those keys, which could be seen when it was called. */
export function mustHaveDeleted(missing: readonly string[]): void {
  if (missing.length > 0) violated(readYourWrites, `clear() left ${missing.map((key) => JSON.stringify(key)).join()}`);
}

/** Two ways to read the same key agree. */
export function mustAgree(key: string, ways: Readonly<Record<string, string | undefined>>): void {
  const answers = new Set(Object.values(ways));
  if (answers.size > 1) violated(readYourWrites, `of the key ${key}: ${JSON.stringify(ways)}`);
}

/** What all keys together show is one of the states that may be seen; returns which. */
export function mustBeVisible(shown: string, allowed: readonly string[]): number {
  const found = allowed.indexOf(shown);
  return found >= 0 ? found : violated(readYourWrites, `${shown} is visible, which is none of ${allowed.join(" ")}`);
}
