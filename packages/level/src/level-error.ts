import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";

/**
 * The codes of abstract-level that come from this package; those of its base class (`LEVEL_DATABASE_NOT_OPEN`,
 * `LEVEL_ITERATOR_BUSY`, `LEVEL_DECODE_ERROR`, ...) come as it throws them. What an opening fails with is the `cause` of a
 * `LEVEL_DATABASE_NOT_OPEN`.
 */
export type LevelErrorCode =
  /** A read, an iteration or an opening was cancelled by its signal. */
  | "LEVEL_ABORTED"
  /** Bytes that were durable are not what was written. */
  | "LEVEL_CORRUPTION"
  /** The database is closed. */
  | "LEVEL_DATABASE_NOT_OPEN"
  /** A key that is longer than 65,535 bytes, or a string with a lone surrogate. */
  | "LEVEL_INVALID_KEY"
  /** A value that is too large, a string with a lone surrogate, or an expiry that is none. */
  | "LEVEL_INVALID_VALUE"
  /** The file system failed, the volume is full, or the database is not there, or is, where it should be otherwise. */
  | "LEVEL_IO_ERROR"
  /** Somebody has the directory open. */
  | "LEVEL_LOCKED"
  /** This file system or volume cannot do what was asked, or the store was written by a newer version of the format. */
  | "LEVEL_NOT_SUPPORTED";

/** An error with a code of abstract-level; `cause` is the `HashlogError` that it stands for, with the fields of that. */
export class LevelError extends Error {
  override readonly name: string;
  readonly code: LevelErrorCode;

  constructor(code: LevelErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    // As whoever aborts something on the web expects it.
    this.name = code === "LEVEL_ABORTED" ? "AbortError" : "LevelError";
    this.code = code;
  }
}

const CODES: Readonly<Partial<Record<HashlogErrorCode, LevelErrorCode>>> = {
  HASHLOG_ABORTED: "LEVEL_ABORTED",
  HASHLOG_CLOSED: "LEVEL_DATABASE_NOT_OPEN",
  HASHLOG_CORRUPT: "LEVEL_CORRUPTION",
  HASHLOG_IO: "LEVEL_IO_ERROR",
  HASHLOG_LOCKED: "LEVEL_LOCKED",
  HASHLOG_NO_SPACE: "LEVEL_IO_ERROR",
  HASHLOG_NOT_FOUND: "LEVEL_IO_ERROR",
  HASHLOG_NOT_PERMITTED: "LEVEL_IO_ERROR",
  HASHLOG_NOT_SUPPORTED: "LEVEL_NOT_SUPPORTED",
  HASHLOG_VERSION: "LEVEL_NOT_SUPPORTED",
  HASHLOG_WRITES_DISABLED: "LEVEL_IO_ERROR",
};

/** What the store threw, with a code of abstract-level where there is one for it; anything else as it is. */
export function asLevelError(error: unknown): unknown {
  const code = HashlogError.is(error) ? CODES[error.code] : undefined;
  return code === undefined ? error : new LevelError(code, (error as HashlogError).message, error);
}

/** As `asLevelError`, of a write whose key was looked at before: what is wrong with the rest of its arguments is the value's. */
export function asWriteError(error: unknown): unknown {
  return isInvalidArgument(error) ? new LevelError("LEVEL_INVALID_VALUE", error.message, error) : asLevelError(error);
}

/** Whether it is the engine's word for a mistake of the caller's. */
export function isInvalidArgument(error: unknown): error is HashlogError {
  return HashlogError.is(error) && error.code === "HASHLOG_INVALID_ARGUMENT";
}
