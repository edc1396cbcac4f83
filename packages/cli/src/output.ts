import { once } from "node:events";
import type { Writable } from "node:stream";
import { EXIT } from "./exit-codes.ts";
import { Complaint, isSystemError } from "./complaint.ts";

/** Whoever read what is printed has gone, as `head` does when it has enough. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** What a command prints: waits while nobody takes it, and notices when nobody will. */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  #failure: Error | undefined;

  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }) {
    this.#stream = stream;
    stream.on("error", this.#onError);
  }

  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  /** Whether a person is looking, and not a file or another program. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** How many characters fit on a line. */
  get columns(): number {
    return this.#stream.columns ?? 100;
  }

  /** Where an export goes that has no file. */
  get stream(): Writable {
    return this.#stream;
  }

  /**
   * Resolves when there is room for more.
   * @throws ReaderGone, Complaint
   */
  async write(chunk: string | Uint8Array): Promise<void> {
    this.check();
    if (this.#stream.write(chunk)) return;
    const settled = new AbortController();
    try {
      // An error of the stream ends the wait: `once` rejects with it.
      await once(this.#stream, "drain", { signal: settled.signal });
    } catch (error) {
      this.#failure ??= error as Error;
    } finally {
      settled.abort();
    }
    this.check();
  }

  line(text = ""): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** @throws ReaderGone, Complaint if something that was printed did not get where it should */
  check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    if (isSystemError(failure) && failure.code === "EPIPE") throw new ReaderGone();
    throw new Complaint(`writing the output failed: ${failure.message}`, EXIT.machine, "CLI_OUTPUT", failure);
  }

  /** Resolves when everything has been handed on. Nothing is printed afterwards. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.write("", () => resolve()));
    // An error is told in a turn of its own, which is the next one.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.check();
  }

  /** The stream is another's again. */
  release(): void {
    this.#stream.off("error", this.#onError);
  }
}
