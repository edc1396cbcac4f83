import { HashlogError } from "@hashlog/engine";
import { FsError } from "@hashlog/fs-io";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-codes.ts";

/** Why a command was not done, in one line that says what to do, and what the program ends with. */
export class Complaint extends Error {
  override readonly name = "Complaint";
  readonly exitCode: ExitCode;
  readonly code: string;

  /** `code` is what `--json` gives as the error's: by default one that says that the command line is wrong. */
  constructor(message: string, exitCode: ExitCode = EXIT.usage, code = "CLI_USAGE", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.code = code;
  }
}

/**
 * Whatever a command threw, as a complaint; `undefined` for what nobody foresaw, which is a mistake in this program.
 * `directory` is the store or file that the command is about, for the remedy.
 */
export function complaintOf(error: unknown, directory: string): Complaint | undefined {
  if (error instanceof Complaint) return error;
  if (HashlogError.is(error)) {
    const message = `${sentence(error.message)}${remedyOf(error, directory)}`;
    return new Complaint(asOfCommandLine(message), exitCodeOf(error), error.code, error);
  }
  if (FsError.is(error)) {
    const exitCode = error.code === "FS_NOT_FOUND" ? EXIT.notFound : EXIT.machine;
    const remedy = error.code === "FS_NOT_PERMITTED" ? `: look at the permissions of ${error.path}` : "";
    return new Complaint(`${error.message}${remedy}`, exitCode, error.code, error);
  }
  if (isSystemError(error)) {
    const exitCode = error.code === "ENOENT" ? EXIT.notFound : EXIT.machine;
    return new Complaint(error.message, exitCode, error.code, error);
  }
  if (isOfLength(error)) return tooLarge(error);
  return undefined;
}

/** What is shown is too large for that, whatever is made of it. */
export function tooLarge(cause?: unknown): Complaint {
  const message = "a value is too large to be shown so: get without --json and export give it as it is";
  return new Complaint(message, EXIT.machine, "CLI_TOO_LARGE", cause);
}

/** Whether a text became longer than any may be. */
function isOfLength(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message === "Invalid string length" || ("code" in error && error.code === "ERR_STRING_TOO_LONG");
}

/** An error of Node's that has a code of the operating system's. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

function remedyOf(error: HashlogError, directory: string): string {
  switch (error.code) {
    case "HASHLOG_LOCKED":
      return `: end that process first; commands that show entries or figures, and export, work beside it`;
    case "HASHLOG_CORRUPT":
      return `: "hashlog verify ${directory}" tells what is damaged, "hashlog repair --dry-run ${directory}" what can be saved`;
    case "HASHLOG_VERSION":
      return `: install a newer @hashlog/cli`;
    case "HASHLOG_NO_SPACE":
      return `: make room on the volume and try again`;
    case "HASHLOG_NOT_PERMITTED":
      return `: look at the permissions${error.path === undefined ? "" : ` of ${error.path}`}`;
    case "HASHLOG_COMPACTED":
      return ` (--since 0)`;
    default:
      return "";
  }
}

/** What the engine asks a program for, as a command line gives it. */
function asOfCommandLine(message: string): string {
  return message.replace("pass allowSharedVolume: true", "give --allow-shared-volume");
}

/** Without the full stop that a remedy would stand behind. */
function sentence(message: string): string {
  return message.replace(/\.$/, "");
}
