import type { ReadOnlyStats, StoreStats } from "@hashlog/engine";
import { violated, type Property } from "./property.ts";

export const forwardProgress: Property = {
  id: "P14",
  title: "Forward progress",
  statement:
    "Every promise settles. After every crash that can be the store opens, takes writes, and can be compacted and closed; " +
    "after a clean close everything is there, whatever the next power cut takes. Where no call of the file system fails, " +
    "nothing does in the background either: no hint, checkpoint, seal, removal or merge.",
  why:
    "A store that is safe because it no longer opens has lost everything. And a promise that never settles is a program " +
    "that hangs without a message. What fails in the background is tried again, loses nothing and is told to nobody: one " +
    "that fails each time is found only when the store takes an hour to open, or when the disk is full.",
};

/** @throws PropertyViolation: all is quiet, and the promise has not settled */
export function neverSettles(what: string): never {
  return violated(forwardProgress, `${what} never settles`);
}

/** What had to be possible was refused. */
export function mustBePossible(what: string, error: unknown): never {
  const words = error instanceof Error ? error.message : String(error);
  return violated(forwardProgress, `${what} failed: ${words}`, { cause: error });
}

/** Nothing has failed in the background, where nothing of the file system does. */
export function mustFailInNothing({ failures, compaction }: StoreStats, when: string): void {
  if (compaction.failures.count > 0) tellOf(compaction.failures, "merges in the background have failed", when);
  if (failures.count > 0) tellOf(failures, "failures in the background were noted", when);
}

/** Nor has anything of one who only reads. */
export function mustHaveReadOn({ failures }: Pick<ReadOnlyStats, "failures">): void {
  if (failures.count > 0) tellOf(failures, "failures of a reader were noted", "beside the writer");
}

function tellOf({ count, last }: StoreStats["failures"], what: string, when: string): never {
  const words = last instanceof Error ? last.message : String(last);
  return violated(forwardProgress, `${when}, ${count} ${what}, the last one: ${words}`);
}

/** After that, the store holds what it must. */
export function mustHold(read: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>, when: string): void {
  const lost = [...expected].filter(([key, value]) => read.get(key) !== value).map(([key]) => key);
  const added = [...read.keys()].filter((key) => !expected.has(key));
  if (lost.length + added.length === 0) return;
  const what = [
    ...lost.map((key) => `${JSON.stringify(key)} is not what it was`),
    ...added.map((key) => `${JSON.stringify(key)} is new`),
  ];
  violated(forwardProgress, `${when}: ${what.join(", ")}`);
}
