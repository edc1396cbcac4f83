import { FsError, type FsErrorCode } from "../errors.ts";

/**
 * What can go wrong with one call of the port:
 *
 * - `EIO` (`FS_IO`): any call. An append leaves nothing behind unless `keepBytes` says so; a sync loses what it covers.
 * - `ENOSPC` (`FS_NO_SPACE`): whatever needs room, syncs included, as a file system may look for the room only then.
 * - `EMFILE` (`FS_TOO_MANY_OPEN`): whatever opens a file.
 * - `short`: an append gets half of its bytes in (or `keepBytes`) and then fails with `FS_NO_SPACE`; a read returns half
 *   of what it was asked for, against the port's contract, as a file that shrank under its reader would.
 *
 * After a sync that failed, the bytes that it covered are marked clean without having been written: programs read them
 * from the cache, no later sync writes them though it succeeds, and a power cut takes them. The file's new length is
 * not lost with them, so zeros are read in their place. Entries that a failed `syncDirectory` covers fare likewise.
 */
export type FaultKind = "EIO" | "ENOSPC" | "EMFILE" | "short";

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
      if (!APPLIES[entry.fault.kind](operation)) continue;
      if (isMatch(entry, operation, path, call)) chosen ??= entry.fault;
    }
    if (chosen !== undefined) this.fired++;
    return chosen;
  }
}

const NEEDS_ROOM: ReadonlySet<string> = new Set(
  "create append makeDirectory sync syncDirectory replace.write replace.sync replace.syncDirectory".split(" "),
);
const OPENS: ReadonlySet<string> = new Set(["create", "openAppend", "openRead", "replace.write"]);
const MOVES_BYTES: ReadonlySet<string> = new Set(["append", "read", "readSync", "replace.write"]);

const APPLIES: Readonly<Record<FaultKind, (operation: string) => boolean>> = {
  EIO: () => true,
  ENOSPC: (operation) => NEEDS_ROOM.has(operation),
  EMFILE: (operation) => OPENS.has(operation),
  short: (operation) => MOVES_BYTES.has(operation),
};

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

const CODES: Readonly<
  Record<FaultKind, { readonly code: FsErrorCode; readonly errno: string; readonly words: string }>
> = {
  EIO: { code: "FS_IO", errno: "EIO", words: "simulated input/output error" },
  ENOSPC: { code: "FS_NO_SPACE", errno: "ENOSPC", words: "simulated lack of space" },
  EMFILE: { code: "FS_TOO_MANY_OPEN", errno: "EMFILE", words: "simulated lack of file handles" },
  short: { code: "FS_NO_SPACE", errno: "ENOSPC", words: "simulated short write" },
};

/** The error with which a call that has this fault fails. */
export function faultError(fault: Fault, operation: string, path: string): FsError {
  const { code, errno, words } = CODES[fault.kind];
  const cause = Object.assign(new Error(`${errno}: ${words}`), { code: errno });
  return new FsError(code, `${operation} ${path}: ${words}`, { operation, path, cause });
}
