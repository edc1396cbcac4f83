/**
 * One at a time, for many who ask: whoever asks while it runs gets the next run, together with all who do, so that each
 * answer is of a run that began after it was asked for.
 */
export class Turns<T> {
  readonly #run: () => Promise<T>;
  #running: Promise<unknown> | undefined;
  #next: Promise<T> | undefined;

  constructor(run: () => Promise<T>) {
    this.#run = run;
  }

  /** Resolves to what a run gives that begins after this call. */
  request(): Promise<T> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    this.#next = this.#running.then(() => {
      // mark: turns/asked-for-while-another-ran
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Resolves when nothing runs, and nothing that was asked for will. */
  async idle(): Promise<void> {
    for (let last = this.#last; last !== undefined; last = this.#last) await last.catch(() => undefined);
  }

  get #last(): Promise<unknown> | undefined {
    return this.#next ?? this.#running;
  }

  #begin(): Promise<T> {
    const run = this.#run();
    const settled = run.then(
      () => this.#end(),
      () => this.#end(),
    );
    this.#running = settled;
    return run;
  }

  #end(): void {
    this.#running = undefined;
  }
}
