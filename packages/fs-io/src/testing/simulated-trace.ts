import type { FsErrorCode } from "../errors.ts";
import type { Fates } from "./crash-fates.ts";
import type { Profile } from "./crash-profiles.ts";
import type { FaultKind } from "./simulated-faults.ts";

/**
 * What a simulated disk writes down, as plain data: the steps that change the disk (from which every crash image can
 * be derived again, without running the program a second time), and around them the calls that caused the steps.
 *
 * Files and directories are known by a number (an inode) that is never given out twice, as a name may lead to
 * another file later. `path` is what the file was called when the step was taken, and there for the reader only.
 */
export type MicroOperation =
  | AppendOperation
  | EntryOperation
  | SyncOperation
  | EvictOperation
  | { readonly kind: "power-cut"; readonly fates: Fates; readonly profile: Profile };

/** Up to one page of bytes at the end of a file: at a power cut its sectors and the file's length fare separately. */
export interface AppendOperation {
  readonly kind: "append";
  readonly path: string;
  readonly file: number;
  /** Where the bytes begin in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A change of one directory's entries: each of them is lost or kept as a whole. */
export type EntryOperation = (
  | {
      readonly kind: "link";
      readonly path: string;
      readonly directory: number;
      readonly name: string;
      readonly target: number;
      /** What `target` is, when this step makes it; `undefined` for a further name of an existing file. */
      readonly made: "file" | "directory" | undefined;
    }
  | { readonly kind: "unlink"; readonly path: string; readonly directory: number; readonly name: string }
  | {
      readonly kind: "rename";
      /** The new path. */
      readonly path: string;
      readonly directory: number;
      readonly from: string;
      readonly name: string;
      readonly target: number;
    }
) & {
  /** Whether it goes through a journal that keeps the order of all of them, whatever the profile is. */
  readonly journaled?: true;
};

/**
 * The return of a sync of `target` (a file, or a directory's entries). It covers the steps on it below the ordinal
 * `upTo`: those taken before the call. What was done between call and return is not covered.
 *
 * - `sync`: what it covers is durable.
 * - `sync-failed`: what it covers only the cache knows, for ever. Also: a close on which unsynced bytes could not be
 *   written.
 * - `sync-late`: the same, and the caller was told that all is well; the file's next sync fails of `owed`.
 * - `sync-reverted`: the file is what was durable of it, and nothing else of it is anywhere.
 */
export type SyncOperation =
  | {
      readonly kind: "sync";
      readonly path: string;
      readonly target: number;
      /** 0 if the disk lied. */
      readonly upTo: number;
      /** Whether operations on directories below `upTo` are covered as well: those that name `target`, or all. */
      readonly names?: "its own" | "all";
    }
  | { readonly kind: "sync-failed"; readonly path: string; readonly target: number; readonly upTo: number }
  | {
      readonly kind: "sync-late";
      readonly path: string;
      readonly target: number;
      readonly upTo: number;
      readonly owed: FaultKind;
    }
  | { readonly kind: "sync-reverted"; readonly path: string; readonly target: number };

/**
 * The pages of a file leave the cache: what of its bytes is `cache-only` is from now on read as what the disk has, zeros.
 * Its length, and what of it is on its way to the disk yet, stay as they are.
 */
export interface EvictOperation {
  readonly kind: "evict";
  readonly path: string;
  readonly target: number;
}

/** One line of the trace. */
export type TraceEvent =
  /** A call of the port began. `replace` is four calls: `replace.write`, `.sync`, `.rename` and `.syncDirectory`. */
  | {
      readonly type: "call";
      readonly call: number;
      readonly process: number;
      readonly operation: string;
      readonly path: string;
    }
  /** The call of that number returned, or its promise settled. */
  | { readonly type: "return"; readonly call: number; readonly outcome: "ok" | FsErrorCode }
  /** The disk changed. After it, `ordinal + 1` steps have been taken. */
  | { readonly type: "step"; readonly ordinal: number; readonly operation: MicroOperation }
  | { readonly type: "boot" | "kill"; readonly process: number }
  /** What a test wrote into the trace to find a place again. */
  | { readonly type: "mark"; readonly label: string };
