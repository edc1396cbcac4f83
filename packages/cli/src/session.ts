import { showLines } from "./encoding.ts";
import type { Host } from "./host.ts";
import type { Output } from "./output.ts";
import { noProgress, showProgress, type Progress, type ProgressUnit } from "./progress.ts";

/** How a command is to behave. */
export interface SessionOptions {
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** Neither progress nor notes. */
  readonly quiet: boolean;
  readonly inShell: boolean;
}

/** What every command is given: where to print, how, and when to end. */
export class Session {
  readonly host: Host;
  readonly output: Output;
  /** Aborted when the user asks for an end. */
  readonly signal: AbortSignal;
  /** Print JSON, for programs: one document, or one a line where there are many. */
  readonly json: boolean;
  /** The lines of a shell come from standard input: it is no place for values then. */
  readonly inShell: boolean;
  readonly #quiet: boolean;

  constructor(host: Host, options: SessionOptions) {
    this.host = host;
    this.output = options.output;
    this.signal = options.signal;
    this.json = options.json;
    this.inShell = options.inShell;
    this.#quiet = options.quiet;
  }

  /** Does work that may take long, and shows how far it is, as it tells by the function that it is given. */
  async during<T>(doing: string, unit: ProgressUnit, work: (update: Progress["update"]) => Promise<T>): Promise<T> {
    const progress = this.#quiet ? noProgress : showProgress(this.host, doing, unit);
    try {
      return await work((done, total) => progress.update(done, total));
    } finally {
      progress.end();
    }
  }

  /** Says something that is not what was asked for, on standard error. */
  note(line: string): void {
    if (!this.#quiet) this.host.stderr.write(`${showLines(line)}\n`);
  }
}
