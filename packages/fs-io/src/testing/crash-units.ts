import type { LoggedOperation, Standing } from "./simulated-state.ts";

/**
 * The units in which a power cut takes what is pending: every entry of a directory by itself; of every append, each
 * sector's part of it, and then the file's new length.
 *
 *     append of 700 bytes at 400:   [400, 512)  [512, 1024)  [1024, 1100)  length 1100
 */
export interface PendingUnit {
  readonly kind: "bytes" | "length" | "entry";
  readonly logged: LoggedOperation;
  /** Where it lies in its file; of a length: the old and the new one. 0 for an entry. */
  readonly from: number;
  readonly to: number;
  readonly standing: Standing;
  /** Which number of the `Fates` is its own; -1 if it is durable already, and in the log for the order only. */
  readonly fateIndex: number;
}

/** What a disk writes as a whole, unless a `torn` fate says that it did not. */
export const SECTOR_BYTES = 512;

/** The units of a log, in the order in which they were issued. */
export function unitsOf(log: readonly LoggedOperation[]): PendingUnit[] {
  const units: PendingUnit[] = [];
  let fates = 0;
  const add = (kind: PendingUnit["kind"], logged: LoggedOperation, from: number, to: number): void => {
    const standing = kind === "length" ? logged.lengthStanding : logged.standing;
    units.push({ kind, logged, from, to, standing, fateIndex: standing === "durable" ? -1 : fates++ });
  };
  for (const logged of log) {
    if (logged.operation.kind !== "append") {
      add("entry", logged, 0, 0);
      continue;
    }
    const { offset, bytes } = logged.operation;
    const end = offset + bytes;
    for (let at = offset; at < end; at = sectorEnd(at, end)) add("bytes", logged, at, sectorEnd(at, end));
    add("length", logged, offset, end);
  }
  return units;
}

function sectorEnd(at: number, end: number): number {
  return Math.min(end, at - (at % SECTOR_BYTES) + SECTOR_BYTES);
}
