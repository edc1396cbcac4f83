import { FsError, type FsErrorCode, type FsErrorDetails } from "./errors.ts";

/** From the platform's errors to `FsError`: the only place that knows errno names. */

const CODES: Readonly<Record<string, FsErrorCode>> = {
  ENOENT: "FS_NOT_FOUND",
  EEXIST: "FS_EXISTS",
  ENOTDIR: "FS_NOT_A_DIRECTORY",
  EACCES: "FS_NOT_PERMITTED",
  EPERM: "FS_NOT_PERMITTED",
  EROFS: "FS_NOT_PERMITTED",
  ENOSPC: "FS_NO_SPACE",
  EDQUOT: "FS_NO_SPACE",
  EMFILE: "FS_TOO_MANY_OPEN",
  ENFILE: "FS_TOO_MANY_OPEN",
  EBUSY: "FS_BUSY",
  ETXTBSY: "FS_BUSY",
  ENOSYS: "FS_NOT_SUPPORTED",
  ENOTSUP: "FS_NOT_SUPPORTED",
  EOPNOTSUPP: "FS_NOT_SUPPORTED",
  EXDEV: "FS_NOT_SUPPORTED",
  // Of Node's permission model.
  ERR_ACCESS_DENIED: "FS_NOT_PERMITTED",
};

/** The errno name of a node error (`"ENOENT"`), or `undefined` if it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}

/** The code of a platform error: `FS_IO` unless its errno has one of its own. */
export function codeOf(error: unknown): FsErrorCode {
  const errno = errnoOf(error);
  if (errno === undefined) return isRefusalOfDeno(error) ? "FS_NOT_PERMITTED" : "FS_IO";
  if (Object.hasOwn(CODES, errno)) return CODES[errno];
  // Node's own refusals, before it asks the system: a path with a zero byte, a range outside of its buffer.
  return errno.startsWith("ERR_") ? "FS_INVALID_ARGUMENT" : "FS_IO";
}

/** Deno's own refusal, before it asks the system; its message says which permission the program lacks. It has no errno. */
function isRefusalOfDeno(error: unknown): boolean {
  return error instanceof Error && error.name === "NotCapable";
}

/** Wraps a platform error. */
export function fsErrorOf(
  error: unknown,
  operation: string,
  path: string,
  code: FsErrorCode = codeOf(error),
  outcome?: FsErrorDetails["outcome"],
): FsError {
  const reason = error instanceof Error ? error.message : String(error);
  const details = { operation, path, cause: error };
  const message = `${operation} of "${path}" failed: ${reason}`;
  return new FsError(code, message, outcome === undefined ? details : { ...details, outcome });
}
