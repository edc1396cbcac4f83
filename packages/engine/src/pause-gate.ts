/** Closed while merges are paused. */
export class PauseGate {
  #isClosed = false;
  readonly #waiting = new Set<() => void>();

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
  }

  open(): void {
    this.#isClosed = false;
    for (const callback of [...this.#waiting]) callback();
  }

  /** Calls back when it is opened; what is returned takes that back. */
  onOpen(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }
}
