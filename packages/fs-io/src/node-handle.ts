import { FsError } from "./errors.ts";
import { fsErrorOf } from "./node-errors.ts";
import { type NodeFs, promised } from "./node-fs.ts";

/**
 * A file descriptor and who is using it.
 *
 * The invariant: the descriptor is closed only when no call in the thread pool uses it. A descriptor that is closed
 * under a running read or sync may be given to another file in the same instant, and the call would read, or make
 * durable, the wrong one.
 */
export class NodeHandle {
  readonly path: string;
  readonly fs: NodeFs;
  readonly #fd: number;
  #users = 0;
  #closing: Promise<void> | undefined;
  #whenUnused: (() => void) | undefined;

  constructor(fs: NodeFs, fd: number, path: string) {
    this.fs = fs;
    this.#fd = fd;
    this.path = path;
  }

  /** The descriptor, for a call that returns before anything else happens. Throws `FS_CLOSED`. */
  fd(operation: string): number {
    if (this.#closing !== undefined) {
      throw new FsError("FS_CLOSED", `${operation} on "${this.path}", which is closed`, { operation, path: this.path });
    }
    return this.#fd;
  }

  /** The descriptor, for a call that is under way until `endUse`. Throws `FS_CLOSED`. */
  beginUse(operation: string): number {
    const fd = this.fd(operation);
    this.#users += 1;
    return fd;
  }

  endUse(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#whenUnused?.();
  }

  /** Refuses further use at once, and closes the descriptor when the last use has ended. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#closeWhenUnused();
    return this.#closing;
  }

  async #closeWhenUnused(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => (this.#whenUnused = resolve));
    // What close reports (a delayed write error of a network volume) says nothing that `sync` has not: only what a
    // sync has covered counts as durable.
    await promised((done) => this.fs.close(this.#fd, done)).catch(() => {});
  }

  error(error: unknown, operation: string): FsError {
    return fsErrorOf(error, operation, this.path);
  }
}
