import { type Clock, pause as systemPause, systemClock } from "./clock.ts";
import type { AppendFile, DirectoryLock, FileStat, FileSystem, ReadFile } from "./file-system.ts";
import { syncDirectoryEntries } from "./node-directory-sync.ts";
import { codeOf, errnoOf, fsErrorOf } from "./node-errors.ts";
import { NodeAppendFile, NodeReadFile } from "./node-file.ts";
import { type NodeFs, type NodeStats, type NodeVolume, promised } from "./node-fs.ts";
import { canSyncFully, noFullSync, runtimeAtHand } from "./node-full-sync.ts";
import { NodeHandle } from "./node-handle.ts";
import { isDirectoryLocked, lockDirectory, type LockContext } from "./node-lock.ts";
import type { NodeNet } from "./node-net.ts";
import { replaceFile } from "./node-replace.ts";
import { sharedVolumeOfType } from "./node-shared-volume.ts";

/**
 * All of it but `allowDriveCache` is for tests and for platforms that imitate another; without options everything is the
 * machine's own.
 */
export interface NodeFileSystemOptions {
  /**
   * Write also where a sync leaves the bytes in the drive's own cache and nothing can be done about it: under Bun on macOS. A
   * crash of the process then costs nothing, a power cut may cost what was synced and more. Default `false`: there whatever would
   * have to be durable is `FS_NOT_SUPPORTED`. Means nothing elsewhere.
   */
  readonly allowDriveCache?: boolean;
  /** What to take the runtime for: `"node"` or `"bun"`. */
  readonly runtime?: string;
  /** What to take the platform for: a value of `process.platform`. */
  readonly platform?: string;
  /** Functions to call instead of those of `node:fs`. */
  readonly fs?: Partial<NodeFs>;
  /** Functions to call instead of those of `node:net`. */
  readonly net?: NodeNet;
  /** Numbers the lock's sockets, and ends the wait for a holder that does not say who it is. */
  readonly clock?: Clock;
  /** Waits between the attempts of a rename on Windows; keeps the process alive meanwhile. */
  readonly pause?: (delayMs: number) => Promise<void>;
}

/**
 * The file system of the machine, over `node:fs`: of Node, Bun and Deno on Linux, macOS and Windows. What differs between them
 * stands in README.md. Relative paths lead from the working directory of this call, also when the process changes it later.
 */
export function nodeFileSystem(options: NodeFileSystemOptions = {}): FileSystem {
  return new NodeFileSystem(options);
}

class NodeFileSystem implements FileSystem {
  readonly name = "node";
  readonly readsSynchronously = true;
  readonly supportsLinks = true;
  readonly #fs: NodeFs;
  readonly #path: {
    join(...parts: string[]): string;
    dirname(path: string): string;
    resolve(...parts: string[]): string;
  };
  readonly #workingDirectory: string;
  readonly #net: NodeNet;
  readonly #clock: Clock;
  readonly #platform: string;
  readonly #pause: (delayMs: number) => Promise<void>;
  readonly #refusesToWrite: boolean;

  constructor(options: NodeFileSystemOptions) {
    const fs = process.getBuiltinModule("node:fs");
    this.#fs = options.fs === undefined ? fs : { ...fs, ...options.fs };
    this.#path = process.getBuiltinModule("node:path");
    this.#workingDirectory = workingDirectory();
    this.#net = options.net ?? process.getBuiltinModule("node:net");
    this.#clock = options.clock ?? systemClock;
    this.#platform = options.platform ?? process.platform;
    this.#pause = options.pause ?? systemPause;
    const runtime = options.runtime ?? runtimeAtHand(process.versions);
    this.#refusesToWrite = options.allowDriveCache !== true && !canSyncFully(this.#platform, runtime);
  }

  join(directory: string, name: string): string {
    return this.#path.join(directory, name);
  }

  parent(path: string): string {
    // What a relative path begins in has a name as well, and is somebody's child.
    return this.#path.dirname(this.#absolute(path));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      const stats = await promised<NodeStats>((done) => this.#fs.stat(this.#absolute(path), done));
      if (stats.isFile()) return { kind: "file", bytes: stats.size };
      return { kind: stats.isDirectory() ? "directory" : "other", bytes: 0 };
    } catch (error) {
      const errno = errnoOf(error);
      // Below a file lies nothing, too.
      if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
      throw fsErrorOf(error, "stat", path);
    }
  }

  async makeDirectory(path: string): Promise<void> {
    this.#mayWrite("makeDirectory", path);
    return this.#run("makeDirectory", path, (done) => this.#fs.mkdir(this.#absolute(path), done));
  }

  list(directory: string): Promise<string[]> {
    return this.#run("list", directory, (done) => this.#fs.readdir(this.#absolute(directory), done));
  }

  async create(path: string): Promise<AppendFile> {
    this.#mayWrite("create", path);
    const { O_RDWR, O_APPEND, O_CREAT, O_EXCL } = this.#fs.constants;
    const handle = await this.#open("create", path, O_RDWR | O_APPEND | O_CREAT | O_EXCL);
    return new NodeAppendFile(handle, this.#fullSync);
  }

  async openAppend(path: string): Promise<AppendFile> {
    this.#mayWrite("openAppend", path);
    const { O_RDWR, O_APPEND } = this.#fs.constants;
    return new NodeAppendFile(await this.#open("openAppend", path, O_RDWR | O_APPEND), this.#fullSync);
  }

  async openRead(path: string): Promise<ReadFile> {
    return new NodeReadFile(await this.#open("openRead", path, this.#fs.constants.O_RDONLY));
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    this.#mayWrite("replace", path);
    return replaceFile(
      {
        fs: this.#fs,
        fullSync: this.#fullSync,
        mayBeHeld: this.#windows,
        pause: this.#pause,
        parent: this.#windows ? undefined : this.parent(path),
      },
      this.#absolute(path),
      bytes,
    );
  }

  async remove(path: string): Promise<void> {
    try {
      await promised((done) => this.#fs.unlink(this.#absolute(path), done));
    } catch (error) {
      const code = codeOf(error);
      // Windows answers EPERM or EACCES for a file that somebody has open.
      throw fsErrorOf(error, "remove", path, this.#windows && code === "FS_NOT_PERMITTED" ? "FS_BUSY" : code);
    }
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#mayWrite("syncDirectory", directory);
    try {
      await this.#syncEntries(directory);
    } catch (error) {
      throw fsErrorOf(error, "syncDirectory", directory);
    }
  }

  async link(source: string, target: string): Promise<void> {
    try {
      await promised((done) => this.#fs.link(this.#absolute(source), this.#absolute(target), done));
    } catch (error) {
      throw fsErrorOf(error, "link", target, this.#hasNoLinks(errnoOf(error)) ? "FS_NOT_SUPPORTED" : codeOf(error));
    }
  }

  async freeBytes(directory: string): Promise<number> {
    const volume = await this.#run<NodeVolume>("freeBytes", directory, (done) =>
      this.#fs.statfs(this.#absolute(directory), done),
    );
    // One that counts no blocks (a tmpfs without a limit, ramfs) does not say that it is full.
    return volume.blocks === 0 ? Infinity : volume.bavail * volume.bsize;
  }

  async sharedVolume(directory: string): Promise<string | undefined> {
    const volume = await this.#run<NodeVolume>("sharedVolume", directory, (done) =>
      this.#fs.statfs(this.#absolute(directory), done),
    );
    // Only Linux tells the type by a number that means the same everywhere.
    return this.#platform === "linux" ? sharedVolumeOfType(volume.type) : undefined;
  }

  lock(directory: string, name: string): Promise<DirectoryLock> {
    return lockDirectory(this.#lockContext(), directory, name);
  }

  isLocked(directory: string, name: string): Promise<boolean> {
    return isDirectoryLocked(this.#lockContext(), directory, name);
  }

  #lockContext(): LockContext {
    const { tmpdir: temporaryDirectory, hostname: hostName } = process.getBuiltinModule("node:os");
    return {
      fs: this.#fs,
      net: this.#net,
      clock: this.#clock,
      platform: this.#platform,
      processId: process.pid,
      temporaryDirectory,
      hostName,
      resolve: (path: string) => this.#absolute(path),
    };
  }

  /** Where the path led when this file system was made. */
  #absolute(path: string): string {
    return this.#path.resolve(this.#workingDirectory, path);
  }

  /**
   * Whether that is said of a volume without links (EPERM: FAT), or of a file that has as many names as it may have (EMLINK: 65,000
   * on ext4). On Windows Node has no name for the latter (UNKNOWN), and a wrong one for the former (EISDIR: exFAT).
   */
  #hasNoLinks(errno: string | undefined): boolean {
    if (errno === "EPERM" || errno === "EMLINK") return true;
    return this.#windows && (errno === "EISDIR" || errno === "UNKNOWN");
  }

  /** Before anything is made that somebody will take for durable. */
  #mayWrite(operation: string, path: string): void {
    if (this.#refusesToWrite) throw noFullSync(operation, path);
  }

  get #windows(): boolean {
    return this.#platform === "win32";
  }

  get #fullSync(): boolean {
    return this.#platform === "darwin";
  }

  /** A directory cannot be opened for syncing on Windows; NTFS keeps its entries in a journal of its own. */
  #syncEntries(directory: string): Promise<void> {
    return this.#windows ? Promise.resolve() : syncDirectoryEntries(this.#fs, this.#absolute(directory));
  }

  async #open(operation: string, path: string, flags: number): Promise<NodeHandle> {
    const fd = await this.#run<number>(operation, path, (done) =>
      this.#fs.open(this.#absolute(path), flags, 0o666, done),
    );
    return new NodeHandle(this.#fs, fd, path);
  }

  async #run<T = void>(operation: string, path: string, begin: Parameters<typeof promised<T>>[0]): Promise<T> {
    try {
      return await promised(begin);
    } catch (error) {
      throw fsErrorOf(error, operation, path);
    }
  }
}

/** None where it was removed: absolute paths are as good there as anywhere. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}
