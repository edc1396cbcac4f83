import type { FileSystem } from "@hashlog/fs-io";

/**
 * The names in the store's directory, made durable by one sync at a time.
 *
 *     a merge      create 7 ..................................... sync: refused, though it would succeed
 *     the log               create 8 .. sync: fails, remove 8
 *
 * After a sync that failed nothing is known of any entry that was made before it, whoever made it: the system may mark
 * what it failed to write as clean, and a later sync succeeds without having written it, as with the bytes of a file. So
 * whoever makes files begins first, and their sync fails if any other has failed since: they abandon the files then, as if
 * the failure were their own.
 */
export class DirectoryEntries {
  readonly #fileSystem: FileSystem;
  #turn: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #reason: unknown;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** To be called before the first file is made that one `syncDirectory` shall make durable. */
  begin(): FileMaker {
    const fileSystem = this.#fileSystem;
    const before = this.#failures;
    return {
      join: (directory, name) => fileSystem.join(directory, name),
      create: (path) => fileSystem.create(path),
      remove: (path) => fileSystem.remove(path),
      syncDirectory: (directory) => this.#inTurn(() => this.#sync(directory, before)),
    };
  }

  /** As `replace` of the file system, with no other sync of the directory between its rename and its own. */
  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#fileSystem.replace(path, bytes));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #sync(directory: string, failuresBefore: number): Promise<void> {
    if (this.#failures > failuresBefore) {
      // mark: directory/sync-refused-after-another-failed
      throw this.#reason;
    }
    try {
      await this.#fileSystem.syncDirectory(directory);
    } catch (error) {
      // mark: directory/sync-failed
      this.#failures += 1;
      this.#reason = error;
      throw error;
    }
  }
}

/** What making a file takes. */
export type FileMaker = Pick<FileSystem, "join" | "create" | "remove" | "syncDirectory">;
