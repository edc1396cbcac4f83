import { split } from "shlex";
import type { AnyStore, Command, ReadCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { showJson } from "../encoding.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { failureOf } from "../failure.ts";
import type { Host } from "../host.ts";
import { Output, ReaderGone } from "../output.ts";
import { asksForJson, buildProgram, parseLine, type Invocation } from "../program.ts";
import { Session } from "../session.ts";
import { isWritable } from "../store-access.ts";

/** What the lines of a shell need. */
export interface ShellParts {
  readonly host: Host;
  readonly output: Output;
  readonly store: AnyStore;
  readonly commands: readonly Command[];
  /** Why a command that there is otherwise is none of this shell. */
  readonly refused: (name: string) => string | undefined;
  /** Whether every command is to print JSON. */
  readonly json: boolean;
}

/**
 * Does what one line of a shell asks for, and tells what failed in a line; resolves to its exit code. A store that is only read catches
 * up before.
 * @throws ReaderGone where nobody reads the output any more
 */
export async function runLine(line: string, parts: ShellParts, signal: AbortSignal): Promise<ExitCode> {
  const { host, output, store, commands } = parts;
  let exitCode: ExitCode = EXIT.done;
  let asJson = parts.json;
  const invoke = async ({ command, given, json, quiet }: Invocation): Promise<ExitCode | void> => {
    asJson = parts.json || json;
    const session = new Session(host, { output, signal, json: asJson, quiet, inShell: true });
    if (command.kind === "other") return command.run(given, session);
    await command.check?.(given, session);
    if (isWritable(store)) return command.run(store, given, session);
    await store.refresh();
    // A shell that only reads has none that write.
    return (command as ReadCommand<never>).run(store, given, session);
  };
  const program = buildProgram(
    commands,
    {
      name: "",
      description: DESCRIPTION,
      inShell: true,
      columns: output.columns,
      print: (text) => void host.stdout.write(text),
      printInstead: (text) => void host.stderr.write(text),
      invoke,
    },
    (code) => {
      exitCode = code;
    },
  );
  program.usage("<command> [options]");
  try {
    const words = wordsOf(line);
    asJson ||= asksForJson(words);
    const refused = parts.refused(words[0] ?? "");
    if (refused !== undefined) throw new Complaint(refused);
    await parseLine(program, words);
    return exitCode;
  } catch (error) {
    if (error instanceof ReaderGone) throw error;
    const failure = failureOf(error, { directory: store.directory, help: "help" });
    const { code, message } = failure;
    if (message !== undefined) {
      host.stderr.write(asJson ? `${showJson({ error: { code, message } })}\n` : `${message}\n`);
    }
    return failure.exitCode;
  }
}

/** The words of a line, as a POSIX shell takes quotes and backslashes. */
function wordsOf(line: string): string[] {
  try {
    return split(line);
  } catch (error) {
    throw new Complaint(`this line cannot be read: ${(error as Error).message}`, EXIT.usage, "CLI_USAGE", error);
  }
}

const DESCRIPTION =
  "Commands about the store that is open. Quotes and backslashes are those of a POSIX shell, and nothing else is: no pipes, no variables. A line " +
  "that begins with # is passed over. Tab completes; Ctrl-C ends a command, exit or Ctrl-D the shell.";
