import { FsError, type FsErrorCode } from "../errors.ts";

/**
 * What can go wrong with one call of the port:
 *
 * - `EIO` (`FS_IO`): any call. An append leaves nothing behind unless `keepBytes` says so.
 * - `ENOSPC` (`FS_NO_SPACE`): whatever needs room, syncs and closes included, as a file system may look for it only then.
 * - `EMFILE` (`FS_TOO_MANY_OPEN`): whatever opens a file, a directory or a socket. Nothing was done.
 * - `EPERM` (`FS_NOT_PERMITTED`): whatever names a path instead of using an open file, as permissions change under a
 *   program, and on Windows a virus scanner holds what is to be removed, renamed or opened. Nothing was done.
 * - `short`: an append gets half of its bytes in (or `keepBytes`) and then fails with `FS_NO_SPACE`; a read returns half
 *   of what it was asked for, against the port's contract, as a file that shrank under its reader would.
 *
 * What becomes of the bytes that a failing sync should have made durable is said by `Fault.failedSync`. A directory that
 * could not be opened for its sync (`EMFILE`, `EPERM`) is as it was: a later sync makes its entries durable.
 *
 * A `close` that fails (as on volumes that write when a file is closed) has closed the handle all the same, and by the
 * port's contract its promise resolves; that it failed stands in the trace. What was synced stays so. What was appended
 * through whatever handle and not synced is as after a failed sync that is `kept`, if the handle was open for appending:
 * programs read it, a later sync through another handle succeeds without having written it, a power cut takes it. So it
 * shows who syncs a file through a handle that was opened after the bytes were written.
 */
export type FaultKind = "EIO" | "ENOSPC" | "EMFILE" | "EPERM" | "short";

/**
 * What a file system makes of bytes that it could not write when a file was synced:
 *
 *                 this sync    the next    programs then read    after a power cut
 *     kept        fails        succeeds    the new bytes         zeros, or a shorter file
 *     evicted     fails        succeeds    zeros                 zeros, or a shorter file
 *     reverted    fails        succeeds    what was durable      what was durable
 *     late        succeeds     fails       the new bytes         zeros, or a shorter file
 *
 * - `kept` (ext4, XFS): their pages are marked clean without having been written. Programs read them from the cache, no
 *   later sync writes them, and a power cut takes them. The file's new length is not lost with them, so zeros are read
 *   in their place. The entries of a directory whose sync fails fare likewise.
 * - `evicted`: as `kept`, and the clean pages leave the cache at once, as they may at any time when memory is short
 *   (`SimulatedDisk.evict` has it happen later). Who reads gets what the disk has, in the file's new length.
 * - `reverted` (btrfs): the file is again what was durable of it, and so long; what was appended while the sync ran is
 *   gone with the rest.
 * - `late` (ext4 with its data in the journal): the sync returns as if all were well. The file's next sync, through
 *   whatever handle, fails instead; what that one covers is not written either. Until then nobody can know.
 *
 * Directories and their entries are always `kept`: file systems journal them, and notice at once. Seen and named in:
 * Rebello et al., "Can applications recover from fsync failures?", USENIX ATC 2020.
 */
export type FailedSync = "kept" | "evicted" | "reverted" | "late";

/** Something that is to go wrong, once or from some call on. */
export interface Fault {
  /**
   * Which call fails: the n-th of the disk's life, counted from 0 (calls to which the kind does not apply do not fail,
   * but count), or the calls that a filter lets through.
   */
  readonly at: number | FaultFilter;
  readonly kind: FaultKind;
  /** Whether everything from there on to which the kind (and the filter) applies fails as well. Default `false`. */
  readonly sticky?: boolean;
  /** How many bytes of a failing append, or of a short read, get through all the same. */
  readonly keepBytes?: number;
  /**
   * What becomes of what a failing sync covers. Default `kept`. With another value the fault hits nothing but syncs of
   * files, the one inside `replace` among them.
   */
  readonly failedSync?: FailedSync;
}

/** Picks calls of the port; what it does not restrict may be anything. */
export interface FaultFilter {
  /** The port's method; `"replace"` for any of its four steps, `"replace.rename"` for one. Default: any. */
  readonly operation?: string;
  /** How the path ends. Default: any. */
  readonly path?: string;
  /** The how many-th call that operation and path let through, counted from 0. Default 0. */
  readonly nth?: number;
}

/** The faults that a disk is to show, and the count of calls they refer to. */
export class FaultPlan {
  #faults: { readonly fault: Fault; matched: number }[] = [];
  /** How many calls there were that could have failed. */
  calls = 0;
  /** How many of them did. */
  fired = 0;

  add(fault: Fault): void {
    this.#faults.push({ fault, matched: 0 });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The fault that the next call is to have. Every call asks once. */
  next(operation: string, path: string): Fault | undefined {
    const call = this.calls++;
    let chosen: Fault | undefined;
    for (const entry of this.#faults) {
      if (!canHit(entry.fault, operation)) continue;
      if (isMatch(entry, operation, path, call)) chosen ??= entry.fault;
    }
    if (chosen !== undefined) this.fired++;
    return chosen;
  }
}

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

const NEEDS_ROOM = setOf(
  "create append makeDirectory sync close syncDirectory replace.write replace.sync replace.syncDirectory",
);
const OPENS = setOf("create openAppend openRead list syncDirectory lock replace.write replace.syncDirectory");
const MOVES_BYTES = setOf("append read readSync replace.write");
const USES_OPEN_FILE = setOf("append read readSync sync close replace.sync");
const SYNCS_FILE = setOf("sync replace.sync");

const APPLIES: Readonly<Record<FaultKind, (operation: string) => boolean>> = {
  EIO: () => true,
  ENOSPC: (operation) => NEEDS_ROOM.has(operation),
  EMFILE: (operation) => OPENS.has(operation),
  EPERM: (operation) => !USES_OPEN_FILE.has(operation),
  short: (operation) => MOVES_BYTES.has(operation),
};

/** Whether a fault of this kind can hit calls of that operation: a method of the port, `replace` by its steps. */
export function canHit({ kind, failedSync = "kept" }: Omit<Fault, "at">, operation: string): boolean {
  return APPLIES[kind](operation) && (failedSync === "kept" || SYNCS_FILE.has(operation));
}

function isMatch(entry: { fault: Fault; matched: number }, operation: string, path: string, call: number): boolean {
  const { at, sticky = false } = entry.fault;
  if (typeof at === "number") return sticky ? call >= at : call === at;
  if (at.operation !== undefined && operation !== at.operation && !operation.startsWith(`${at.operation}.`))
    return false;
  if (at.path !== undefined && !path.endsWith(at.path)) return false;
  const nth = at.nth ?? 0;
  const count = entry.matched++;
  return sticky ? count >= nth : count === nth;
}

/** How many of `bytes` get through a call that has this fault. */
export function bytesKept(fault: Fault, bytes: number): number {
  return Math.min(bytes, fault.keepBytes ?? (fault.kind === "short" ? bytes >>> 1 : 0));
}

/** Whether the call is refused before it does anything at all. */
export function isRefused(fault: Fault | undefined): boolean {
  return fault?.kind === "EMFILE" || fault?.kind === "EPERM";
}

const CODES: Readonly<
  Record<FaultKind, { readonly code: FsErrorCode; readonly errno: string; readonly words: string }>
> = {
  EIO: { code: "FS_IO", errno: "EIO", words: "simulated input/output error" },
  ENOSPC: { code: "FS_NO_SPACE", errno: "ENOSPC", words: "simulated lack of space" },
  EMFILE: { code: "FS_TOO_MANY_OPEN", errno: "EMFILE", words: "simulated lack of file handles" },
  EPERM: { code: "FS_NOT_PERMITTED", errno: "EPERM", words: "simulated lack of permission" },
  short: { code: "FS_NO_SPACE", errno: "ENOSPC", words: "simulated short write" },
};

/** The error with which a call fails that has a fault of this kind. */
export function faultError(kind: FaultKind, operation: string, path: string): FsError {
  const { code, errno, words } = CODES[kind];
  const cause = Object.assign(new Error(`${errno}: ${words}`), { code: errno });
  return new FsError(code, `${operation} ${path}: ${words}`, { operation, path, cause });
}
