import { Command as Commander, CommanderError, Option } from "commander";
import type { Command, Given } from "./command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** What is done with a command once its line was read. `directory`: of a command about a store, its first parameter. */
export interface Invocation {
  readonly command: Command;
  readonly directory: string | undefined;
  readonly given: Given<never>;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** How commands are spoken to: on a command line each names its store, in a shell it is there. */
export interface ProgramParts {
  readonly name: string;
  readonly description: string;
  readonly version?: string;
  readonly inShell: boolean;
  readonly columns: number;
  /** Help and the version go here. */
  readonly print: (text: string) => void;
  /** Help that is shown as there is nothing to be done goes here. */
  readonly printInstead: (text: string) => void;
  readonly invoke: (invocation: Invocation) => Promise<ExitCode | void>;
}

/** Whether a line asks for JSON, also one that commander refuses. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? undefined : end).includes("--json");
}

/** A line that commander refused, in its words; or one that asked for help, which was printed. */
export interface Refusal {
  readonly exitCode: ExitCode;
  /** `undefined` where there is nothing to complain of. */
  readonly message: string | undefined;
}

/** The commands as commander reads them. `onExit` is told what a command ended with. */
export function buildProgram(
  commands: readonly Command[],
  parts: ProgramParts,
  onExit: (code: ExitCode) => void,
): Commander {
  const program = new Commander(parts.name).description(parts.description).exitOverride();
  program.configureOutput({
    writeOut: parts.print,
    writeErr: parts.printInstead,
    // What it complains of is told with the other failures.
    outputError: () => undefined,
    getOutHelpWidth: () => Math.min(parts.columns, 110),
    getErrHelpWidth: () => Math.min(parts.columns, 110),
  });
  // The commands of a shell have no name before theirs, for which commander puts one in.
  if (parts.inShell)
    program.configureHelp({ commandUsage: (sub) => (sub === program ? sub.usage() : `${sub.name()} ${sub.usage()}`) });
  if (parts.version !== undefined) program.version(parts.version, "-V, --version", "print the version");
  program.helpOption("-h, --help", "print help").helpCommand("help [command]", "print help, or that of a command");
  for (const command of commands) addCommand(program, command, parts, onExit);
  if (parts.inShell)
    program.addHelpText("after", '\nOutside of the shell each takes the store first: "hashlog get ./store ada".');
  else program.addHelpText("after", `\nExit codes: ${EXIT_CODES_SHORT}.`);
  return program;
}

/** Reads a line and does what it says. Help about a command that is none is refused as the command is. */
export async function parseLine(program: Commander, words: readonly string[]): Promise<void> {
  const [first, about = "help"] = words;
  const isKnown = program.commands.some((command) => command.name() === about);
  const line = first !== "help" || isKnown ? words : [about];
  try {
    await program.parseAsync(line, { from: "user" });
  } catch (error) {
    // Help or the version was asked for, and printed.
    if (refusalOf(error)?.exitCode !== EXIT.done) throw error;
  }
}

/** What commander threw, as it should be told; `undefined` if it is none of its errors. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  if (error.exitCode === 0) return { exitCode: EXIT.done, message: undefined };
  // Without a command, or asked for help of one that there is not, it prints its help, and fails.
  if (error.code === "commander.help") return { exitCode: EXIT.usage, message: undefined };
  // Without the full stop that a remedy would stand behind.
  const message = error.message
    .replace(/^error: /, "")
    .replaceAll("\n", " ")
    .replace(/\.$/, "");
  if (error.code === "commander.unknownOption" && !message.endsWith("?)")) {
    return { exitCode: EXIT.usage, message: `${message} (what begins with a dash and is no option stands behind --)` };
  }
  return { exitCode: EXIT.usage, message };
}

const EXIT_CODES_SHORT =
  "0 done, 1 the answer is no, 2 wrong command line, 3 nothing there,\n4 locked, 5 damaged, 6 the machine refused, 70 a mistake in this program, 130 interrupted";

function addCommand(program: Commander, command: Command, parts: ProgramParts, onExit: (code: ExitCode) => void): void {
  const takesStore = command.kind !== "other" && !parts.inShell;
  const sub = program.command(command.name).summary(command.summary).description(descriptionOf(command));
  if (takesStore) sub.argument("<store>", "the directory of the store");
  for (const [name, description] of command.parameters) sub.argument(name, description);
  for (const option of command.options?.() ?? []) sub.addOption(option);
  sub.addOption(new Option("--json", "print JSON, for programs"));
  if (!parts.inShell)
    sub.addOption(new Option("-q, --quiet", "print what was asked for and nothing else: no progress, no notes"));
  const examples = parts.inShell ? [] : command.examples;
  if (examples.length > 0) sub.addHelpText("after", `\nExamples:\n${examples.map((line) => `  $ ${line}`).join("\n")}`);
  sub.action(async (...received: unknown[]) => {
    // commander gives the parameters, then the options, then itself.
    const options = received.at(-2) as { readonly json?: boolean; readonly quiet?: boolean };
    const texts = received.slice(0, -2) as (string | readonly string[] | undefined)[];
    const directory = takesStore ? (texts.shift() as string) : undefined;
    const rest = texts.find((text) => Array.isArray(text)) as readonly string[] | undefined;
    const parameters = texts.filter((text) => !Array.isArray(text)) as (string | undefined)[];
    const given: Given<never> = { parameters, rest: rest ?? [], options: options as never };
    const { json = false, quiet = false } = options;
    onExit((await parts.invoke({ command, directory, given, json, quiet })) ?? EXIT.done);
  });
}

function descriptionOf({ summary, details }: Command): string {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return details === undefined ? sentence : `${sentence} ${details}`;
}
