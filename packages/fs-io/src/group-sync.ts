/**
 * Group commit: many who want to be durable share few syncs.
 *
 *     request a   [ sync 1 ........ ]
 *     request b          ^ waits     [ sync 2 ...... ]     a sync covers only what was written before it began,
 *     request c             ^ waits  [ same sync     ]     so b and c cannot share the first, and share the second
 *
 * The invariants: two syncs never run at once, and each request is answered by a sync that began after it. After a
 * failed sync there is none any more: the system marks the pages that it failed to write as clean, and a second sync
 * would succeed without having written them.
 */
export class GroupSync {
  readonly #run: () => Promise<void>;
  #running = false;
  #next: Waiting | undefined;
  #failure: { readonly reason: unknown } | undefined;

  /** `run` makes everything durable that was written before it is called; it is never called while it runs. */
  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** Whether a sync is under way. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * Resolves when everything written before this call is durable. Starts a sync at once, before it returns, if none
   * runs; otherwise everyone who asks until the running one ends shares the next. Rejects with what `run` rejected
   * with: those who waited for that sync, those who wait for the next, and every later request.
   */
  request(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    if (!this.#running) return this.#start();
    this.#next ??= waiting();
    return this.#next.promise;
  }

  async #start(): Promise<void> {
    this.#running = true;
    try {
      await this.#run();
    } catch (reason) {
      this.#fail(reason);
      throw reason;
    }
    this.#running = false;
    this.#startNext();
  }

  #startNext(): void {
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    this.#start().then(next.resolve, next.reject);
  }

  #fail(reason: unknown): void {
    this.#running = false;
    this.#failure = { reason };
    this.#next?.reject(reason);
    this.#next = undefined;
  }
}

interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

function waiting(): Waiting {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
