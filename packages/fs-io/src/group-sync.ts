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
  readonly #gather: (() => Promise<void>) | undefined;
  /** Whether a sync runs, or the next is being gathered for. */
  #running = false;
  #next: Waiting | undefined;
  #failure: { readonly reason: unknown } | undefined;

  /**
   * `run` makes everything durable that was written before it is called; it is never called while it runs.
   *
   * `gather` (by default nothing) is waited for after a sync that answered several, before the next one starts, so that
   * those who write again as soon as they are answered share it. Without it they fall into two halves that take turns:
   * with 256 writers each sync covers 128 writes, with `clock.yield` as `gather` all 256. It must not fail.
   */
  constructor(run: () => Promise<void>, gather?: () => Promise<void>) {
    this.#run = run;
    this.#gather = gather;
  }

  /** Whether a sync is under way or about to start by itself. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * Resolves when everything written before this call is durable. Starts a sync at once, before it returns, if none
   * runs; otherwise everyone who asks until the next one starts shares that. Rejects with what `run` rejected
   * with: those who waited for that sync, those who wait for the next, and every later request.
   */
  request(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    if (!this.#running) return this.#start(1);
    this.#next ??= waiting();
    this.#next.count += 1;
    return this.#next.promise;
  }

  async #start(count: number): Promise<void> {
    this.#running = true;
    try {
      await this.#run();
    } catch (reason) {
      // mark: sync/group-failed
      this.#fail(reason);
      throw reason;
    }
    if (this.#gather === undefined || (count === 1 && this.#next === undefined)) this.#goOn();
    else void this.#gather().then(() => this.#goOn());
  }

  #goOn(): void {
    this.#running = false;
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    this.#start(next.count).then(next.resolve, next.reject);
  }

  #fail(reason: unknown): void {
    this.#running = false;
    this.#failure = { reason };
    this.#next?.reject(reason);
    this.#next = undefined;
  }
}

/** The requests that will be answered together. */
interface Waiting {
  count: number;
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
  return { count: 0, promise, resolve, reject };
}
