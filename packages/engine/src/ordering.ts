import type { Clock } from "@hashlog/fs-io";
import type { Keydir } from "@hashlog/index";
import { HashlogError } from "./errors.ts";

/** Puts the keys in order when somebody first asks for them so. It takes its time, but never all of it. */
export class Ordering {
  readonly #keydir: Keydir;
  readonly #clock: Clock;
  #waiting = 0;

  constructor(keydir: Keydir, clock: Clock) {
    this.#keydir = keydir;
    this.#clock = clock;
  }

  /** Whether keys can be had in order at once. */
  get isDone(): boolean {
    return this.#keydir.isOrdered;
  }

  /**
   * Resolves when the keys are in order. `check` is called now and then, and may throw to wait no longer: once nobody does,
   * it is given up. `onProgress` is told of how many keys are in order so far.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED` if there is no memory for it
   */
  async ready(check: () => void, onProgress?: (keysDone: number) => void): Promise<void> {
    this.#waiting += 1;
    try {
      while (!this.#step()) {
        onProgress?.(this.#keydir.beginOrdering().keysDone);
        await this.#clock.yield();
        check();
      }
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.isDone) this.#keydir.beginOrdering().abandon();
    }
  }

  #step(): boolean {
    try {
      return this.#keydir.beginOrdering().step();
    } catch (error) {
      throw new HashlogError(
        "HASHLOG_NOT_SUPPORTED",
        `the keys could not be put in order: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
}
