import { describeContents } from "../oracle/model.ts";
import { violated, type Property } from "./property.ts";

export const iteratorStability: Property = {
  id: "P11",
  title: "An iterator sees one moment",
  statement:
    "An iterator yields exactly the entries that were visible when it was made, each once, whatever is written, deleted, " +
    "expired, merged or removed while it is read.",
  why:
    "A backup, an export, a sum over all accounts are read in one go and take their time. One that mixes two moments " +
    "counts the same money twice. In this family of stores iterators have read files that a merge had removed, and " +
    "have seen a key under its old and its new place.",
};

/** @throws PropertyViolation if the iterator yielded anything else than the entries of its beginning, each once */
export function mustYieldItsMoment(
  yielded: readonly (readonly [string, string])[],
  expected: ReadonlyMap<string, string>,
): void {
  const found = new Map(yielded);
  if (found.size < yielded.length)
    violated(iteratorStability, `a key was yielded twice: ${yielded.map(([key]) => key).join()}`);
  if (describeContents(found, Infinity) === describeContents(expected, Infinity)) return;
  violated(iteratorStability, `${describeContents(found)} was yielded of ${describeContents(expected)}`);
}

/** @throws PropertyViolation if an entry that was yielded is none of the iterator's beginning, or was yielded before */
export function mustBeOfItsMoment(
  [key, value]: readonly [string, string],
  before: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): void {
  if (before.has(key)) violated(iteratorStability, `${key} was yielded twice`);
  if (expected.get(key) === value) return;
  violated(
    iteratorStability,
    `${describeContents(new Map([[key, value]]))} was yielded of ${describeContents(expected)}`,
  );
}
