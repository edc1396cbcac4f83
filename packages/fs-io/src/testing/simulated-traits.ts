import type { EntryOperation, MicroOperation, SyncOperation } from "./simulated-trace.ts";

/**
 * In what a simulated disk, and the file system on it, differ from the strict one: which says of a sync that it covers
 * the one file, or the entries of the one directory, and nothing else.
 *
 * These are options of a disk and no profiles: a profile says what a crash may take of all that is not durable, and is
 * chosen when the crash is derived; these say what is durable, and in which order it became so. The floor under what has
 * to survive (`durableBytes`, `isEntryDurable`) depends on them, and is known while the program runs.
 */
export interface DiskTraits {
  /**
   * What the file system does as Windows does it, as far as the port lets that show. Default `"posix"`.
   *
   * On `"windows"` a file that is open cannot be removed (`FS_BUSY`) or replaced (`FS_NOT_PERMITTED`, with `outcome`
   * "unknown"). A directory cannot be synced: `syncDirectory` does nothing, and `replace` syncs the file again after its
   * rename. The operations on all directories go through one journal: they become durable in their order, under every profile, and
   * when a file is synced, all that were issued before that are durable. The last is an assumption about NTFS, whose log
   * is written in order, and up to the file's own entry at least when the file is flushed; it is not documented.
   */
  readonly platform?: "posix" | "windows";
  /**
   * Whether the sync of a file makes its names durable as well, and those of the directories above it, as ext4, XFS and
   * btrfs do ("safe file flush" in ALICE). Default `false`, as POSIX promises nothing of it: a program that keeps its
   * promises only with `true` relies on the file system. Every image of such a disk is one of the strict disk, too; it
   * is what counts as durable that differs.
   */
  readonly safeFileFlush?: boolean;
  /**
   * Whether syncs return and cover nothing, as on drives and in virtual machines that acknowledge a flush they did not
   * do. Default `false`. INFORMATIONAL: no program can keep its promises. What it can be asked is that under the profile
   * `prefix`, where what was issued earlier is never lost without what came later, it comes back to some earlier state,
   * maybe below what was acknowledged, but whole; under the others, in which only syncs keep an order, that it never
   * shows a wrong value. `durableBytes` is not deceived: it is 0.
   */
  readonly lyingSyncs?: boolean;
}

/** What becomes of a step on a disk of these traits: what the trace says, and what is replayed. */
export function asTaken(operation: MicroOperation, traits: DiskTraits): MicroOperation {
  switch (operation.kind) {
    case "sync":
      return syncAsTaken(operation, traits);
    case "link":
    case "unlink":
    case "rename":
      return traits.platform === "windows" ? journaled(operation) : operation;
    default:
      return operation;
  }
}

function syncAsTaken(operation: SyncOperation & { kind: "sync" }, traits: DiskTraits): MicroOperation {
  if (traits.lyingSyncs) return { ...operation, upTo: 0 };
  if (traits.platform === "windows") return { ...operation, names: "all" };
  return traits.safeFileFlush ? { ...operation, names: "its own" } : operation;
}

function journaled(operation: EntryOperation): EntryOperation {
  return { ...operation, journaled: true };
}
