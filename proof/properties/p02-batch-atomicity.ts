import { applyChange, describeContents, fits, type ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { violated, type Property } from "./property.ts";

export const batchAtomicity: Property = {
  id: "P2",
  title: "Batch atomicity",
  statement: "Of a batch, all of its changes are there after a crash, or none; wherever its bytes came to lie.",
  why:
    "Batches are how users keep two keys in step: an entry and its index, a message and its counter. Half a batch is a " +
    "state that no program ever was in. It happens where a batch may be cut in two by a new segment, or where recovery " +
    "replays records one by one and takes those before the first bad one.",
};

/**
 * What was read is not the state in the middle of a batch. Asked where the state is not that after any number of whole
 * commits, to say what kind of wrong it is.
 * @throws PropertyViolation
 */
export function mustBeWhole(read: ReadonlyMap<string, string>, obligation: Obligation, time: ReadingTime): void {
  const { units, counts } = obligation;
  for (const count of counts) {
    const batch = units[count];
    if (batch === undefined || batch.changes.length < 2) continue;
    const contents = new Map(obligation.contentsAfter(count));
    for (const [index, change] of batch.changes.slice(0, -1).entries()) {
      applyChange(contents, change);
      if (!fits(read, contents, time)) continue;
      const part = `${index + 1} of the ${batch.changes.length} changes of commit ${count + 1}`;
      violated(batchAtomicity, `the store holds ${describeContents(read)}: ${part}`);
    }
  }
}
