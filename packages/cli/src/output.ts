import type { Writable } from "node:stream";
import { EXIT } from "./exit-codes.ts";
import { Complaint, isSystemError } from "./complaint.ts";
import { showJson, showJsonInPieces, showLines } from "./encoding.ts";

/** Whoever read what is printed has gone, as `head` does when it has enough. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** What a command prints: waits while nobody takes it, and notices when nobody will. */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly #signal: AbortSignal | undefined;
  #failure: Error | undefined;

  /** With a signal nothing waits any longer than until that is aborted. */
  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }, signal?: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
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
    await this.#wait((onRoom) => void this.#stream.once("drain", onRoom));
    this.check();
  }

  /** Nothing in it reaches a terminal as anything but what is seen. */
  line(text = ""): Promise<void> {
    return this.write(`${showLines(text)}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.write(`${showJson(value)}\n`);
  }

  /** As `json`, of an object whose lists may be longer than any text. */
  async longJson(value: object): Promise<void> {
    for (const piece of showJsonInPieces(value)) await this.write(piece);
    return this.write("\n");
  }

  /** @throws ReaderGone, Complaint if something that was printed did not get where it should */
  check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    if (failure instanceof ReaderGone || failure instanceof Complaint) throw failure;
    if (isSystemError(failure) && failure.code === "EPIPE") throw new ReaderGone();
    throw new Complaint(`writing the output failed: ${failure.message}`, EXIT.machine, "CLI_OUTPUT", failure);
  }

  /** Resolves when everything has been handed on. Nothing is printed afterwards. */
  async end(): Promise<void> {
    this.check();
    if (this.#stream.writableLength > 0) await this.#wait((onTaken) => void this.#stream.write("", onTaken));
    this.#failure ??= goneWith(this.#stream);
    this.check();
  }

  /** Resolves when that comes about for which `begin` asks; or when it never will, or nobody wants it any more. */
  async #wait(begin: (onDone: () => void) => void): Promise<void> {
    const stream = this.#stream;
    const over = new AbortController();
    const end = (): void => over.abort();
    let isDone = false;
    const ended = new Promise<void>((resolve) =>
      over.signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    const done = (): void => {
      isDone = true;
      end();
    };
    begin(done);
    stream.on("error", end).on("close", end);
    this.#signal?.addEventListener("abort", end, { signal: over.signal });
    if (stream.destroyed || this.#signal?.aborted === true) end();
    await ended;
    stream.off("drain", done).off("error", end).off("close", end);
    this.#failure ??= goneWith(stream) ?? (isDone ? undefined : interrupted());
  }

  /** The stream is another's again; one that failed is nobody's, and may have its error still to tell. */
  release(): void {
    if (this.#stream.errored === null) this.#stream.off("error", this.#onError);
  }
}

/** Why a stream takes nothing any more. */
function goneWith({ errored, destroyed }: Writable): Error | undefined {
  return errored ?? (destroyed ? new ReaderGone() : undefined);
}

function interrupted(): Complaint {
  return new Complaint("writing the output was cancelled", EXIT.interrupted, "CLI_INTERRUPTED");
}
