import { RESERVE_NAME } from "@hashlog/format";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { HashlogError } from "./errors.ts";

/**
 * A little room kept back in a file of zeros, so that on a full volume a merge still finds some: a store full of garbage
 * can clean itself. Recovery and closing may have it too; what such a borrower leaves of it is taken back at once.
 *
 * Deletes may have half of it, and half of what is left the next time, so that a store that is full of what counts can be
 * made to have garbage; puts never do, and wait from then on until the reserve is whole again: or nothing would be left for
 * the merge that could help them.
 */
export class ReserveFile {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #bytes = 0;
  #isLent = false;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** Does the work, and if there is no room for it, does it again in the room of the reserve. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    const had = this.#bytes;
    try {
      return await work();
    } catch (error) {
      if (!isFull(error) || !(await this.#release())) throw error;
    }
    // mark: reserve/lent
    try {
      return await work();
    } finally {
      // What deletes have of it stays theirs: the rest is made again.
      if (this.#isLent) await this.#makeOf(had).catch(() => this.#release());
      await this.ensure();
    }
  }

  /** Whether deletes have a part of it: nothing is to be put. */
  get isLent(): boolean {
    return this.#isLent;
  }

  /**
   * Does the work of deletes: if there is no room for it, again in half of the room of the reserve, what is left of which
   * is theirs.
   */
  async lendToDeletes(areDeletes: boolean, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const kept = Math.floor(this.#bytes / 2);
      if (!areDeletes || !isFull(error) || kept < KEPT_BYTES_LEAST || !(await this.#release())) throw error;
      // mark: reserve/lent-to-deletes
      this.#isLent = true;
      try {
        await work();
      } finally {
        await this.#make(kept).catch(() => this.#release());
      }
    }
  }

  /**
   * Takes back what deletes have of it, for a put.
   * @throws HashlogError `HASHLOG_NO_SPACE` if there is no room for that
   */
  async takeBack(): Promise<void> {
    if (!this.#isLent) return;
    await this.ensure();
    if (!this.isLent) return;
    // mark: reserve/puts-wait-for-it
    const message = `the volume of ${this.#directory} is full: only deletes are done until a merge has made room; compact() makes one now`;
    throw new HashlogError("HASHLOG_NO_SPACE", message, { path: this.#directory });
  }

  /**
   * Makes the file, as large as there is room for; where deletes have a part of it only if there is room for all of it and
   * them. That there is none is no failure: it is a precaution.
   */
  async ensure(): Promise<void> {
    if (this.#isLent && !(await this.#hasRoomAgain())) return;
    this.#isLent = false;
    try {
      this.#bytes = (await this.#fileSystem.stat(this.#path))?.bytes ?? 0;
      if (this.#bytes >= RESERVE_BYTES) return;
      await this.#release();
      await this.#makeOf(RESERVE_BYTES);
    } catch {
      // mark: reserve/not-made
      await this.#release();
    }
  }

  async #makeOf(bytesMost: number): Promise<void> {
    const bytes = Math.min(bytesMost, await this.#fileSystem.freeBytes(this.#directory));
    if (bytes > 0) await this.#make(bytes);
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  async #hasRoomAgain(): Promise<boolean> {
    const freeBytes = await this.#fileSystem.freeBytes(this.#directory).catch(() => 0);
    return freeBytes + this.#bytes >= 2 * RESERVE_BYTES;
  }

  get #path(): string {
    return this.#fileSystem.join(this.#directory, RESERVE_NAME);
  }

  async #make(bytes: number): Promise<void> {
    const file = await this.#fileSystem.create(this.#path);
    try {
      file.append(new Uint8Array(bytes), 0, bytes);
      await file.sync();
      this.#bytes = bytes;
    } finally {
      await file.close();
    }
  }

  /** Gives the room up; resolves to whether there was any. */
  async #release(): Promise<boolean> {
    try {
      await this.#fileSystem.remove(this.#path);
      this.#bytes = 0;
      return true;
    } catch {
      return false;
    }
  }
}

function isFull(error: unknown): boolean {
  return (
    (HashlogError.is(error) && error.code === "HASHLOG_NO_SPACE") || (FsError.is(error) && error.code === "FS_NO_SPACE")
  );
}

/** Enough for several manifest edits, the segment of a small store, and a commit of usual size. */
export const RESERVE_BYTES: number = 256 * 1024;

/** Of less nothing is lent to deletes: the edits of a merge need it. */
const KEPT_BYTES_LEAST = 32 * 1024;
