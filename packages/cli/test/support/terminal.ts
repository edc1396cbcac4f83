import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { processHost, run, type ExitCode, type Host } from "@hashlog/cli";
import { onTestFinished } from "vitest";

/** What a command printed, and what it ended with. */
export interface Ended {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** As it was printed, where it is no text. */
  readonly bytes: Buffer;
}

/** How a command is run. */
export interface Circumstances {
  readonly stdin?: string | Uint8Array | Readable;
  /** Whether a person seems to look. */
  readonly terminal?: boolean;
  readonly columns?: number;
  /** What differs from this machine. */
  readonly host?: Partial<Host>;
}

/** Runs a command line on this machine's disk, with standard streams of the test's own. */
export async function hashlog(argv: readonly string[], circumstances: Circumstances = {}): Promise<Ended> {
  const { stdin = "", terminal = false, columns = 100, host = {} } = circumstances;
  const stdout = new Collected(terminal, columns);
  const stderr = new Collected(terminal, columns);
  const input = stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]);
  const exitCode = await run(argv, {
    ...processHost,
    stdin: input,
    stdout,
    stderr,
    onInterrupt: () => () => undefined,
    ...host,
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text, bytes: stdout.bytes };
}

/** As `hashlog`, of a command that has to succeed: what it printed. */
export async function printed(argv: readonly string[], circumstances: Circumstances = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await hashlog(argv, circumstances);
  if (exitCode !== 0) throw new Error(`hashlog ${argv.join(" ")} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

/** As `hashlog`, of a command with --json: what it printed, line by line. */
export async function printedJson(argv: readonly string[], circumstances: Circumstances = {}): Promise<unknown[]> {
  const text = await printed([...argv, "--json"], circumstances);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

/** A directory of its own for a test, which is removed afterwards. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** What a terminal is told anything by begins with it. */
export const ESCAPE = "\u001B";

/** Somebody who types. */
export class Keyboard extends PassThrough {
  readonly isTTY = true;
}

/** A stream that keeps what is written to it. */
export class Collected extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #chunks: Buffer[] = [];
  #onText: (() => void) | undefined;

  constructor(isTTY: boolean = false, columns: number = 100) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  /** Resolves when what was written matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      await new Promise<void>((resolve) => {
        this.#onText = resolve;
      });
    }
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#onText?.();
    callback();
  }
}
