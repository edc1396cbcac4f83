import { canHit, type Fault, type FailedSync, type FaultKind } from "@hashlog/fs-io/testing";

/** A way in which a call can fail: the kind, what a failed sync makes of the bytes, and for how long. */
export interface Failure {
  readonly name: string;
  readonly kind: FaultKind;
  readonly failedSync: FailedSync;
  readonly sticky: boolean;
}

/** The ways to fail, from the most harmless on. The cases of the corpus number them: what is new comes last. */
export const WAYS: readonly Omit<Fault, "at">[] = [
  { kind: "EIO" },
  { kind: "ENOSPC" },
  { kind: "short" },
  { kind: "EMFILE" },
  { kind: "EPERM" },
  { kind: "EIO", failedSync: "reverted" },
  { kind: "ENOSPC", failedSync: "reverted" },
  { kind: "EIO", failedSync: "late" },
  { kind: "EIO", failedSync: "evicted" },
];

/** Every way, once and from some call on. */
const FAILURES: readonly Failure[] = WAYS.flatMap(({ kind, failedSync = "kept" }) => {
  const name = failedSync === "kept" ? kind : `${kind}, ${failedSync}`;
  return [false, true].map((sticky) => ({ name: sticky ? `${name}, for ever` : name, kind, failedSync, sticky }));
});

/** Those that can befall a call of that operation. */
export function failuresOf(operation: string): readonly Failure[] {
  return FAILURES.filter((failure) => canHit(failure, operation));
}

/** What a file of a store is, by its name: failures of one are not those of another. */
export function fileKind(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.indexOf(".");
  return dot === -1 ? "directory" : name.slice(dot + 1);
}
