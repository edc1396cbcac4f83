import { FsError, type FsErrorCode } from "./errors.ts";
import {
  type AppendFile,
  type DirectoryLock,
  type FileStat,
  type FileSystem,
  type ReadFile,
  replacementPath,
} from "./file-system.ts";
import { MemoryContent, MemoryFile } from "./memory-file.ts";

/**
 * A file system in memory, for tests and for stores that are not to outlive the process. Each call makes one of its
 * own, with nothing in it but the root directory `/`; paths are separated by `/`, and relative ones start at the root.
 *
 * Nothing in it can be lost by a crash but everything: what `sync` makes durable, and what an unsynced file may look
 * like after a crash, cannot be tested with it. That is what the simulated file system in `./testing` is for.
 */
export function memoryFileSystem(): FileSystem {
  return new MemoryFileSystem();
}

const DIRECTORY = Symbol("directory");

type Entry = typeof DIRECTORY | MemoryContent;

class MemoryFileSystem implements FileSystem {
  readonly name = "memory";
  readonly readsSynchronously = true;
  readonly supportsLinks = true;
  /** By normalised path. */
  readonly #entries: Map<string, Entry> = new Map([["/", DIRECTORY]]);
  readonly #locks: Set<string> = new Set();

  join(directory: string, name: string): string {
    return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
  }

  parent(path: string): string {
    return parentOf(normalised(path));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const entry = this.#entries.get(normalised(path));
    if (entry === undefined) return undefined;
    return entry === DIRECTORY ? { kind: "directory", bytes: 0 } : { kind: "file", bytes: entry.bytes };
  }

  async makeDirectory(path: string): Promise<void> {
    this.#add("makeDirectory", path, DIRECTORY);
  }

  async list(directory: string): Promise<string[]> {
    this.#mustBeDirectory("list", directory);
    const inside = normalised(directory);
    const names: string[] = [];
    for (const path of this.#entries.keys()) {
      if (path !== "/" && parentOf(path) === inside) names.push(path.slice(path.lastIndexOf("/") + 1));
    }
    return names;
  }

  async create(path: string): Promise<AppendFile> {
    const content = new MemoryContent();
    this.#add("create", path, content);
    return new MemoryFile(content, path);
  }

  async openAppend(path: string): Promise<AppendFile> {
    return new MemoryFile(this.#file("openAppend", path), path);
  }

  async openRead(path: string): Promise<ReadFile> {
    return new MemoryFile(this.#file("openRead", path), path);
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    if (this.#entries.get(normalised(path)) === DIRECTORY) throw failure("FS_IO", "replace", path, "it is a directory");
    this.#mustBeDirectory("replace", path, parentOf(normalised(path)));
    const content = new MemoryContent();
    content.append(bytes, 0, bytes.length);
    this.#entries.set(normalised(path), content);
    // Elsewhere what lies there becomes the file.
    this.#entries.delete(normalised(replacementPath(path)));
  }

  async remove(path: string): Promise<void> {
    this.#file("remove", path);
    this.#entries.delete(normalised(path));
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#mustBeDirectory("syncDirectory", directory);
  }

  async link(source: string, target: string): Promise<void> {
    this.#add("link", target, this.#file("link", target, source));
  }

  async freeBytes(directory: string): Promise<number> {
    this.#mustBeDirectory("freeBytes", directory);
    return Infinity;
  }

  async sharedVolume(directory: string): Promise<string | undefined> {
    this.#mustBeDirectory("sharedVolume", directory);
    return undefined;
  }

  async lock(directory: string, name: string): Promise<DirectoryLock> {
    this.#mustBeDirectory("lock", directory);
    const key = this.join(normalised(directory), name);
    if (this.#locks.has(key)) {
      const details = { operation: "lock", path: directory, holder: "this process" };
      throw new FsError("FS_LOCKED", `"${key}" is held already, by this process`, details);
    }
    this.#locks.add(key);
    return new MemoryLock(() => this.#locks.delete(key));
  }

  async isLocked(directory: string, name: string): Promise<boolean> {
    this.#mustBeDirectory("isLocked", directory);
    return this.#locks.has(this.join(normalised(directory), name));
  }

  #add(operation: string, path: string, entry: Entry): void {
    const key = normalised(path);
    if (this.#entries.has(key)) throw failure("FS_EXISTS", operation, path, "it exists already");
    this.#mustBeDirectory(operation, path, parentOf(key));
    this.#entries.set(key, entry);
  }

  #file(operation: string, path: string, source: string = path): MemoryContent {
    const entry = this.#entries.get(normalised(source));
    if (entry === undefined) throw failure("FS_NOT_FOUND", operation, path, `there is no file "${source}"`);
    if (entry === DIRECTORY) throw failure("FS_IO", operation, path, `"${source}" is a directory`);
    return entry;
  }

  #mustBeDirectory(operation: string, path: string, directory: string = normalised(path)): void {
    const entry = this.#entries.get(directory);
    if (entry === undefined) throw failure("FS_NOT_FOUND", operation, path, `there is no directory "${directory}"`);
    if (entry !== DIRECTORY) throw failure("FS_NOT_A_DIRECTORY", operation, path, `"${directory}" is a file`);
  }
}

class MemoryLock implements DirectoryLock {
  #giveUp: (() => void) | undefined;

  constructor(giveUp: () => void) {
    this.#giveUp = giveUp;
  }

  async release(): Promise<void> {
    this.#giveUp?.();
    this.#giveUp = undefined;
  }
}

/** One absolute spelling for each path: `"./a//b/../c"` is `"/a/c"`. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function parentOf(key: string): string {
  return key.slice(0, Math.max(1, key.lastIndexOf("/")));
}

function failure(code: FsErrorCode, operation: string, path: string, reason: string): FsError {
  const details = { operation, path };
  const withOutcome = operation === "replace" ? { ...details, outcome: "unchanged" as const } : details;
  return new FsError(code, `${operation} of "${path}" failed: ${reason}`, withOutcome);
}
