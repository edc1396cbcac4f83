/** What an `IndexError` is about. `INDEX_FULL` comes from the environment, `INDEX_BAD_DUMP` from the data. */
export type IndexErrorCode =
  | "INDEX_FULL"
  | "INDEX_NOT_EMPTY"
  | "INDEX_BAD_DUMP"
  | "INDEX_CLOSED"
  | "INDEX_NOT_ORDERED"
  | "INDEX_INVALID_ARGUMENT";

const BRAND = Symbol.for("@hashlog/index/IndexError");

/** The one error class of this package. Tell it by `IndexError.is` and its `code`, never by its message. */
export class IndexError extends Error {
  override readonly name = "IndexError";
  readonly code: IndexErrorCode;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(code: IndexErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Whether `value` is an `IndexError`, also one of another copy of this package. */
  static is(value: unknown): value is IndexError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}
