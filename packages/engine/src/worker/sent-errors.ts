import { MergeError, type MergeErrorCode, type MergeErrorDetails, type MergeOutcome } from "@hashlog/compactor";
import { FsError, type FsErrorCode } from "@hashlog/fs-io";

/** An error on its way from the merge's thread to the store's, where it is one of the same class and words again. */
export type SentError =
  | {
      readonly kind: "merge";
      readonly code: MergeErrorCode;
      readonly message: string;
      readonly outcome: MergeOutcome;
      readonly segmentId: number | undefined;
      readonly cause: SentError | undefined;
    }
  | {
      readonly kind: "files";
      readonly code: FsErrorCode;
      readonly message: string;
      readonly operation: string;
      readonly path: string;
      readonly cause: SentError | undefined;
    }
  /** What a method of the store had thrown. */
  | { readonly kind: "refusal"; readonly error: number }
  | { readonly kind: "abort" }
  | { readonly kind: "other"; readonly message: string; readonly stack: string | undefined };

/** The reason of the signal in the merge's thread: the one of the caller's signal stays where it is. */
export const ABORTED: Error = new Error("aborted");

/** In the merge's thread: what a method of the store had thrown. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly error: number;

  constructor(error: number, message: string) {
    super(message);
    this.error = error;
  }
}

/** Makes an error ready for a message. */
export function sendError(error: unknown): SentError {
  if (error === ABORTED) return { kind: "abort" };
  if (error instanceof Refusal) return { kind: "refusal", error: error.error };
  if (MergeError.is(error)) {
    const { code, message, outcome, segmentId } = error;
    return { kind: "merge", code, message, outcome, segmentId, cause: sendCause(error.cause) };
  }
  if (FsError.is(error)) {
    const { code, message, operation, path } = error;
    return { kind: "files", code, message, operation, path, cause: sendCause(error.cause) };
  }
  if (error instanceof Error) return { kind: "other", message: error.message, stack: error.stack };
  return { kind: "other", message: String(error), stack: undefined };
}

function sendCause(cause: unknown): SentError | undefined {
  return cause === undefined ? undefined : sendError(cause);
}

/** The error that a message speaks of. `refusals` are what the store's methods threw, `reason` is the signal's. */
export function receiveError(sent: SentError, refusals: readonly unknown[], reason: unknown): unknown {
  if (sent.kind === "abort") return reason;
  if (sent.kind === "refusal") return refusals[sent.error];
  if (sent.kind === "other") return Object.assign(new Error(sent.message), { stack: sent.stack });
  const cause = sent.cause === undefined ? undefined : receiveError(sent.cause, refusals, reason);
  if (sent.kind === "files") {
    const { code, message, operation, path } = sent;
    return new FsError(code, message, { operation, path, cause });
  }
  const { code, message, outcome, segmentId } = sent;
  const details: MergeErrorDetails = segmentId === undefined ? { outcome, cause } : { outcome, cause, segmentId };
  return new MergeError(code, message, details);
}
