import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";
import type { FsErrorCode } from "@hashlog/fs-io";
import type { SimulatedFileSystem } from "@hashlog/fs-io/testing";
import { mustChangeNothingUnlocked } from "./p16-single-writer.ts";
import { violated, type Property } from "./property.ts";

export const errorAtomicity: Property = {
  id: "P15",
  title: "A call that fails takes nothing that was promised",
  statement:
    "Whatever call of the file system fails, once or from then on, with an input/output error, for want of room, of " +
    "handles or of permission, or halfway: each operation of the store is done, or refused with a HashlogError whose " +
    "code fits. What was acknowledged is shown; what was refused is not, and may be there at most after a crash or a " +
    "reopening, as long as nothing was acknowledged after it. No file stays open. After a crash and an opening P1 " +
    "holds and the store takes writes. It goes on writing by itself, unless the log or the manifest is in doubt: then " +
    "nothing more is acknowledged until it is opened again.",
  why:
    "Disks fill up, handles run out, a virus scanner holds a file for a second, and a sync fails once and succeeds the " +
    "next time without having written anything. That last one has cost databases acknowledged writes for twenty years: " +
    "they tried again, were told that all was well, and believed it. The paths that errors take are the least run ones " +
    "of any program, and so they are run here, each of them.",
};

/*
 * What a failed sync leaves depends on the file system (`FailedSync` in @hashlog/fs-io/testing), and so does what can be
 * promised:
 *
 * - It keeps the bytes in the cache (ext4, XFS): everything above, as long as they are there. The store never syncs that
 *   file again. The pages count as written, and may leave the cache whenever memory is short: then it is as below.
 * - It reverts the file (btrfs): everything above, but that writes which were acknowledged without a sync may be gone at
 *   once, as if the power had been cut. A read of such a key fails with HASHLOG_CORRUPT until the store is opened again,
 *   and then shows the durable prefix. No wrong value is ever read.
 * - It tells the failure one sync too late (ext4 with its data in the journal): the writes that were acknowledged between
 *   the lie and the failure cannot be saved by anybody. As long as the cache has them nothing is lost. When the store is
 *   told, it acknowledges nothing more. After a power cut it holds a prefix, at least as long as what the disk had before
 *   the lie, or says with HASHLOG_CORRUPT that something is missing (with HASHLOG_VERSION, where garbage stands in the
 *   place of a file's version). It says so too where the lie was about a file that had taken the place of older ones (the
 *   output of a merge, the copy of a tail, the manifest), and then older writes are missing as well: a disk that lies is
 *   outside of what is assumed (ARCHITECTURE.md).
 *
 * A close that fails tells the store nothing (`ReadFile.close` in @hashlog/fs-io), and what was not synced is then as
 * after a failed sync that keeps the bytes. All of the above holds: whatever the store relies upon, it has synced through
 * the handle that wrote it.
 */

/** What failed of that is a HashlogError whose code fits one of the failures that the file system has shown. */
export function mustBeTyped(error: unknown, what: string, shown: FailuresShown): asserts error is HashlogError {
  if (!HashlogError.is(error))
    violated(errorAtomicity, `${what} failed with what is no HashlogError`, { cause: error });
  if (fittingCodes(shown).includes(error.code)) return;
  violated(errorAtomicity, `${what} failed with ${error.code}, which no failure explains`, { cause: error });
}

/** How the file system has failed so far, as its callers saw it. */
export interface FailuresShown {
  readonly codes: ReadonlySet<FsErrorCode>;
  /** Whether bytes were missing that had been written: reads that came short, a file that was reverted, a sync that lied. */
  readonly bytesWereMissing: boolean;
}

function fittingCodes({ codes, bytesWereMissing }: FailuresShown): readonly HashlogErrorCode[] {
  const fitting = [...codes].flatMap((code) => FITTING[code] ?? []);
  return bytesWereMissing ? [...fitting, ...FITTING_WHERE_BYTES_WERE_MISSING] : fitting;
}

const FITTING_WHERE_BYTES_WERE_MISSING: readonly HashlogErrorCode[] = [
  "HASHLOG_CORRUPT",
  "HASHLOG_WRITES_DISABLED",
  // The output of a merge that does not read back is no damage to the store.
  "HASHLOG_IO",
  // Of a file that was torn behind its magic, with garbage in the place of its version, nobody can tell more.
  "HASHLOG_VERSION",
];

const FITTING: Partial<Record<FsErrorCode, readonly HashlogErrorCode[]>> = {
  FS_IO: ["HASHLOG_IO", "HASHLOG_WRITES_DISABLED"],
  FS_NO_SPACE: ["HASHLOG_NO_SPACE", "HASHLOG_WRITES_DISABLED"],
  FS_TOO_MANY_OPEN: ["HASHLOG_IO", "HASHLOG_WRITES_DISABLED"],
  FS_NOT_PERMITTED: ["HASHLOG_NOT_PERMITTED", "HASHLOG_WRITES_DISABLED"],
};

/** What is shown is one of the states that may be. */
export function mustBeOneOf(shown: string, allowed: readonly string[], when: string): void {
  if (allowed.includes(shown)) return;
  violated(errorAtomicity, `${when} the store shows ${shown} instead of ${[...new Set(allowed)].join(" or ")}`);
}

/**
 * After a sync that lied and a power cut: all keys of which the store does not say that they are damaged have the values
 * of one and the same state that may be.
 */
export function mustShowOrTell(
  shown: ReadonlyMap<string, string | undefined>,
  allowed: readonly ReadonlyMap<string, string>[],
): void {
  const entries = [...shown];
  if (allowed.some((state) => entries.every(([key, value]) => state.get(key) === value))) return;
  const values = entries.map(([key, value]) => `${key}=${value?.slice(0, 4)}`).join(" ");
  violated(
    errorAtomicity,
    `after a sync that lied and a power cut the store shows ${values}, and no state is like that`,
  );
}

/** A read gave the value that was acknowledged last. */
export function mustBeAcknowledged(key: string, value: string | undefined, acknowledged: string | undefined): void {
  if (value === acknowledged) return;
  violated(errorAtomicity, `${key} is ${value ?? "missing"}, and ${acknowledged ?? "nothing"} was acknowledged`);
}

/** A read that failed each time was of what may be gone. */
export function mayBeUnreadable(key: string, isExcused: boolean): void {
  if (!isExcused) violated(errorAtomicity, `${key} cannot be read, and nothing explains it any more`);
}

/** No file is open any more, and nothing was changed since the lock was given back. */
export function mustHaveClosedAll(
  { openFiles, changesUnlocked }: Pick<SimulatedFileSystem, "openFiles" | "changesUnlocked">,
  when: string,
): void {
  if (openFiles !== 0) violated(errorAtomicity, `${when} left ${openFiles} files open`);
  mustChangeNothingUnlocked(changesUnlocked, when);
}

/** The log had failed in a way that leaves doubt before the operation began: it may not be told that all is well. */
export function mustHaveStopped(what: string): never {
  return violated(
    errorAtomicity,
    `${what} was acknowledged after the log had failed, before the store was opened again`,
  );
}

/** A write was refused although nothing fails any more: only doubt about the log or the manifest explains that. */
export function mustHaveReason(refusal: unknown, isInDoubt: boolean): void {
  const isDisabled = HashlogError.is(refusal) && refusal.code === "HASHLOG_WRITES_DISABLED";
  if (!isDisabled) violated(errorAtomicity, "a write is refused, though nothing fails any more", { cause: refusal });
  if (!isInDoubt) violated(errorAtomicity, "writes are disabled, and nothing was in doubt", { cause: refusal });
}

/** Nothing fails any more, or ever did: what had to be possible was refused. */
export function mustGoOn(what: string, error: unknown): never {
  return violated(errorAtomicity, `${what} fails, though nothing of the file system does`, { cause: error });
}
