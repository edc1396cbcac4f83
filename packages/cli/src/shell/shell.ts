import { createInterface, type Interface } from "node:readline/promises";
import type { AnyStore, Command } from "../command.ts";
import { backup } from "../commands/backup.ts";
import { changes } from "../commands/changes.ts";
import { compact } from "../commands/compact.ts";
import { count } from "../commands/count.ts";
import { deleteCommand } from "../commands/delete.ts";
import { exportCommand } from "../commands/export.ts";
import { get } from "../commands/get.ts";
import { importCommand } from "../commands/import.ts";
import { inspect } from "../commands/inspect.ts";
import { put } from "../commands/put.ts";
import { scan } from "../commands/scan.ts";
import { stats } from "../commands/stats.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { isWritable } from "../store-access.ts";
import { complete } from "./completion.ts";
import { History, LINES_MOST } from "./history.ts";
import { runLine, type ShellParts } from "./shell-line.ts";

const READING: readonly Command[] = [get, scan, count, stats, inspect, exportCommand, changes];
const WRITING: readonly Command[] = [put, deleteCommand, importCommand, compact, backup];

/** Commands that a shell does not have: they are about a store that nobody has open, or about none. */
const OUTSIDE: readonly string[] = ["dump", "verify", "repair", "restore", "bench", "shell"];

/** Every command that a shell knows of, whether or not it has it. */
export const SHELL_KNOWS: readonly string[] = [...READING, ...WRITING].map(({ name }) => name).concat(OUTSIDE);

/** Why a command is none of a shell's; `undefined` if it is, or is none at all. */
function refusedIn(commands: readonly Command[]): (name: string) => string | undefined {
  return (name) => {
    if (OUTSIDE.includes(name)) return `${name} is for outside of the shell: "hashlog ${name} --help" tells how`;
    const isOfWriters = WRITING.some((command) => command.name === name);
    if (!isOfWriters || commands.some((command) => command.name === name)) return undefined;
    return `${name} needs a shell that writes: leave, and begin it with --write`;
  };
}

/** A shell about one open store: on a terminal with a prompt, history and completion, from a pipe line by line. */
export class Shell {
  readonly #session: Session;
  readonly #parts: ShellParts;
  readonly #history: History;
  readonly #isTerminal: boolean;
  #isClosed = false;
  /** Of the command that runs. */
  #running: AbortController | undefined;

  constructor(store: AnyStore, session: Session) {
    const { host, output } = session;
    const commands = isWritable(store) ? [...READING, ...WRITING] : READING;
    this.#session = session;
    this.#parts = { host, output, store, commands, refused: refusedIn(commands), json: session.json };
    this.#history = new History(host);
    this.#isTerminal = host.stdin.isTTY === true && output.isTerminal;
  }

  /** Resolves when the input ends or the user does. */
  async run(): Promise<ExitCode> {
    const lines = await this.#lines();
    const { signal } = this.#session;
    const end = (): void => {
      this.#running?.abort(signal.reason);
      lines.close();
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    try {
      const exitCode = await this.#runAll(lines);
      return signal.aborted ? EXIT.interrupted : exitCode;
    } finally {
      signal.removeEventListener("abort", end);
      lines.close();
      if (this.#isTerminal) await this.#saveHistory();
    }
  }

  async #runAll(lines: Interface): Promise<ExitCode> {
    let exitCode: ExitCode = EXIT.done;
    if (this.#isTerminal) await this.#greet();
    this.#prompt(lines);
    let hasLeft = false;
    for await (const line of lines) {
      // Lines that came before it are there still.
      if (this.#session.signal.aborted) break;
      const words = line.trim();
      if (words === "exit" || words === "quit") {
        hasLeft = true;
        break;
      }
      if (words !== "" && !words.startsWith("#")) {
        const ended = await this.#runOne(words);
        if (exitCode === EXIT.done) exitCode = ended;
      }
      this.#prompt(lines);
    }
    // Ctrl-D leaves the cursor behind the prompt.
    if (this.#isTerminal && !hasLeft) await this.#parts.output.line();
    // On a terminal everybody has seen what failed.
    return this.#isTerminal ? EXIT.done : exitCode;
  }

  async #runOne(line: string): Promise<ExitCode> {
    const running = new AbortController();
    this.#running = running;
    try {
      return await runLine(line, this.#parts, running.signal);
    } finally {
      this.#running = undefined;
    }
  }

  async #lines(): Promise<Interface> {
    const { host, store, commands } = this.#parts;
    const { stdin: input, stdout: output } = host;
    if (!this.#isTerminal) return createInterface({ input, terminal: false });
    const lines = createInterface({
      ...{ input, output, terminal: true, prompt: "hashlog> ", historySize: LINES_MOST, removeHistoryDuplicates: true },
      history: await this.#history.load(),
      completer: (line: string) => complete(line, commands, store),
    });
    lines.on("close", () => {
      this.#isClosed = true;
    });
    lines.on("history", (history: string[]) => this.#history.update(history));
    lines.on("SIGINT", () => {
      if (this.#running !== undefined) return this.#running.abort(new Error("interrupted"));
      // As other shells do: the line is given up.
      output.write("^C\n");
      lines.write(null, { ctrl: true, name: "e" });
      lines.write(null, { ctrl: true, name: "u" });
      this.#prompt(lines);
    });
    return lines;
  }

  async #greet(): Promise<void> {
    const { store, output } = this.#parts;
    const how = isWritable(store) ? "open for writing" : "open for reading";
    await output.line(`${store.directory}, ${how}. "help" lists the commands, Ctrl-D leaves.`);
  }

  #prompt(lines: Interface): void {
    if (this.#isTerminal && !this.#isClosed) lines.prompt();
  }

  async #saveHistory(): Promise<void> {
    const failed = await this.#history.save();
    if (failed !== undefined) this.#session.note(`the history was not kept: ${failed}`);
  }
}
