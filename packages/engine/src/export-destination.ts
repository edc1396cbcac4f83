import { methods } from "./check-options.ts";
import { HashlogError, invalidArgument, wordsOf } from "./errors.ts";

/** Where an export goes: a stream of the web, or one of Node's. */
export type ExportDestination = WritableStream<Uint8Array> | NodeDestination;

/** What an export needs of a `Writable` of Node's: a file, a compression, a response, a socket. */
export interface NodeDestination {
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): boolean;
  end(callback: (error?: Error | null) => void): unknown;
  on(event: "error" | "close", listener: (error?: Error) => void): unknown;
  off(event: "error" | "close", listener: (error?: Error) => void): unknown;
  destroy?(error?: Error): unknown;
}

/** Takes chunks as fast as a destination does. Its methods reject with what the destination failed of, as it is. */
export interface Sink {
  /** Resolves when there is room for another chunk, or when all were taken, as the destination likes it. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when the destination has taken everything. */
  flush(): Promise<void>;
  /** As `flush`, and ends the destination. */
  end(): Promise<void>;
  /** Ends the destination as one that is not whole. */
  abandon(error: Error): void;
  /** Lets go of the destination. */
  release(): void;
}

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for what is no destination, or one that somebody else writes to */
export function sinkOf(destination: ExportDestination): Sink {
  if (methods("getWriter")(destination) === undefined) return new WebSink(destination as WritableStream<Uint8Array>);
  if (methods("write", "end", "on", "off")(destination) === undefined)
    return new NodeSink(destination as NodeDestination);
  throw invalidArgument("the destination of exportTo must be a WritableStream, or a Writable of Node's");
}

/** What the destination failed of, in the engine's words. */
export function destinationFailed(error: unknown): HashlogError {
  const words = `exporting failed: the destination takes no more: ${wordsOf(error)}`;
  return new HashlogError("HASHLOG_IO", words, { cause: error });
}

class WebSink implements Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #written: Promise<void> = Promise.resolve();

  constructor(destination: WritableStream<Uint8Array>) {
    try {
      this.#writer = destination.getWriter();
    } catch (error) {
      throw invalidArgument("the destination of exportTo is locked: somebody else writes to it", { cause: error });
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#writer.ready;
    this.#written = this.#writer.write(chunk);
    // Whoever writes or flushes next is told.
    this.#written.catch(() => undefined);
  }

  flush(): Promise<void> {
    return this.#written;
  }

  async end(): Promise<void> {
    await this.#writer.close();
  }

  abandon(error: Error): void {
    this.#writer.abort(error).catch(() => undefined);
  }

  release(): void {
    this.#writer.releaseLock();
  }
}

class NodeSink implements Sink {
  readonly #destination: NodeDestination;
  /** Chunks that were not taken yet. */
  #waiting = 0;
  #failure: { readonly error: unknown } | undefined;
  #onTaken: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  readonly #onError = (error?: Error): void => this.#fail(error);
  readonly #onClose = (): void => this.#fail(new Error("it was closed before everything was written"));
  readonly #onWritten = (error?: Error | null): void => {
    this.#waiting -= 1;
    if (error) this.#fail(error);
    else if (this.#waiting === 0) this.#onTaken?.resolve();
  };

  constructor(destination: NodeDestination) {
    this.#destination = destination;
    destination.on("error", this.#onError);
    destination.on("close", this.#onClose);
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#waiting += 1;
    if (!this.#destination.write(chunk, this.#onWritten)) await this.flush();
  }

  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error as Error);
    if (this.#waiting === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#onTaken = { resolve, reject };
    });
  }

  end(): Promise<void> {
    this.#waiting += 1;
    this.#destination.end(this.#onWritten);
    return this.flush();
  }

  abandon(error: Error): void {
    this.#failure ??= { error };
    this.#destination.destroy?.(error);
  }

  release(): void {
    this.#destination.off("close", this.#onClose);
    // One that has failed may say so once more, and is not to bring the process down for that.
    if (this.#failure === undefined) this.#destination.off("error", this.#onError);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#onTaken?.reject(error);
  }
}
