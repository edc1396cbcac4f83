import { HashlogError } from "./errors.ts";

/** Whether a store is open still: not any more from the call of `close` on. */
export class OpenState {
  readonly #directory: string;
  #isClosed = false;
  #calls = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How often it was asked: whether the store is in use. */
  get calls(): number {
    return this.#calls;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** For every call that is a use of the store. @throws HashlogError `HASHLOG_CLOSED` */
  check(): void {
    this.#calls += 1;
    this.mustBeOpen();
  }

  /** @throws HashlogError `HASHLOG_CLOSED` */
  mustBeOpen(): void {
    if (!this.#isClosed) return;
    throw new HashlogError("HASHLOG_CLOSED", `the store ${this.#directory} is closed`, { path: this.#directory });
  }
}
