import { FsError } from "../errors.ts";
import { ImageFile, type DiskImage } from "./disk-image.ts";
import { FileContents, type Contents } from "./simulated-contents.ts";
import { bytesOnDisk } from "./simulated-eviction.ts";
import type { DirectoryNode, DiskNode, FileNode } from "./simulated-nodes.ts";
import type { AppendOperation, EntryOperation, MicroOperation, SyncOperation } from "./simulated-trace.ts";

/**
 * A disk and the operating system's cache above it, after some number of steps.
 *
 *     what programs see     =  entries, size
 *     certain after a cut   =  durableEntries, durableBytes
 *     between the two       =  log: the steps that no completed sync covers, in the order in which they were issued
 *
 * Invariant: `entries` and `size` are `durableEntries` and `durableBytes` with all of the log applied in order. All
 * change comes through `apply`, so that replaying the steps of a trace leads to the same state as running did.
 */
export class DiskState {
  readonly contents: Contents;
  readonly nodes: Map<number, DiskNode> = new Map();
  log: LoggedOperation[] = [];
  /** What was on the disk before its last power cut, and may lie in its free blocks. */
  residue: readonly ImageFile[] = [];
  /** How many steps have been applied. */
  position = 0;
  #nextId = 0;
  #rootId = 0;

  constructor(image: DiskImage, contents: Contents) {
    this.contents = contents;
    this.#load(image);
  }

  get root(): DirectoryNode {
    return this.nodes.get(this.#rootId) as DirectoryNode;
  }

  /** A number for a node that does not exist yet; the step that makes the node takes it. */
  get nextId(): number {
    return this.#nextId;
  }

  /** One step, unless it is a power cut: see `cutPower`. */
  apply(operation: Exclude<MicroOperation, { kind: "power-cut" }>): void {
    const ordinal = this.position++;
    switch (operation.kind) {
      case "append":
        return this.#append(operation, ordinal);
      case "sync":
        if (operation.names !== undefined) coverNames(this.log, operation.target, operation.upTo, operation.names);
        return this.#cover(operation);
      case "sync-failed":
      case "sync-late":
        return this.#cover(operation);
      case "sync-reverted":
        return this.#revert(this.nodes.get(operation.target) as FileNode);
      case "evict":
        return this.#evict(this.nodes.get(operation.target) as FileNode);
      default:
        return this.#changeEntry(operation, ordinal);
    }
  }

  /** The step that a power cut is: what is left is `image`. */
  cutPower(image: DiskImage): void {
    this.position++;
    this.nodes.clear();
    this.#load(image);
  }

  #load(image: DiskImage): void {
    this.log = [];
    this.residue = image.residue;
    this.#rootId = this.#makeDirectory().id;
    const directories = new Map([["", this.root]]);
    for (const path of image.directories) {
      const directory = this.#makeDirectory();
      directories.set(path, directory);
      enterDurably(directories, path, directory.id);
    }
    const known = new Map<object, FileNode>();
    for (const [path, content] of image.files) {
      const node = known.get(content) ?? this.#makeFile(this.#nextId, content);
      known.set(content, node);
      enterDurably(directories, path, node.id);
      node.links++;
    }
  }

  /** What programs find at `path`. */
  lookup(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root;
    for (const name of namesOf(path)) {
      if (node?.kind !== "directory") return undefined;
      const id: number | undefined = node.entries.get(name);
      if (id === undefined) return undefined;
      node = this.nodes.get(id);
    }
    return node;
  }

  /**
   * What certainly lies at `path` after a power cut that comes now, whatever it takes; `undefined` if nothing is certain
   * to, or a directory on the way or the last entry is not certain.
   */
  lookupDurable(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root;
    for (const name of namesOf(path)) {
      if (node?.kind !== "directory") return undefined;
      const id = this.#durableEntry(node, name);
      if (id === undefined) return undefined;
      node = this.nodes.get(id);
    }
    return node;
  }

  #append(operation: AppendOperation, ordinal: number): void {
    const file = this.nodes.get(operation.file) as FileNode;
    file.size = operation.offset + operation.bytes;
    this.log.push({ ordinal, operation, object: file.id, standing: "pending", lengthStanding: "pending" });
  }

  #changeEntry(operation: EntryOperation, ordinal: number): void {
    const directory = this.nodes.get(operation.directory) as DirectoryNode;
    if (operation.kind === "link" && operation.made === "file") this.#makeFile(operation.target, undefined);
    if (operation.kind === "link" && operation.made === "directory") this.#makeDirectory();
    const before = directory.entries.get(operation.name);
    changeEntries(directory.entries, operation);
    if (operation.kind === "link") this.#countLink(operation.target, 1);
    if (before !== undefined) this.#countLink(before, -1);
    this.log.push({ ordinal, operation, object: directory.id, standing: "pending", lengthStanding: "durable" });
  }

  #countLink(id: number, change: number): void {
    const node = this.nodes.get(id) as DiskNode;
    if (node.kind === "file") node.links += change;
  }

  /** A sync returned: what it covers is durable, or known to the cache alone for ever (a file's length apart). */
  #cover(sync: Exclude<SyncOperation, { kind: "sync-reverted" }>): void {
    const standing = sync.kind === "sync" ? "durable" : "cache-only";
    for (const logged of this.log) {
      if (logged.object !== sync.target || logged.ordinal >= sync.upTo) continue;
      if (logged.standing === "pending") logged.standing = standing;
      if (standing === "durable") logged.lengthStanding = "durable";
    }
    const node = this.nodes.get(sync.target) as DiskNode;
    if (node.kind === "file") node.owed = sync.kind === "sync-late" ? sync.owed : undefined;
    this.#fold();
  }

  /**
   * The file becomes what a power cut that takes all it can would leave of it. Its contents get a number of their own:
   * at earlier crash points other bytes lie at the same offsets.
   */
  #revert(file: FileNode): void {
    const own = this.log.filter(({ object }) => object === file.id);
    const lengths = own.filter(({ lengthStanding }) => lengthStanding === "durable").map(endOf);
    const bytes = Math.max(file.durableBytes, ...lengths);
    const kept = file.contents.buffer.slice(0, bytes);
    for (const logged of own) {
      if (logged.standing !== "durable") kept.fill(0, Math.min(bytes, startOf(logged)), Math.min(bytes, endOf(logged)));
    }
    this.log = this.log.filter(({ object }) => object !== file.id);
    file.contents = this.#contentsOf(this.#nextId++, new ImageFile(kept));
    file.size = bytes;
    file.durableBytes = bytes;
    file.owed = undefined;
  }

  /** Its contents get a number of their own here too. The log stays: what is in the cache alone will never be on the disk. */
  #evict(file: FileNode): void {
    file.contents = this.#contentsOf(this.#nextId++, new ImageFile(bytesOnDisk(file, this.log)));
  }

  /** Takes out of the log what is durable, unless something before it on the same object is not: order must be kept. */
  #fold(): void {
    const blocked = new Set<number>();
    this.log = this.log.filter((logged) => {
      const folds = isDurable(logged) && !blocked.has(logged.object);
      if (folds) this.#foldOne(logged);
      else blocked.add(logged.object);
      return !folds;
    });
  }

  #foldOne({ operation, object }: LoggedOperation): void {
    const node = this.nodes.get(object) as DiskNode;
    if (operation.kind === "append") (node as FileNode).durableBytes = operation.offset + operation.bytes;
    else changeEntries((node as DirectoryNode).durableEntries, operation);
  }

  /** Where the name certainly leads: what the last step that changed it said, if that is durable. */
  #durableEntry(directory: DirectoryNode, name: string): number | undefined {
    let id = directory.durableEntries.get(name);
    for (const { operation, standing } of this.log) {
      if (operation.kind === "append" || !touches(operation, directory.id, name)) continue;
      const leads = operation.kind !== "unlink" && operation.name === name;
      id = leads && standing === "durable" ? operation.target : undefined;
    }
    return id;
  }

  #makeFile(id: number, origin: ImageFile | undefined): FileNode {
    this.#nextId = id + 1;
    const contents = this.#contentsOf(id, origin);
    const size = origin?.bytes.length ?? 0;
    const node: FileNode = {
      kind: "file",
      id,
      contents,
      size,
      durableBytes: size,
      links: 0,
      handles: 0,
      owed: undefined,
    };
    this.nodes.set(id, node);
    return node;
  }

  /** The contents that bear this number, of which the running disk has made them if this is a replay. */
  #contentsOf(id: number, origin: ImageFile | undefined): FileContents {
    let contents = this.contents.get(id);
    if (contents === undefined) {
      contents = new FileContents(origin);
      this.contents.set(id, contents);
    }
    return contents;
  }

  #makeDirectory(): DirectoryNode {
    const id = this.#nextId++;
    const node: DirectoryNode = { kind: "directory", id, entries: new Map(), durableEntries: new Map() };
    this.nodes.set(id, node);
    return node;
  }
}

/** The names along a path. The same few paths are looked up by the million, so they are taken apart once. */
function namesOf(path: string): readonly string[] {
  let names = knownPaths.get(path);
  if (names === undefined) {
    names = path.split("/").filter((name) => name !== "");
    if (knownPaths.size === PATHS_KNOWN_MAX) knownPaths.clear();
    knownPaths.set(path, names);
  }
  return names;
}

const knownPaths = new Map<string, readonly string[]>();
const PATHS_KNOWN_MAX = 10_000;

/** How far a logged step has come: on its way, on the disk for certain, or in the cache alone, as its sync failed. */
export type Standing = "pending" | "durable" | "cache-only";

/** A step that no completed sync covers, or that lies behind one of which that is true. */
export interface LoggedOperation {
  readonly ordinal: number;
  readonly operation: AppendOperation | EntryOperation;
  /** The file or directory that a sync of this step would have to name. */
  readonly object: number;
  /** Of the entry, or of the appended bytes. */
  standing: Standing;
  /** Of the file's new length. */
  lengthStanding: "pending" | "durable";
}

/** Does to a directory what the step did. */
export function changeEntries(entries: Map<string, number>, operation: EntryOperation): void {
  if (operation.kind === "unlink") {
    entries.delete(operation.name);
    return;
  }
  if (operation.kind === "rename") entries.delete(operation.from);
  entries.set(operation.name, operation.target);
}

/**
 * Makes operations on directories durable that a file's sync covers. Newest first, so that a name's directory is known
 * to be needed before the operation is met that made it.
 */
function coverNames(log: readonly LoggedOperation[], target: number, upTo: number, which: "its own" | "all"): void {
  const needed = new Set([target]);
  for (const logged of log.toReversed()) {
    const { operation, standing } = logged;
    if (operation.kind === "append" || logged.ordinal >= upTo || standing !== "pending") continue;
    const isNeeded = which === "all" || (operation.kind !== "unlink" && needed.has(operation.target));
    if (!isNeeded) continue;
    logged.standing = "durable";
    needed.add(logged.object);
  }
}

function touches(operation: EntryOperation, directory: number, name: string): boolean {
  if (operation.directory !== directory) return false;
  return operation.name === name || (operation.kind === "rename" && operation.from === name);
}

function startOf({ operation }: LoggedOperation): number {
  return operation.kind === "append" ? operation.offset : 0;
}

function endOf({ operation }: LoggedOperation): number {
  return operation.kind === "append" ? operation.offset + operation.bytes : 0;
}

function isDurable(logged: LoggedOperation): boolean {
  return logged.standing === "durable" && logged.lengthStanding === "durable";
}

function enterDurably(directories: ReadonlyMap<string, DirectoryNode>, path: string, id: number): void {
  const slash = path.lastIndexOf("/");
  const directory = directories.get(path.slice(0, slash));
  if (directory === undefined) {
    const words = `the image has no directory for ${path}`;
    throw new FsError("FS_INVALID_ARGUMENT", words, { operation: "DiskImage", path });
  }
  directory.entries.set(path.slice(slash + 1), id);
  directory.durableEntries.set(path.slice(slash + 1), id);
}
