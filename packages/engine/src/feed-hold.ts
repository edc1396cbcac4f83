/**
 * How far a feed has come, and who waits for it to go on. All that others know of it: they do not hold the feed itself, so
 * that one which nobody holds is garbage-collected, and this is closed then.
 */
export class FeedHold {
  /** Everything up to it was read, and what comes after it has to be kept. */
  position: number;
  /** Everything up to it was delivered. */
  delivered: number;
  /** What comes after it cannot be delivered: it was merged away before it was seen. */
  lostAfter: number = Infinity;
  /** What else is given up when it is closed. Must not hold the feed either. */
  alsoOnClose: (() => void) | undefined;
  readonly #onClose: () => void;
  readonly #closed = new AbortController();
  #waiting: (() => void)[] = [];

  constructor(position: number, onClose: () => void) {
    this.position = position;
    this.delivered = position;
    this.#onClose = onClose;
  }

  /** Whether it has come to where it cannot go on. */
  get isLost(): boolean {
    return this.position >= this.lostAfter;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Resolves when there may be more, and when it is closed. Not to be called of one that is closed. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** There may be more. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Closes it when the signal is aborted. */
  closeOn(signal: AbortSignal): void {
    if (signal.aborted) this.close();
    signal.addEventListener("abort", () => this.close(), { once: true, signal: this.#closed.signal });
  }

  /** Gives up what is kept for it. Twice is fine. */
  close(): void {
    if (this.isClosed) return;
    this.#closed.abort();
    this.#onClose();
    this.alsoOnClose?.();
    this.wake();
  }
}
