import { describeContents, hasPassed, type ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { violated, type Property } from "./property.ts";

export const noResurrection: Property = {
  id: "P6",
  title: "No resurrection",
  statement: "A key whose delete, overwriting or expiry is durable never shows an older value again.",
  why:
    "This is the bug that this family of stores had most often: a merge drops the tombstone while some older segment " +
    "still holds the key; a merge copies an old value behind a newer one; an expired record is dropped and uncovers " +
    "what it had covered; a cache of the index from before the delete is loaded after it.",
};

/**
 * No key shows a value that a later durable change of the same key has replaced. Asked where the state is none that may
 * be, to say what kind of wrong it is.
 * @throws PropertyViolation
 */
export function mustNotHaveComeBack(
  read: ReadonlyMap<string, string>,
  obligation: Obligation,
  time: ReadingTime,
): void {
  const { units, counts } = obligation;
  const durable = units.slice(0, Math.min(...counts)).flatMap(({ changes }) => changes);
  for (const [key, value] of read) {
    const changes = durable.filter((change) => change.key === key);
    const written = changes.findLastIndex((change) => change.value === value);
    const isReplaced = written !== -1 && written < changes.length - 1;
    const isExpired = written !== -1 && hasPassed(changes[written]!.expiresAtMs, time);
    if (isReplaced || isExpired) {
      violated(
        noResurrection,
        `${describeContents(new Map([[key, value]]))} is back, which was replaced or had expired`,
      );
    }
  }
}
