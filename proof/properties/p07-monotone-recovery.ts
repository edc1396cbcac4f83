import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import type { History } from "../oracle/history.ts";
import { describeContents } from "../oracle/model.ts";
import { violated, type Property } from "./property.ts";

export const monotoneRecovery: Property = {
  id: "P7",
  title: "What an opening has shown stays",
  statement:
    "Whatever a store shows after it was opened survives every later crash; and to open a recovered store again " +
    "repairs nothing and shows the same.",
  why:
    "Recovery reads through the operating system's cache. After a failed sync and a restart of the process the cache " +
    "holds bytes that the disk does not have and that no second sync will write: a recovery that shows them, and even " +
    "syncs them, has told its user of data that the next power cut takes. So recovery must make durable what it shows, " +
    "by itself; and must not do so twice.",
};

/** A second look at a recovered store shows what the first did. */
export function mustShowTheSame(
  read: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  when: string,
): void {
  if (describeContents(read, Infinity) === describeContents(before, Infinity)) return;
  violated(
    monotoneRecovery,
    `${when} the store holds ${describeContents(read)}, and had shown ${describeContents(before)}`,
  );
}

/** Since that line of the trace, no opening has appended to a segment. */
export function mustNotRepair(disk: SimulatedDisk, since: number): void {
  for (const event of disk.trace.slice(since)) {
    if (event.type !== "step" || event.operation.kind !== "append") continue;
    if (!event.operation.path.endsWith(".segment")) continue;
    violated(monotoneRecovery, `opening a recovered store appended to ${event.operation.path}`);
  }
}

/** The store was opened after a kill: all that it shows is on the disk by now. */
export function mustBeDurableNow(history: History): void {
  if (history.floor === history.units.length) return;
  violated(
    monotoneRecovery,
    `an opening shows ${history.units.length} writes, and the disk has ${history.floor} for certain`,
  );
}

/** The last sequence that a recovered store names is that of a state which it may show. */
export function mustKnowItsLast(count: number, counts: readonly number[]): void {
  if (counts.includes(count)) return;
  violated(
    monotoneRecovery,
    `the store shows the state after ${counts.join(" or ")} commits, and names the end of ${count}`,
  );
}
