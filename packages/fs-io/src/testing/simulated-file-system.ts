import { FsError } from "../errors.ts";
import type { AppendFile, DirectoryLock, FileStat, FileSystem, ReadFile } from "../file-system.ts";
import { faultError, type Fault } from "./simulated-faults.ts";
import { SimulatedHandle } from "./simulated-handle.ts";
import type { SimulatedMachine, SimulatedProcess } from "./simulated-machine.ts";
import { replaceSimulated } from "./simulated-replace.ts";
import type { DirectoryNode, FileNode } from "./simulated-nodes.ts";
import { fsFailure, mustBeDirectory, nameOf, parentOf, syncEntries } from "./simulated-steps.ts";

/**
 * The file system that one process sees on a simulated disk; `SimulatedDisk.boot` makes it. POSIX in its manners: open
 * files can be removed, directories are synced, links are there; unless the disk's `platform` says otherwise.
 *
 * What a call does to the disk happens when it returns, in one go or (`replace`, long appends) in several steps, each
 * of which can be the last one before a crash. When the process is killed, whatever it waits for never settles, and
 * whatever it calls afterwards fails with `FS_CLOSED`.
 */
export class SimulatedFileSystem implements FileSystem {
  readonly name = "simulated";
  readonly readsSynchronously = true;
  readonly supportsLinks = true;
  readonly #machine: SimulatedMachine;
  readonly #process: SimulatedProcess;

  constructor(machine: SimulatedMachine, process: SimulatedProcess) {
    this.#machine = machine;
    this.#process = process;
  }

  /** The number of the process, as the trace has it. */
  get process(): number {
    return this.#process.id;
  }

  /** How many files the process has open: 0 when it has closed all that it opened. */
  get openFiles(): number {
    return this.#process.openFiles.size;
  }

  /**
   * What the process has changed in directories that it had locked and given back, each by its call: "replace.rename of
   * /store/manifest". Nothing, if it lets go only when it is done.
   */
  get changesUnlocked(): readonly string[] {
    return this.#process.changesUnlocked;
  }

  join(directory: string, name: string): string {
    return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
  }

  parent(path: string): string {
    return parentOf(path);
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#submit("stat", path, () => {
      const node = this.#machine.state.lookup(path);
      return node && { kind: node.kind, bytes: node.kind === "file" ? node.size : 0 };
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.#submit("makeDirectory", path, () => {
      const directory = this.#freePlace("makeDirectory", path);
      this.#link(path, directory, this.#machine.state.nextId, "directory");
    });
  }

  list(directory: string): Promise<string[]> {
    return this.#submit("list", directory, () => [...this.#directory("list", directory).entries.keys()]);
  }

  create(path: string): Promise<AppendFile> {
    return this.#submit("create", path, () => {
      const directory = this.#freePlace("create", path);
      this.#link(path, directory, this.#machine.state.nextId, "file");
      return this.#open("create", path);
    });
  }

  openAppend(path: string): Promise<AppendFile> {
    return this.#submit("openAppend", path, () => this.#open("openAppend", path));
  }

  openRead(path: string): Promise<ReadFile> {
    return this.#submit("openRead", path, () => this.#open("openRead", path));
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    return replaceSimulated(this.#machine, this.#process, path, this.parent(path), bytes);
  }

  remove(path: string): Promise<void> {
    return this.#submit("remove", path, () => {
      if (this.#machine.isHeld(this.#file("remove", path))) throw fsFailure("FS_BUSY", "remove", path, "it is open");
      const directory = this.#directory("remove", path, this.parent(path));
      this.#machine.step({ kind: "unlink", path, directory: directory.id, name: nameOf(path) });
    });
  }

  async syncDirectory(path: string): Promise<void> {
    const upTo = this.#machine.state.position;
    return this.#machine.submit(this.#process, "syncDirectory", path, (fault) => {
      if (!this.#machine.syncsDirectories) return;
      const directory = this.#directory("syncDirectory", path);
      const kind = syncEntries(this.#machine, path, directory, upTo, fault);
      if (kind !== undefined) throw faultError(kind, "syncDirectory", path);
    });
  }

  link(source: string, target: string): Promise<void> {
    return this.#submit("link", target, () => {
      const file = this.#file("link", target, source);
      this.#link(target, this.#freePlace("link", target), file.id, undefined);
    });
  }

  freeBytes(directory: string): Promise<number> {
    return this.#submit("freeBytes", directory, () => {
      this.#directory("freeBytes", directory);
      return this.#machine.freeBytes;
    });
  }

  sharedVolume(directory: string): Promise<string | undefined> {
    return this.#submit("sharedVolume", directory, () => {
      this.#directory("sharedVolume", directory);
      return undefined;
    });
  }

  lock(directory: string, name: string): Promise<DirectoryLock> {
    return this.#submit("lock", directory, () => {
      const key = `${this.#directory("lock", directory).id}/${name}`;
      const { locks } = this.#machine;
      const holder = locks.get(key);
      if (holder !== undefined) {
        const details = { operation: "lock", path: directory, holder: `simulated process ${holder.id}` };
        throw new FsError("FS_LOCKED", `${name} in ${directory} is held by ${details.holder}`, details);
      }
      this.#process.unlocked.delete(directory);
      return new SimulatedLock(locks, key, directory, this.#process);
    });
  }

  isLocked(directory: string, name: string): Promise<boolean> {
    return this.#submit("isLocked", directory, () =>
      this.#machine.locks.has(`${this.#directory("isLocked", directory).id}/${name}`),
    );
  }

  /** A call that, when it fails, does so without having done anything. */
  #submit<T>(operation: string, path: string, work: () => T): Promise<T> {
    return this.#machine.submit(this.#process, operation, path, (fault: Fault | undefined) => {
      if (fault !== undefined) throw faultError(fault.kind, operation, path);
      return work();
    });
  }

  #open(operation: string, path: string): SimulatedHandle {
    const use = operation === "openRead" ? "reading" : "appending";
    return new SimulatedHandle(this.#machine, this.#process, path, this.#file(operation, path), use);
  }

  #link(path: string, directory: DirectoryNode, target: number, made: "file" | "directory" | undefined): void {
    this.#machine.step({ kind: "link", path, directory: directory.id, name: nameOf(path), target, made });
  }

  #file(operation: string, path: string, source: string = path): FileNode {
    const node = this.#machine.state.lookup(source);
    if (node === undefined) throw fsFailure("FS_NOT_FOUND", operation, path, `there is no file ${source}`);
    if (node.kind === "directory") throw fsFailure("FS_IO", operation, path, `${source} is a directory`);
    return node;
  }

  #directory(operation: string, path: string, directory: string = path): DirectoryNode {
    return mustBeDirectory(this.#machine.state.lookup(directory), operation, path);
  }

  /** The directory in which `path` can be made. */
  #freePlace(operation: string, path: string): DirectoryNode {
    if (this.#machine.state.lookup(path) !== undefined) throw fsFailure("FS_EXISTS", operation, path, "it exists");
    return this.#directory(operation, path, this.parent(path));
  }
}

class SimulatedLock implements DirectoryLock {
  readonly #locks: Map<string, SimulatedProcess>;
  readonly #key: string;
  readonly #directory: string;
  #holder: SimulatedProcess | undefined;

  constructor(locks: Map<string, SimulatedProcess>, key: string, directory: string, holder: SimulatedProcess) {
    this.#locks = locks;
    this.#key = key;
    this.#directory = directory;
    this.#holder = holder;
    locks.set(key, holder);
  }

  async release(): Promise<void> {
    if (this.#holder?.alive) this.#locks.delete(this.#key);
    this.#holder?.unlocked.add(this.#directory);
    this.#holder = undefined;
  }
}
