/**
 * What a file system operation failed of. `FS_IO` is everything that has no code of its own; the platform's error is
 * always the `cause`.
 */
export type FsErrorCode =
  | "FS_NOT_FOUND"
  | "FS_EXISTS"
  | "FS_NOT_A_DIRECTORY"
  | "FS_NOT_PERMITTED"
  | "FS_NO_SPACE"
  | "FS_TOO_MANY_OPEN"
  | "FS_BUSY"
  | "FS_LOCKED"
  | "FS_CLOSED"
  | "FS_NOT_SUPPORTED"
  | "FS_INVALID_ARGUMENT"
  | "FS_IO";

/** What an `FsError` says besides its code. */
export interface FsErrorDetails {
  /** The port's method that failed: `"append"`, `"sync"`, `"replace"`, ... */
  readonly operation: string;
  readonly path: string;
  /** Only from `replace`: whether the old content certainly stands. */
  readonly outcome?: "unchanged" | "unknown";
  /** Only with `FS_LOCKED`: who holds the lock, in words, where it is known ("process 4711"). */
  readonly holder?: string;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("@hashlog/fs-io/FsError");

/** The one error class of this package. Tell it by `FsError.is` and its `code`, never by its message. */
export class FsError extends Error {
  override readonly name = "FsError";
  readonly code: FsErrorCode;
  readonly operation: string;
  readonly path: string;
  readonly outcome: "unchanged" | "unknown" | undefined;
  readonly holder: string | undefined;

  constructor(code: FsErrorCode, message: string, details: FsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.operation = details.operation;
    this.path = details.path;
    this.outcome = details.outcome;
    this.holder = details.holder;
  }

  /** Whether `value` is an `FsError`, also one of another copy of this package. */
  static is(value: unknown): value is FsError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }
}
