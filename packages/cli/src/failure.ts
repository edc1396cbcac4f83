import { complaintOf } from "./complaint.ts";
import { showLines } from "./encoding.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { ReaderGone } from "./output.ts";
import { refusalOf } from "./program.ts";
import { VERSION } from "./version.ts";

/** What is said of something that failed, and what the program ends with. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  /** One line; `undefined` where there is nothing to say. */
  readonly message: string | undefined;
}

/** Where something failed. */
export interface FailedAt {
  /** The store or file that it is about. */
  readonly directory: string;
  /** Where the help for it is. */
  readonly help: string;
}

/** What a command line or a command threw, in one line that says what to do. */
export function failureOf(error: unknown, { directory, help }: FailedAt): Failure {
  // Whoever read the output has had enough: that is no failure.
  if (error instanceof ReaderGone) return { exitCode: EXIT.done, code: "", message: undefined };
  const refusal = refusalOf(error);
  if (refusal !== undefined) {
    const { exitCode, message } = refusal;
    return {
      exitCode,
      code: "CLI_USAGE",
      message: message === undefined ? undefined : oneLine(`${message}: see "${help}"`),
    };
  }
  const complaint = complaintOf(error, directory);
  if (complaint !== undefined) {
    return { exitCode: complaint.exitCode, code: complaint.code, message: oneLine(complaint.message) };
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: EXIT.bug,
    code: "CLI_BUG",
    message: `this is a mistake in hashlog ${VERSION}, please report it: ${showLines(words)}`,
  };
}

/** Nothing in it reaches the terminal as anything but what is seen: paths and words of others may have anything in them. */
function oneLine(message: string): string {
  return showLines(message.replaceAll(/\s*\n\s*/g, " "));
}
