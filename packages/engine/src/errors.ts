import { FsError, type FsErrorCode } from "@hashlog/fs-io";
import { IndexError } from "@hashlog/index";
import { setFields } from "./error-fields.ts";

/**
 * The errors a user of the store meets. Three families that never mix: the caller's mistake
 * (`HASHLOG_INVALID_ARGUMENT`, `HASHLOG_CLOSED`, ...), the environment (`HASHLOG_IO`, `HASHLOG_NO_SPACE`,
 * `HASHLOG_LOCKED`, ...), the data (`HASHLOG_CORRUPT`, `HASHLOG_VERSION`). A missing key is none of them: it is
 * `undefined`. Codes are stable; messages are for people and may change.
 */
export type HashlogErrorCode =
  /** Another process, or this one, has the directory open for writing; `holder` says who, where it is known. */
  | "HASHLOG_LOCKED"
  /** Bytes that were durable are not what was written; `path`, `segmentId`, `offset` say where. */
  | "HASHLOG_CORRUPT"
  /** The store was written by a newer version of the format; nothing was touched. */
  | "HASHLOG_VERSION"
  /** The store is closed or closing. */
  | "HASHLOG_CLOSED"
  /** The store was opened with `readOnly`, and this would write. */
  | "HASHLOG_READ_ONLY"
  /** Writing failed in a way that only opening the store again can mend; reads go on. `cause` is what failed. */
  | "HASHLOG_WRITES_DISABLED"
  /** The volume is full. Nothing acknowledged is lost, reads go on, and a later write resumes once there is room. */
  | "HASHLOG_NO_SPACE"
  /** The caller's mistake: a wrong type, a key that is too long, an unknown option. Nothing was written. */
  | "HASHLOG_INVALID_ARGUMENT"
  /** This file system or volume cannot do what was asked. */
  | "HASHLOG_NOT_SUPPORTED"
  /** There is no store, and `createIfMissing` is `false`; or a parent of the path is missing. */
  | "HASHLOG_NOT_FOUND"
  /** The operating system does not let this process do it. */
  | "HASHLOG_NOT_PERMITTED"
  /** Merges have taken out of the log what a feed needs; `expected` is the oldest `since` that will do. Begin with `since: 0`. */
  | "HASHLOG_COMPACTED"
  /** The operation was cancelled through its `signal`; `cause` is the signal's reason. */
  | "HASHLOG_ABORTED"
  /** Any other failure of the file system, or of a stream to or from which entries are moved; `cause` is its error. */
  | "HASHLOG_IO";

/** What an error says besides its code. Every field is there only where it means something. */
export interface HashlogErrorDetails {
  readonly path?: string | undefined;
  readonly segmentId?: number | undefined;
  readonly offset?: number | undefined;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly holder?: string | undefined;
  /** The line of an import, from 1. */
  readonly line?: number | undefined;
  /** How many entries an import has written. */
  readonly entriesDone?: number | undefined;
  /** Of the entry that a codec cannot decode; its bytes, where it is the key that cannot be. */
  readonly key?: unknown;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("@hashlog/engine/HashlogError");

/** The one error class of the engine. Tell it by `HashlogError.is` and its `code`, never by its message. */
export class HashlogError extends Error {
  override readonly name = "HashlogError";
  readonly code: HashlogErrorCode;
  // Set by `setFields`, where they are known.
  declare readonly path: string | undefined;
  declare readonly segmentId: number | undefined;
  declare readonly offset: number | undefined;
  declare readonly expected: unknown;
  declare readonly actual: unknown;
  declare readonly holder: string | undefined;
  declare readonly line: number | undefined;
  declare readonly entriesDone: number | undefined;
  declare readonly key: unknown;

  constructor(code: HashlogErrorCode, message: string, { cause, ...fields }: HashlogErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    setFields(this, fields);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether `value` is a `HashlogError`, also one of another copy of this package. */
  static is(value: unknown): value is HashlogError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** The caller's mistake. */
export function invalidArgument(message: string, details: HashlogErrorDetails = {}): HashlogError {
  return new HashlogError("HASHLOG_INVALID_ARGUMENT", message, details);
}

/** Damage below the floor, or where no legal crash can have left it. */
export function corrupt(message: string, details: HashlogErrorDetails): HashlogError {
  return new HashlogError("HASHLOG_CORRUPT", message, details);
}

const CODE_OF_FS_ERROR: Partial<Record<FsErrorCode, HashlogErrorCode>> = {
  FS_NO_SPACE: "HASHLOG_NO_SPACE",
  FS_LOCKED: "HASHLOG_LOCKED",
  FS_NOT_PERMITTED: "HASHLOG_NOT_PERMITTED",
  FS_NOT_SUPPORTED: "HASHLOG_NOT_SUPPORTED",
};

/** What the file system or the index threw, in the engine's words; anything else is handed on as it is. */
export function inOwnWords(error: unknown, doing: string): unknown {
  if (IndexError.is(error) && error.code === "INDEX_FULL") {
    return new HashlogError("HASHLOG_NOT_SUPPORTED", `${doing}: ${error.message}`, { cause: error });
  }
  if (!FsError.is(error)) return error;
  const code = CODE_OF_FS_ERROR[error.code] ?? "HASHLOG_IO";
  return new HashlogError(code, `${doing}: ${error.message}`, {
    path: error.path,
    holder: error.holder,
    cause: error,
  });
}

/** Whether it says that the volume is full. */
export function isNoSpace(error: unknown): boolean {
  return HashlogError.is(error) && error.code === "HASHLOG_NO_SPACE";
}

/** Throws if the signal was aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted) throw new HashlogError("HASHLOG_ABORTED", `${doing} was cancelled`, { cause: signal.reason });
}

/** What was thrown, in words: it need not be an error, nor anything that is made into a string. */
export function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    const words = String(thrown);
    return words === "undefined" ? "it does not say why" : words;
  } catch {
    return "it has no words for that";
  }
}
