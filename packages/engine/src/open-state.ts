import { HashlogError } from "./errors.ts";

/** Whether a store is open still: not any more from the call of `close` on. */
export class OpenState {
  readonly #directory: string;
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** @throws HashlogError `HASHLOG_CLOSED` */
  check(): void {
    if (!this.#isClosed) return;
    throw new HashlogError("HASHLOG_CLOSED", `the store ${this.#directory} is closed`, { path: this.#directory });
  }
}
