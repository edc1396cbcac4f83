import { FsError } from "./errors.ts";
import type { AppendFile, FileSystem } from "./file-system.ts";

/**
 * One log file that is being written, and how far it is durable.
 *
 *     0 ........................ syncedPosition ................ position
 *     |  survives a power cut    |  handed to the system: survives a kill  |
 *
 * The invariant: after the first failure of an append or a sync nothing more is written through it, and after a failed sync it is
 * not synced again. What lies beyond `syncedPosition` is unknown then, and an append behind it, or a second sync, would vouch for
 * it. What was appended before an append failed can still be synced, for the first time.
 */
export class SegmentWriter {
  /** The file, for reading what was appended. */
  readonly file: AppendFile;
  #position: number;
  #syncedPosition: number;
  #syncing = false;
  #failure: FsError | undefined;
  #syncFailure: FsError | undefined;

  private constructor(file: AppendFile, position: number) {
    this.file = file;
    this.#position = position;
    this.#syncedPosition = position;
  }

  /**
   * Creates the file, which must not exist yet, with `header` as its first bytes, and resolves when the header and the
   * file's entry in the directory are durable. On failure nothing is left open, and the file is removed if that can be
   * done: nobody knows of it.
   * @throws FsError as `create`, `append`, `sync` and `syncDirectory` of the file system
   */
  static async create(
    fileSystem: Pick<FileSystem, "join" | "create" | "syncDirectory" | "remove">,
    directory: string,
    name: string,
    header: Uint8Array,
  ): Promise<SegmentWriter> {
    const path = fileSystem.join(directory, name);
    const file = await fileSystem.create(path);
    try {
      file.append(header, 0, header.length);
      await file.sync();
      await fileSystem.syncDirectory(directory);
    } catch (error) {
      // mark: segment/not-made
      await file.close();
      await fileSystem.remove(path).catch(() => {});
      throw error;
    }
    return new SegmentWriter(file, header.length);
  }

  /**
   * Goes on writing an existing file whose `bytes` bytes the caller knows to be durable. Refuses a file of any other
   * length: whoever left the rest there may not have synced it.
   * @throws FsError `FS_INVALID_ARGUMENT` (another length), and as `openAppend` of the file system
   */
  static async continueAt(fileSystem: FileSystem, path: string, bytes: number): Promise<SegmentWriter> {
    const file = await fileSystem.openAppend(path);
    try {
      mustBeLong(file, bytes);
    } catch (error) {
      // mark: segment/not-of-the-length-known
      await file.close();
      throw error;
    }
    return new SegmentWriter(file, bytes);
  }

  /** Where the next byte will lie: the length of the file as long as nothing has failed. */
  get position(): number {
    return this.#position;
  }

  /** Everything before it is durable. */
  get syncedPosition(): number {
    return this.#syncedPosition;
  }

  /** What ended the writing, if anything has. */
  get failure(): FsError | undefined {
    return this.#failure;
  }

  /**
   * Appends `source[start..end)` and returns the offset in the file at which it begins. The bytes are the caller's again
   * when it returns; a kill of the process loses nothing of them, a power cut may before the next `sync`.
   * @throws FsError as `append` of the file; after any failure the first failure again, without writing
   */
  append(source: Uint8Array, start: number, end: number): number {
    if (this.#failure !== undefined) throw this.#failure;
    const offset = this.#position;
    try {
      this.file.append(source, start, end);
    } catch (error) {
      // mark: segment/append-failed
      throw this.#fail(error, "append");
    }
    this.#position = offset + end - start;
    return offset;
  }

  /**
   * Resolves when everything appended before the call is durable; more may be appended meanwhile. One at a time: a
   * second call while one runs is a mistake of the caller's (`GroupSync` prevents it).
   * @throws FsError `FS_INVALID_ARGUMENT` (one runs), and as `sync` of the file; after a failed sync that failure for ever
   */
  async sync(): Promise<void> {
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    if (this.#syncing) throw syncedTwice(this.file.path);
    const covered = this.#position;
    this.#syncing = true;
    try {
      await this.file.sync();
    } catch (error) {
      // mark: segment/sync-failed
      this.#syncFailure = this.#fail(error, "sync");
      throw this.#syncFailure;
    } finally {
      this.#syncing = false;
    }
    this.#syncedPosition = covered;
  }

  /** Closes the file without a sync. Twice is fine. Never rejects. */
  close(): Promise<void> {
    return this.file.close();
  }

  #fail(error: unknown, operation: string): FsError {
    const failure = FsError.is(error) ? error : strangeError(error, operation, this.file.path);
    this.#failure ??= failure;
    return failure;
  }
}

function mustBeLong(file: AppendFile, bytes: number): void {
  const found = file.size();
  if (found === bytes) return;
  const details = { operation: "continueAt", path: file.path };
  throw new FsError("FS_INVALID_ARGUMENT", `"${file.path}" is ${found} bytes long, not ${bytes}`, details);
}

function syncedTwice(path: string): FsError {
  const details = { operation: "sync", path };
  return new FsError("FS_INVALID_ARGUMENT", `a sync of "${path}" is running already`, details);
}

/** A file system that throws something else than `FsError` breaks its contract; it ends the writing all the same. */
function strangeError(error: unknown, operation: string, path: string): FsError {
  return new FsError("FS_IO", `${operation} of "${path}" failed`, { operation, path, cause: error });
}
