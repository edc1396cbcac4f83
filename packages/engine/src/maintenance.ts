/**
 * Work in the background, one thing at a time: merges, checkpoints, hints. A checkpoint must not see a merge half
 * published, and a merge must not find its inputs change.
 */
export class Maintenance {
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Runs `work` when everything asked for before is done. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** As `run`, for work that nobody waits for and that is not begun any more once `close` was called. */
  runLater(work: () => Promise<void>, onFailure: (error: unknown) => void): void {
    this.run(() => (this.#closed ? Promise.resolve() : work())).catch(onFailure);
  }

  /** Resolves when what runs is done; what only waits in the background is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
  }
}
