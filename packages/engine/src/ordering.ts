import type { Clock } from "@hashlog/fs-io";
import type { Keydir, KeydirOrdering } from "@hashlog/index";
import { HashlogError } from "./errors.ts";

/** Puts the keys in order when somebody first asks for them so. It takes its time, but never all of it. */
export class Ordering {
  readonly #keydir: Keydir;
  readonly #clock: Pick<Clock, "yield">;
  /** What is under way. All who wait for it do a step of it in turns. */
  #underWay: KeydirOrdering | undefined;
  #waiting = 0;

  constructor(keydir: Keydir, clock: Pick<Clock, "yield">) {
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
      while (!this.isDone) {
        const keysDone = this.#step();
        if (this.isDone) return;
        onProgress?.(keysDone);
        await this.#clock.yield();
        check();
      }
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        this.#underWay?.abandon();
        this.#underWay = undefined;
      }
    }
  }

  /** Returns how many keys are in order now. */
  #step(): number {
    try {
      this.#underWay ??= this.#keydir.beginOrdering();
      this.#underWay.step();
      return this.#underWay.keysDone;
    } catch (error) {
      // mark: order/no-room
      this.#underWay = undefined;
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
