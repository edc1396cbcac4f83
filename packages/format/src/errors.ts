/** What a `FormatError` is about. Only a caller's mistake is an error here; damage is a value that decoders return. */
export type FormatErrorCode = "FORMAT_INVALID_ARGUMENT";

/** What a `FormatError` says in fields rather than in prose. */
export interface FormatErrorDetails {
  /** The argument or field that is wrong: `"sequence"`, `"keyBytes"`, `"segments[2].segmentId"`, ... */
  readonly argument: string;
  readonly value?: unknown;
}

const BRAND = Symbol.for("@hashlog/format/FormatError");

/**
 * The one error class of this package: something was asked for that the format cannot express (a key too long, a
 * sequence out of range, records that do not fill their frame). Tell it by `FormatError.is` and its `code`, never by
 * its message.
 */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly code: FormatErrorCode;
  readonly argument: string;
  readonly value: unknown;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(code: FormatErrorCode, message: string, details: FormatErrorDetails) {
    super(message);
    this.code = code;
    this.argument = details.argument;
    this.value = details.value;
  }

  /** Whether `value` is a `FormatError`, also one of another copy of this package. */
  static is(value: unknown): value is FormatError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** The caller's mistake in words: "sequence must be an integer from 1 to 9007199254740991". */
export function invalidArgument(argument: string, rule: string, value?: unknown): FormatError {
  return new FormatError("FORMAT_INVALID_ARGUMENT", `${argument} ${rule}`, { argument, value });
}

/** Throws unless `value` is an integer in `[lowest, highest]`. `highest` is a safe integer. */
export function checkInteger(argument: string, value: number, lowest: number, highest: number): void {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw invalidArgument(argument, `must be an integer from ${lowest} to ${highest}`, value);
  }
}
