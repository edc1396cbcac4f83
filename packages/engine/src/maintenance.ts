/**
 * Work in the background, one thing at a time: merges, checkpoints, hints. A checkpoint must not see a merge half
 * published, and a merge must not find its inputs change.
 */
export class Maintenance {
  #waiting: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #wanted = 0;

  /** Whether somebody waits for what they gave to `run`, and it has not begun. */
  get isWanted(): boolean {
    return this.#wanted > 0;
  }

  /** Whether there is anything that has not begun. */
  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  /** Runs `work` when everything asked for before is done. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#wanted += 1;
    return this.#add(() => {
      this.#wanted -= 1;
      return work();
    }, false);
  }

  /** As `run`, for work in the background: it is not begun any more once `close` was called, and then this resolves all the same. */
  runInBackground<T>(work: () => Promise<T>): Promise<T | undefined> {
    return this.#add(() => (this.#closed ? Promise.resolve(undefined) : work()), false);
  }

  /** As `runInBackground`, before everything else that waits: for what others have to wait for. */
  runNext<T>(work: () => Promise<T>): Promise<T | undefined> {
    return this.#add(() => (this.#closed ? Promise.resolve(undefined) : work()), true);
  }

  /** Resolves when what runs is done; what only waits in the background is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running !== undefined) await this.#running;
  }

  #add<T>(work: () => Promise<T>, isNext: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const turn = (): Promise<void> => Promise.resolve().then(work).then(resolve, reject);
      if (isNext) this.#waiting.unshift(turn);
      else this.#waiting.push(turn);
      this.#running ??= this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    for (let turn = this.#waiting.shift(); turn !== undefined; turn = this.#waiting.shift()) await turn();
    this.#running = undefined;
  }
}
