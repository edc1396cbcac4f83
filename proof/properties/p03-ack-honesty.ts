import type { History } from "../oracle/history.ts";
import type { Unit } from "../oracle/model.ts";
import { violated, type Property } from "./property.ts";

export const ackHonesty: Property = {
  id: "P3",
  title: "Acknowledged means as durable as asked",
  statement:
    "At the moment when the promise of a write resolves, the write and every write before it are as durable as was " +
    "asked: on the disk for the policy `always`, for `{ sync: true }` and for `sync()`; on the disk within the interval " +
    "for `{ intervalMs }`; all of it once `close()` has resolved.",
  why:
    "This is the promise that everything else rests on, and the easiest to break without noticing: a sync of the wrong " +
    "file after a rotation, an acknowledgement of writes that were queued after the sync had begun, a directory entry " +
    "that was never synced. Nothing fails until the day of the power cut. The simulated disk says at each moment what " +
    "is durable, so no power need be cut to see it.",
};

/** The write, acknowledged as durable, is on the disk; so is all before it. */
export function mustBeDurable(history: History, unit: number): void {
  if (history.floor > unit) return;
  violated(ackHonesty, `write ${unit + 1} was acknowledged as durable, and the disk has ${history.floor} for certain`);
}

/** `sync()` resolved: what was written before it was called is on the disk. */
export function mustBeSynced(history: History, writesBefore: number): void {
  if (history.floor >= writesBefore) return;
  violated(ackHonesty, `sync() resolved after ${writesBefore} writes, and the disk has ${history.floor} for certain`);
}

/** `close()` resolved: everything is on the disk. */
export function mustAllBeDurable(history: History): void {
  const { length } = history.units;
  if (history.floor === length) return;
  violated(ackHonesty, `the store is closed after ${length} writes, and the disk has ${history.floor} for certain`);
}

/** All is quiet, no sync runs: nothing that was acknowledged longer ago than the interval still waits for one. */
export function mustBeWithinInterval(history: History, nowMs: number, intervalMs: number): void {
  const isLate = ({ status, acknowledgedAtMs }: Unit, index: number): boolean =>
    index >= history.floor && status === "acknowledged" && acknowledgedAtMs + intervalMs <= nowMs;
  const late = history.units.findIndex(isLate);
  if (late === -1) return;
  violated(ackHonesty, `write ${late + 1} was acknowledged more than the interval ago, and is not durable`);
}
