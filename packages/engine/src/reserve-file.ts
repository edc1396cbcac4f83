import { RESERVE_NAME } from "@hashlog/format";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { HashlogError } from "./errors.ts";

/**
 * A little room kept back in a file of zeros, so that on a full volume a merge still finds some: a store full of garbage
 * can clean itself. Recovery and closing may have it too. Ordinary writes never do, or nothing would be left for the merge
 * that could help them; what a borrower leaves of it is taken back at once.
 */
export class ReserveFile {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** Does the work, and if there is no room for it, does it again in the room of the reserve. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error) || !(await this.#release())) throw error;
    }
    // mark: reserve/lent
    try {
      return await work();
    } finally {
      await this.ensure();
    }
  }

  /** Makes the file, as large as there is room for. That there is none is no failure: it is a precaution. */
  async ensure(): Promise<void> {
    try {
      if (((await this.#fileSystem.stat(this.#path))?.bytes ?? 0) >= RESERVE_BYTES) return;
      await this.#release();
      const bytes = Math.min(RESERVE_BYTES, await this.#fileSystem.freeBytes(this.#directory));
      if (bytes > 0) await this.#make(bytes);
    } catch {
      // mark: reserve/not-made
      await this.#release();
    }
  }

  get #path(): string {
    return this.#fileSystem.join(this.#directory, RESERVE_NAME);
  }

  async #make(bytes: number): Promise<void> {
    const file = await this.#fileSystem.create(this.#path);
    try {
      file.append(new Uint8Array(bytes), 0, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Gives the room up; resolves to whether there was any. */
  async #release(): Promise<boolean> {
    try {
      await this.#fileSystem.remove(this.#path);
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
