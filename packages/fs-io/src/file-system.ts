/**
 * The file system as a log-structured store needs it, and nothing more.
 *
 * The port is small because more implementations are to come: the browser's origin-private file system, a read-only
 * one, a remote one. Every method's contract stands in prose beside it; `runFileSystemContract` in `./testing` is the
 * same contract as a suite, and an implementation that passes it can be handed to the engine.
 *
 * What every implementation may assume of its callers, and the callers do: a file is written by one handle, at its end
 * only; no file is ever truncated or rewritten; a file is synced only through a handle that was opened before the first
 * byte that the sync has to cover (Linux reports a failed write-back once per open file: a handle opened later would
 * be told that all is well); at most one sync runs on a handle at a time; after a sync has failed the handle is not
 * synced again, as the failed pages are marked clean and a second sync would succeed without having written them.
 *
 * All errors are `FsError` (errors.ts). Paths are opaque strings, joined with `join` only.
 */
export interface FileSystem {
  /** What this implementation is called in errors and statistics: `"node"`, `"memory"`, `"simulated"`, ... */
  readonly name: string;

  /** `false` where `readSync` is not possible; it then throws `FS_NOT_SUPPORTED`. */
  readonly readsSynchronously: boolean;

  /** The path of `name` inside `directory`. Pure; `name` holds no separator. */
  join(directory: string, name: string): string;

  /** The directory that holds `path`, for syncing the entry of `path` itself. Pure. The root is its own parent, and nothing else. */
  parent(path: string): string;

  /**
   * What lies at `path`, or `undefined` if nothing does. Follows symbolic links. `bytes` is 0 for what is not a file.
   * @throws FsError `FS_NOT_PERMITTED` | `FS_IO`
   */
  stat(path: string): Promise<FileStat | undefined>;

  /**
   * Makes one directory; its parent must exist. Not durable until `syncDirectory` of the parent.
   * @throws FsError `FS_EXISTS` | `FS_NOT_FOUND` (no parent) | `FS_NO_SPACE` | `FS_NOT_PERMITTED` | `FS_IO`
   */
  makeDirectory(path: string): Promise<void>;

  /**
   * The names of everything in the directory, in no particular order.
   * @throws FsError `FS_NOT_FOUND` | `FS_NOT_A_DIRECTORY` | `FS_NOT_PERMITTED` | `FS_IO`
   */
  list(directory: string): Promise<string[]>;

  /**
   * Creates an empty file that must not exist yet, for appending and reading. Neither the file's bytes nor its entry
   * in the directory are durable before a `sync` of the handle and a `syncDirectory`.
   * @throws FsError `FS_EXISTS` | `FS_NOT_FOUND` (no directory) | `FS_NO_SPACE` | `FS_NOT_PERMITTED` | `FS_TOO_MANY_OPEN` | `FS_IO`
   */
  create(path: string): Promise<AppendFile>;

  /**
   * Opens an existing file for appending at its present end, and for reading.
   * @throws FsError `FS_NOT_FOUND` | `FS_NOT_PERMITTED` | `FS_TOO_MANY_OPEN` | `FS_IO`
   */
  openAppend(path: string): Promise<AppendFile>;

  /**
   * Opens an existing file for reading. The handle stays readable while the file grows, and after it was removed.
   * @throws FsError `FS_NOT_FOUND` | `FS_NOT_PERMITTED` | `FS_TOO_MANY_OPEN` | `FS_IO`
   */
  openRead(path: string): Promise<ReadFile>;

  /**
   * Replaces the whole content of a small file, or creates it, so that after a crash at any moment the file holds the
   * old bytes or the new ones and nothing else; resolves when the new ones are durable, the directory entry included.
   * On POSIX: write `replacementPath(path)` (what a crash left there is overwritten), sync it, rename it over `path`,
   * sync the directory. Where a directory cannot be synced, the file is synced once more, under its new name.
   * @throws FsError with `outcome: "unchanged"` when the old content certainly stands, and `"unknown"` from the rename
   * on: the old or the new content may be found, now or after a crash.
   */
  replace(path: string, bytes: Uint8Array): Promise<void>;

  /**
   * Removes a file. Not durable until `syncDirectory`: after a crash it may be back. Handles that are open on it stay
   * readable; where the platform refuses to remove an open file (Windows, the origin-private file system) it throws
   * `FS_BUSY` and the caller tries again later. A file that is not there is `FS_NOT_FOUND`.
   * @throws FsError `FS_NOT_FOUND` | `FS_BUSY` | `FS_NOT_PERMITTED` | `FS_IO`
   */
  remove(path: string): Promise<void>;

  /**
   * Makes the entries of the directory durable: what was created, linked, replaced or removed in it before the call.
   * Resolves without doing anything where directories cannot be synced (Windows, the origin-private file system).
   * @throws FsError `FS_NOT_FOUND` | `FS_NO_SPACE` | `FS_IO`
   */
  syncDirectory(directory: string): Promise<void>;

  /**
   * A second name for the same file, if `supportsLinks`; else `FS_NOT_SUPPORTED`. Not durable until `syncDirectory` of
   * the directory of `target`. The path in an error is `target`, whichever of the two is wrong.
   * @throws FsError `FS_EXISTS` | `FS_NOT_FOUND` | `FS_NOT_SUPPORTED` (also: across devices) | `FS_IO`
   */
  link(source: string, target: string): Promise<void>;
  readonly supportsLinks: boolean;

  /**
   * Bytes that this process may still write on the volume of the directory; `Infinity` where that is not known.
   * @throws FsError `FS_NOT_FOUND` | `FS_IO`
   */
  freeBytes(directory: string): Promise<number>;

  /**
   * Whether the directory lies on a volume that other machines can write as well (NFS, SMB, FUSE, ...), on which no
   * lock of this machine's kernel can keep a second writer away. Names the volume's type, or is `undefined`.
   * @throws FsError `FS_NOT_FOUND` | `FS_IO`
   */
  sharedVolume(directory: string): Promise<string | undefined>;

  /**
   * Takes the directory's lock `name`, exclusive between processes and within one, and held until `release` or the end
   * of the process, however it ends: nothing that a dead holder left behind keeps the next one out. The lock may keep
   * files whose names begin with `name` and a `-` in the directory.
   * @throws FsError `FS_LOCKED` with `holder` where it is known | `FS_NOT_FOUND` | `FS_NOT_PERMITTED` | `FS_IO`
   */
  lock(directory: string, name: string): Promise<DirectoryLock>;

  /**
   * Whether somebody holds the directory's lock `name` now, in whatever process, or is about to: for readers, who take no
   * lock and want to know whether there is a writer. Takes nothing, leaves nothing, and keeps nobody from taking the lock;
   * needs no right to write. Where it cannot be told, the answer is `true`.
   * @throws FsError `FS_NOT_FOUND` | `FS_NOT_A_DIRECTORY`
   */
  isLocked(directory: string, name: string): Promise<boolean>;
}

/** What lies at a path. */
export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly bytes: number;
}

/** An open file that is read. Stays readable while the file grows, and after it was removed. */
export interface ReadFile {
  readonly path: string;

  /**
   * The file's length in bytes now.
   * @throws FsError `FS_CLOSED` | `FS_IO`
   */
  size(): number;

  /**
   * Reads up to `bytes` bytes at `position` into `target` from `at`, and returns how many were read: fewer only at the
   * end of the file (an implementation loops over short reads itself).
   * @throws FsError `FS_CLOSED` | `FS_NOT_SUPPORTED` | `FS_IO`
   */
  readSync(target: Uint8Array, at: number, bytes: number, position: number): number;

  /** As `readSync`, without holding the event loop. `target` belongs to the read until the promise settles. */
  read(target: Uint8Array, at: number, bytes: number, position: number): Promise<number>;

  /**
   * Closes the handle; what was synced stays durable. Closing twice is fine, and each call resolves when the handle is
   * closed. Never rejects: what a system reports at a close (volumes that write only then) is about bytes that no sync has
   * covered, of which nothing was promised. They may read well and be lost; a sync through a handle that is opened later
   * would not be told of it.
   */
  close(): Promise<void>;
}

/** An open file that is appended to, and read. The one handle through which it is synced. */
export interface AppendFile extends ReadFile {
  /**
   * Hands `source[start..end)` to the operating system at the end of the file, all of it or an error, synchronously;
   * the bytes are the caller's again when it returns. A killed process loses nothing of it; a power cut may.
   * After an error any prefix of the bytes may stand at the end of the file, and the file must not be appended to again.
   * @throws FsError `FS_NO_SPACE` | `FS_CLOSED` | `FS_IO`
   */
  append(source: Uint8Array, start: number, end: number): void;

  /**
   * Resolves when every byte appended before the call is durable, the file's length included (not its directory entry).
   * One at a time on a handle. After a rejection nothing is known about any byte since the last successful sync, and
   * the handle must not be synced again.
   * @throws FsError `FS_NO_SPACE` | `FS_CLOSED` | `FS_IO`
   */
  sync(): Promise<void>;
}

/** A lock that is held until `release`, or until the process ends, however it ends. */
export interface DirectoryLock {
  /** Gives the lock up. Twice is fine. Never rejects. */
  release(): Promise<void>;
}

/** The name beside `path` under which `replace` prepares the new content. */
export function replacementPath(path: string): string {
  return `${path}.new`;
}
