import type { AnyStore, Command } from "./command.ts";
import { COMMANDS } from "./commands/all.ts";
import { showJson } from "./encoding.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { failureOf } from "./failure.ts";
import { Output } from "./output.ts";
import { asksForJson, buildProgram, parseLine, type Invocation } from "./program.ts";
import { Session } from "./session.ts";
import { openForReading, openForWriting, withRemedy, type WritingGiven } from "./store-access.ts";
import { VERSION } from "./version.ts";

/**
 * Does what the command line asks for, as the command `hashlog` does, and resolves to the exit code; never rejects. `argv` is what
 * stands behind the command's name.
 */
export async function run(argv: readonly string[], host: Host): Promise<ExitCode> {
  const ending = new AbortController();
  const output = new Output(host.stdout, ending.signal);
  const stopListening = host.onInterrupt(() => ending.abort(new Error("interrupted")));
  // Where nobody hears what is said beside the output, that is no failure of what was asked for.
  host.stderr.on("error", unheard);
  const line = new CommandLine(host, output, ending.signal);
  try {
    return await line.run(argv);
  } finally {
    stopListening();
    output.release();
    if (host.stderr.errored === null) host.stderr.off("error", unheard);
  }
}

function unheard(): void {}

/** One command line, from what was typed to its exit code. */
class CommandLine {
  readonly #host: Host;
  readonly #output: Output;
  readonly #signal: AbortSignal;
  #exitCode: ExitCode = EXIT.done;
  #invocation: Invocation | undefined;

  constructor(host: Host, output: Output, signal: AbortSignal) {
    this.#host = host;
    this.#output = output;
    this.#signal = signal;
  }

  async run(argv: readonly string[]): Promise<ExitCode> {
    try {
      await this.#parse(argv);
      await this.#output.end();
      return this.#exitCode;
    } catch (error) {
      return this.#failed(error, argv);
    }
  }

  async #parse(argv: readonly string[]): Promise<void> {
    const { columns } = this.#output;
    const parts = {
      ...{ name: "hashlog", description: DESCRIPTION, version: VERSION, inShell: false, columns },
      print: (text: string) => void this.#host.stdout.write(text),
      printInstead: (text: string) => void this.#host.stderr.write(text),
      invoke: (invocation: Invocation) => this.#invoke(invocation),
    };
    const program = buildProgram(COMMANDS, parts, (code) => {
      this.#exitCode = code;
    });
    await parseLine(program, argv);
  }

  async #invoke(invocation: Invocation): Promise<ExitCode | void> {
    this.#invocation = invocation;
    const { command, directory = "", given, json, quiet } = invocation;
    const session = new Session(this.#host, {
      ...{ signal: this.#signal, json, quiet, output: this.#output, inShell: false },
    });
    if (command.kind === "other") return command.run(given, session);
    await command.check?.(given, session);
    const opened: OpeningGiven = given.options;
    if (command.kind === "write") {
      const opening = openForWriting(directory, session, opened);
      return withStore(opening, directory, command, (store) => command.run(store, given, session));
    }
    const opening = openForReading(directory, session, opened.follow);
    return withStore(opening, directory, command, (store) => command.run(store, given, session));
  }

  #failed(error: unknown, argv: readonly string[]): ExitCode {
    const { directory, given, json = asksForJson(argv) } = this.#invocation ?? {};
    const help = COMMANDS.some(({ name }) => name === argv[0]) ? `hashlog ${argv[0]} --help` : "hashlog --help";
    const { exitCode, code, message } = failureOf(error, { directory: directory ?? given?.parameters[0] ?? "", help });
    if (message === undefined) return exitCode;
    const line = json ? showJson({ error: { code, message } }) : `hashlog: ${message}`;
    this.#host.stderr.write(`${line}\n`);
    return exitCode;
  }
}

/** Options of commands that are about how their store is opened. */
interface OpeningGiven extends WritingGiven {
  readonly follow?: boolean;
}

/** Does something with a store, and closes it. */
async function withStore<S extends AnyStore, T>(
  opening: Promise<S>,
  directory: string,
  { options }: Command,
  work: (store: S) => Promise<T>,
): Promise<T> {
  const canCreate = options?.().some((option) => option.attributeName() === "create") === true;
  const store = await opening.catch((error: unknown) => {
    throw withRemedy(error, directory, canCreate);
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const DESCRIPTION =
  "Looks into a Hashlog store, and changes, checks, mends and measures it. What only reads may run beside the program that writes.";
