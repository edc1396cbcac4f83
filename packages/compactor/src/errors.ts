/**
 * Why a merge ended without doing what it was asked to do. An abort is not among them: it rejects with the signal's
 * own reason. Damage found in an input is not either: that input leaves the merge and stands in the report.
 */
export type MergeErrorCode =
  /** The caller's mistake: an option or the list of inputs. Nothing was done. */
  | "MERGE_INVALID_ARGUMENT"
  /** A method of the store, a read of a segment or `onProgress` failed; what it failed with is the `cause`. */
  | "MERGE_IO"
  /** An output that was read back is not what was written into it. */
  | "MERGE_OUTPUT_DAMAGED"
  /** Keys still point into an input after every record was moved: an error in the program, here or in the store. */
  | "MERGE_KEYS_REMAIN";

/**
 * What the failed merge leaves behind.
 *
 * - `"abandoned"`: nothing was published. The store is as before, the outputs were given to `abandonOutputs`.
 * - `"unknown"`: a manifest edit failed, and the manifest may say either. Every file stays.
 * - `"published"`: inputs and outputs are both listed; every key points to a good record in one of them. Every file
 *   stays, and a later merge of the same segments frees the space.
 * - `"retired"`: the merge is complete, but the inputs' files may still be there.
 */
export type MergeOutcome = "abandoned" | "unknown" | "published" | "retired";

/** What a `MergeError` is made of, besides its code and message. */
export interface MergeErrorDetails {
  readonly outcome: MergeOutcome;
  /** The segment that the error is about, where it is about one. */
  readonly segmentId?: number;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("@hashlog/compactor/MergeError");

/** The one error class of this package. Tell it by `MergeError.is` and its `code`, never by its message. */
export class MergeError extends Error {
  override readonly name = "MergeError";
  readonly code: MergeErrorCode;
  readonly outcome: MergeOutcome;
  readonly segmentId: number | undefined;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(code: MergeErrorCode, message: string, details: MergeErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.outcome = details.outcome;
    this.segmentId = details.segmentId;
  }

  /** Whether `value` is a `MergeError`, also one of another copy of this package. */
  static is(value: unknown): value is MergeError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** The caller's mistake in words: "outputBytesMax must be an integer from 1 to 4294967295". */
export function invalidArgument(message: string): MergeError {
  return new MergeError("MERGE_INVALID_ARGUMENT", message, { outcome: "abandoned" });
}

/** Runs one step of a merge; what it fails with becomes a `MergeError` that says what is left behind. */
export async function step<T>(outcome: MergeOutcome, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asMergeError(error, outcome);
  }
}

/** `error` itself if it is a `MergeError` already, else a `MERGE_IO` with it as the cause. */
export function asMergeError(error: unknown, outcome: MergeOutcome): MergeError {
  if (MergeError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new MergeError("MERGE_IO", `the merge failed: ${reason}`, { outcome, cause: error });
}
