import { throwIfAborted } from "../errors.ts";
import type { VerifyOptions } from "./verify-options.ts";

/** Tells how far a verification is, at most once for every so many bytes, and notices there that it was cancelled. */
export class VerifyProgressTeller {
  readonly #options: VerifyOptions;
  readonly #doing: string;
  readonly #bytesTotal: number;
  #told = 0;
  bytesDone = 0;

  constructor(options: VerifyOptions, doing: string, bytesTotal: number) {
    this.#options = options;
    this.#doing = doing;
    this.#bytesTotal = bytesTotal;
  }

  /** @throws HashlogError `HASHLOG_ABORTED` */
  read(bytes: number): void {
    throwIfAborted(this.#options.signal, this.#doing);
    this.bytesDone += bytes;
    if (this.bytesDone - this.#told < TELL_BYTES) return;
    this.tell();
  }

  tell(): void {
    this.#told = this.bytesDone;
    const bytesTotal = Math.max(this.bytesDone, this.#bytesTotal);
    this.#options.onProgress?.({ bytesDone: this.bytesDone, bytesTotal });
  }
}

const TELL_BYTES = 4 * 1024 * 1024;
