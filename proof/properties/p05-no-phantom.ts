import { describeContents, type Unit } from "../oracle/model.ts";
import { violated, type Property } from "./property.ts";

export const noPhantom: Property = {
  id: "P5",
  title: "No phantom",
  statement:
    "Every key and value that a store shows, somebody once wrote, together; and its log holds no put and no tombstone that " +
    "nobody asked for.",
  why:
    "Garbage that passes for a record is worse than a lost one: nobody looks for it. It has come from zeros whose " +
    "checksum is that of nothing, from stale blocks of an older file with a valid checksum of their own, from a key of " +
    "one record joined to the value of another. In a proof no two writes have the same value, so a value tells its write.",
};

/** @throws PropertyViolation for a key with a value that no write gave it */
export function mustHaveBeenWritten(read: ReadonlyMap<string, string>, units: readonly Unit[]): void {
  for (const [key, value] of read) {
    const isWritten = units.some(({ changes }) =>
      changes.some((change) => change.key === key && change.value === value),
    );
    if (!isWritten) violated(noPhantom, `${describeContents(new Map([[key, value]]))} was never written`);
  }
}

/** @throws PropertyViolation always: the log has a record that no write and no `clear()` has asked for */
export function mustNotBeInTheLog(key: string, value: string | undefined): never {
  const what = value === undefined ? "a tombstone" : describeContents(new Map([[key, value]]));
  return violated(noPhantom, `the log holds ${what} of ${JSON.stringify(key)}, and nobody asked for it`);
}
