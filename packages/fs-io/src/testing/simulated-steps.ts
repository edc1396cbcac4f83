import { FsError, type FsErrorCode } from "../errors.ts";
import { isRefused, type Fault, type FaultKind } from "./simulated-faults.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { DirectoryNode, DiskNode, FileNode } from "./simulated-nodes.ts";

/** The operating system takes an append page by page: a crash in the middle of a long one leaves some of its pages. */
const PAGE_BYTES = 4096;

/**
 * Appends `source[start..end)`, as much of it as there is room for, a page a step.
 * @throws FsError `FS_NO_SPACE` when that was not all of it
 */
export function appendWithin(
  machine: SimulatedMachine,
  operation: string,
  path: string,
  file: FileNode,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const stop = start + Math.min(end - start, machine.freeBytes);
  file.contents.makeRoom(file.size, file.size + stop - start);
  for (let at = start; at < stop && !machine.isStopped;) {
    const offset = file.size;
    const bytes = Math.min(stop - at, PAGE_BYTES - (offset % PAGE_BYTES));
    file.contents.write(offset, source, at, at + bytes);
    machine.step({ kind: "append", path, file: file.id, offset, bytes });
    at += bytes;
  }
  if (stop < end) throw fsFailure("FS_NO_SPACE", operation, path, "the disk is full");
}

/** The return of a file's sync. Gives what it fails of: its fault, or what an earlier one kept back. */
export function syncFile(
  machine: SimulatedMachine,
  path: string,
  file: FileNode,
  upTo: number,
  fault: Fault | undefined,
): FaultKind | undefined {
  const { owed } = file;
  const target = file.id;
  if (fault?.failedSync === "late") {
    machine.step({ kind: "sync-late", path, target, upTo, owed: fault.kind });
    return owed;
  }
  if (fault?.failedSync === "reverted") machine.step({ kind: "sync-reverted", path, target });
  else machine.step({ kind: (fault?.kind ?? owed) === undefined ? "sync" : "sync-failed", path, target, upTo });
  if (fault?.failedSync === "evicted") machine.evict(file);
  return owed ?? fault?.kind;
}

/**
 * A close on which the system wanted to write what no sync has covered, and could not: pages marked clean, as after a
 * failed sync. Without such pages nothing happens to the file.
 */
export function failToFlush(machine: SimulatedMachine, path: string, file: FileNode): void {
  const { log, position } = machine.state;
  const isDirty = log.some(({ object, standing }) => object === file.id && standing === "pending");
  if (isDirty) machine.step({ kind: "sync-failed", path, target: file.id, upTo: position });
}

/** The return of a directory's sync. Gives what it fails of. */
export function syncEntries(
  machine: SimulatedMachine,
  path: string,
  directory: DirectoryNode,
  upTo: number,
  fault: Fault | undefined,
): FaultKind | undefined {
  const kind = fault === undefined ? "sync" : "sync-failed";
  if (!isRefused(fault)) machine.step({ kind, path, target: directory.id, upTo });
  return fault?.kind;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** @throws FsError `FS_NOT_FOUND` | `FS_NOT_A_DIRECTORY` */
export function mustBeDirectory(node: DiskNode | undefined, operation: string, path: string): DirectoryNode {
  if (node === undefined) throw fsFailure("FS_NOT_FOUND", operation, path, "there is no such directory");
  if (node.kind === "file") throw fsFailure("FS_NOT_A_DIRECTORY", operation, path, "it is a file");
  return node;
}

/** The error of a call that the simulated file system refuses. */
export function fsFailure(code: FsErrorCode, operation: string, path: string, reason: string): FsError {
  return new FsError(code, `${operation} ${path}: ${reason}`, { operation, path });
}
