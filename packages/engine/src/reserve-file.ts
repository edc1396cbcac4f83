import { RESERVE_NAME } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";

/**
 * A little room kept back in a file of zeros, so that a full volume still has some for a manifest edit and for the
 * copies that an opening must make. It is given up when it is needed, and made again by a later opening.
 */
export class ReserveFile {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** Makes the file if it is not there. That there is no room for it is no failure: it is a precaution. */
  async ensure(): Promise<void> {
    const path = this.#fileSystem.join(this.#directory, RESERVE_NAME);
    try {
      if (((await this.#fileSystem.stat(path))?.bytes ?? 0) >= RESERVE_BYTES) return;
      await this.release();
      const file = await this.#fileSystem.create(path);
      try {
        file.append(new Uint8Array(RESERVE_BYTES), 0, RESERVE_BYTES);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch {
      await this.release();
    }
  }

  /** Gives the room up; resolves to whether there was any. */
  async release(): Promise<boolean> {
    try {
      await this.#fileSystem.remove(this.#fileSystem.join(this.#directory, RESERVE_NAME));
      return true;
    } catch {
      return false;
    }
  }
}

/** Enough for several manifest edits and a commit of usual size. */
export const RESERVE_BYTES: number = 256 * 1024;
