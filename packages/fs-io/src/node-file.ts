import { FsError } from "./errors.ts";
import type { AppendFile, ReadFile } from "./file-system.ts";
import { type Done, promised } from "./node-fs.ts";
import type { NodeHandle } from "./node-handle.ts";
import { checkRange } from "./range.ts";

/** Node takes at most 2^31 - 1 bytes a call, and reads and writes fewer where the system does. */
export const PIECE_BYTES_MAX: number = 2 ** 30;

/** An open file of the node file system, for reading. */
export class NodeReadFile implements ReadFile {
  protected readonly handle: NodeHandle;

  constructor(handle: NodeHandle) {
    this.handle = handle;
  }

  get path(): string {
    return this.handle.path;
  }

  size(): number {
    const fd = this.handle.fd("size");
    try {
      return this.handle.fs.fstatSync(fd).size;
    } catch (error) {
      throw this.handle.error(error, "size");
    }
  }

  readSync(target: Uint8Array, at: number, bytes: number, position: number): number {
    const fd = this.handle.fd("readSync");
    checkRange("readSync", this.path, target, at, at + bytes, position);
    let total = 0;
    try {
      while (total < bytes) {
        const piece = Math.min(bytes - total, PIECE_BYTES_MAX);
        const count = this.handle.fs.readSync(fd, target, at + total, piece, position + total);
        if (count === 0) break;
        total += count;
      }
    } catch (error) {
      throw this.handle.error(error, "readSync");
    }
    return total;
  }

  read(target: Uint8Array, at: number, bytes: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const { handle } = this;
      // A throw in here rejects the promise.
      handle.fd("read");
      checkRange("read", handle.path, target, at, at + bytes, position);
      if (bytes === 0) {
        resolve(0);
        return;
      }
      const fd = handle.beginUse("read");
      let total = 0;
      const next = (): void => {
        const piece = Math.min(bytes - total, PIECE_BYTES_MAX);
        try {
          handle.fs.read(fd, target, at + total, piece, position + total, finishPiece);
        } catch (error) {
          finishPiece(error as Error, 0);
        }
      };
      const finishPiece: Done<number> = (error, count) => {
        if (error === null) total += count;
        if (error === null && count > 0 && total < bytes) {
          next();
          return;
        }
        handle.endUse();
        if (error === null) resolve(total);
        else reject(handle.error(error, "read"));
      };
      next();
    });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** How a file is made durable; `fullSync` on macOS (see `NodeAppendFile.sync`). */
export function syncDescriptor(fs: NodeHandle["fs"], fd: number, fullSync: boolean): Promise<void> {
  return promised((done) => (fullSync ? fs.fsync(fd, done) : fs.fdatasync(fd, done)));
}

/** Writes all of `source[start..end)`, continuing a short write where it stopped. Throws the platform's error. */
export function writeAll(fs: NodeHandle["fs"], fd: number, source: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const count = fs.writeSync(fd, source, at, Math.min(end - at, PIECE_BYTES_MAX));
    // A system that takes nothing and calls it success would be asked for ever.
    if (count === 0) throw new Error("the system wrote none of the bytes and reported no error");
    at += count;
  }
}

/** An open file of the node file system, for appending and reading. Opened with `O_APPEND`: what is written goes to the end. */
export class NodeAppendFile extends NodeReadFile implements AppendFile {
  readonly #fullSync: boolean;
  #appendFailure: FsError | undefined;
  #syncFailure: FsError | undefined;

  constructor(handle: NodeHandle, fullSync: boolean) {
    super(handle);
    this.#fullSync = fullSync;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const fd = this.handle.fd("append");
    // Any part of the refused bytes may stand at the end of the file: whatever came after would lie at the wrong place.
    if (this.#appendFailure !== undefined) throw this.#appendFailure;
    checkRange("append", this.path, source, start, end, 0);
    try {
      writeAll(this.handle.fs, fd, source, start, end);
    } catch (error) {
      this.#appendFailure = this.handle.error(error, "append");
      throw this.#appendFailure;
    }
  }

  /**
   * On Linux fdatasync: the bytes and the length that is needed to read them, without the times. On macOS fsync, which
   * Node and Deno turn into `F_FULLFSYNC`, and fdatasync too (node-full-sync.ts); of the two, fsync is the one that says what is
   * wanted. On Windows both are FlushFileBuffers.
   */
  async sync(): Promise<void> {
    // The failed pages are marked clean: a second sync would succeed without having written them.
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    const fd = this.handle.beginUse("sync");
    try {
      await syncDescriptor(this.handle.fs, fd, this.#fullSync);
    } catch (error) {
      this.#syncFailure = this.handle.error(error, "sync");
      throw this.#syncFailure;
    } finally {
      this.handle.endUse();
    }
  }
}
