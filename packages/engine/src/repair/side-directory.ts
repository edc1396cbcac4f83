import { FsError, type FileSystem } from "@hashlog/fs-io";
import { patientSource } from "../verify/patient-source.ts";

/**
 * A directory inside the store's, for files that are taken out of the store: nothing is thrown away that anybody may want to look
 * at again. A file gets its second name there before it loses the first.
 */
export class SideDirectory {
  readonly path: string;
  readonly files: string[] = [];
  readonly #fileSystem: FileSystem;
  readonly #directory: string;

  private constructor(fileSystem: FileSystem, directory: string, path: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.path = path;
  }

  /** Makes one with a name that nothing has. @throws FsError as `makeDirectory` */
  static async make(fileSystem: FileSystem, directory: string): Promise<SideDirectory> {
    for (let number = 1; ; number += 1) {
      const path = fileSystem.join(directory, `hashlog-repair-${number}`);
      try {
        await fileSystem.makeDirectory(path);
        return new SideDirectory(fileSystem, directory, path);
      } catch (error) {
        if (!(FsError.is(error) && error.code === "FS_EXISTS")) throw error;
      }
    }
  }

  /** Gives the file of that name in the store's directory a second one here, or a copy where there are no links. */
  async take(name: string): Promise<void> {
    const source = this.#fileSystem.join(this.#directory, name);
    const target = this.#fileSystem.join(this.path, name);
    try {
      await this.#fileSystem.link(source, target);
    } catch (error) {
      if (!(FsError.is(error) && error.code === "FS_NOT_SUPPORTED")) throw error;
      // mark: repair/set-aside-by-copy
      await this.#copy(source, target);
    }
    this.files.push(name);
  }

  /** Writes a file of its own into it, in these pieces. */
  async write(name: string, pieces: Iterable<Uint8Array>): Promise<void> {
    const file = await this.#fileSystem.create(this.#fileSystem.join(this.path, name));
    try {
      for (const bytes of pieces) file.append(bytes, 0, bytes.length);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Resolves when all that was taken is durable. */
  async sync(): Promise<void> {
    await this.#fileSystem.syncDirectory(this.path);
    await this.#fileSystem.syncDirectory(this.#directory);
  }

  /** As much as the disk gives of it, with zeros for the rest. */
  async #copy(source: string, target: string): Promise<void> {
    const from = await this.#fileSystem.openRead(source);
    try {
      const to = await this.#fileSystem.create(target);
      try {
        const chunk = new Uint8Array(COPY_BYTES);
        const source = patientSource(from, from.size());
        const { bytes } = source;
        for (let at = 0; at < bytes;) {
          const got = await source.read(chunk, 0, Math.min(chunk.length, bytes - at), at);
          if (got === 0) break;
          to.append(chunk, 0, got);
          at += got;
        }
        await to.sync();
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  }
}

const COPY_BYTES = 512 * 1024;
