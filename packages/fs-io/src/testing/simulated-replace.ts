import { FsError } from "../errors.ts";
import { replacementPath } from "../file-system.ts";
import { bytesKept, faultError, isRefused, type Fault } from "./simulated-faults.ts";
import type { SimulatedMachine, SimulatedProcess } from "./simulated-machine.ts";
import { appendWithin, fsFailure, mustBeDirectory, nameOf, syncEntries, syncFile } from "./simulated-steps.ts";
import type { DirectoryNode, FileNode } from "./simulated-nodes.ts";

/**
 * The port's `replace`, as POSIX systems do it, in four calls that can each fail and be the last before a crash:
 *
 *     replace.write            create path.new (what a crash left there is removed first), write     unchanged
 *     replace.sync             make its bytes durable                                                unchanged
 *     replace.rename           path.new becomes path                                                 unknown
 *     replace.syncDirectory    make the names durable                                                unknown
 *
 * On the right: the `outcome` when it fails there. Where directories cannot be synced the last is left out.
 */
export async function replaceSimulated(
  machine: SimulatedMachine,
  process: SimulatedProcess,
  path: string,
  parent: string,
  bytes: Uint8Array,
): Promise<void> {
  // A copy before the first wait: the caller's bytes are the caller's again when `replace` has returned its promise.
  const content = new Uint8Array(bytes);
  const replacement = new Replacement(machine, path, parent);
  const step = (name: string, work: (fault: Fault | undefined, upTo: number) => void): Promise<void> => {
    const upTo = machine.state.position;
    return machine.submit(process, `replace.${name}`, path, (fault) => work(fault, upTo));
  };
  let outcome: "unchanged" | "unknown" = "unchanged";
  try {
    await step("write", (fault) => replacement.write(content, fault));
    await step("sync", (fault, upTo) => replacement.sync(fault, upTo));
    outcome = "unknown";
    await step("rename", (fault) => replacement.rename(fault));
    await step("syncDirectory", (fault, upTo) => replacement.syncNames(fault, upTo));
  } catch (error) {
    if (!process.alive || machine.isStopped) return new Promise(() => {});
    if (outcome === "unchanged") replacement.remove();
    throw withOutcome(error as FsError, path, outcome);
  }
}

class Replacement {
  readonly #machine: SimulatedMachine;
  readonly #path: string;
  readonly #parent: string;

  constructor(machine: SimulatedMachine, path: string, parent: string) {
    this.#machine = machine;
    this.#path = path;
    this.#parent = parent;
  }

  write(content: Uint8Array, fault: Fault | undefined): void {
    if (fault !== undefined && isRefused(fault)) throw faultError(fault.kind, "replace", this.#path);
    const { state } = this.#machine;
    if (state.lookup(this.#path)?.kind === "directory") {
      throw fsFailure("FS_IO", "replace", this.#path, "it is a directory");
    }
    const directory = this.#directory();
    this.#mustBeFree(replacementPath(this.#path));
    this.remove();
    const target = state.nextId;
    const path = replacementPath(this.#path);
    this.#machine.step({ kind: "link", path, directory: directory.id, name: nameOf(path), target, made: "file" });
    const end = fault === undefined ? content.length : bytesKept(fault, content.length);
    if (!this.#machine.isStopped) appendWithin(this.#machine, "replace", path, this.#file(), content, 0, end);
    if (fault !== undefined) throw faultError(fault.kind, "replace", this.#path);
  }

  sync(fault: Fault | undefined, upTo: number): void {
    const kind = syncFile(this.#machine, replacementPath(this.#path), this.#file(), upTo, fault);
    if (kind !== undefined) throw faultError(kind, "replace", this.#path);
  }

  rename(fault: Fault | undefined): void {
    if (fault !== undefined) throw faultError(fault.kind, "replace", this.#path);
    const from = nameOf(replacementPath(this.#path));
    const directory = this.#directory().id;
    this.#mustBeFree(this.#path);
    this.#mustBeFree(replacementPath(this.#path));
    const target = this.#file().id;
    this.#machine.step({ kind: "rename", path: this.#path, directory, from, name: nameOf(this.#path), target });
  }

  /** Where there is no sync of a directory, that of the file does it, under its new name. */
  syncNames(fault: Fault | undefined, upTo: number): void {
    const kind = this.#machine.syncsDirectories
      ? syncEntries(this.#machine, this.#parent, this.#directory(), upTo, fault)
      : syncFile(this.#machine, this.#path, this.#replaced(), upTo, fault);
    if (kind !== undefined) throw faultError(kind, "replace", this.#path);
  }

  /** Removes what lies where the new content is prepared. */
  remove(): void {
    const path = replacementPath(this.#path);
    const node = this.#machine.state.lookup(path);
    if (node === undefined || (node.kind === "file" && this.#machine.isHeld(node))) return;
    this.#machine.step({ kind: "unlink", path, directory: this.#directory().id, name: nameOf(path) });
  }

  #mustBeFree(path: string): void {
    const node = this.#machine.state.lookup(path);
    if (node?.kind !== "file" || !this.#machine.isHeld(node)) return;
    throw fsFailure("FS_NOT_PERMITTED", "replace", this.#path, `${path} is open`);
  }

  #directory(): DirectoryNode {
    return mustBeDirectory(this.#machine.state.lookup(this.#parent), "replace", this.#path);
  }

  #replaced(): FileNode {
    const node = this.#machine.state.lookup(this.#path);
    if (node?.kind === "file") return node;
    throw fsFailure("FS_NOT_FOUND", "replace", this.#path, "the replaced file is gone");
  }

  #file(): FileNode {
    const node = this.#machine.state.lookup(replacementPath(this.#path));
    if (node?.kind === "file") return node;
    throw fsFailure("FS_NOT_FOUND", "replace", this.#path, "the prepared content is gone");
  }
}

function withOutcome(error: FsError, path: string, outcome: "unchanged" | "unknown"): FsError {
  return new FsError(error.code, error.message, { operation: "replace", path, outcome, cause: error.cause ?? error });
}
