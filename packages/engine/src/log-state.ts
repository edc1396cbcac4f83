import { FsError } from "@hashlog/fs-io";
import { HashlogError } from "./errors.ts";

/** Whether the log takes writes, and if not, why. */
export type LogState = { readonly kind: "ready" } | FailedState;

/** The log ended where it is. */
export type FailedState =
  /** The volume was full; the next write tries again. */
  | { readonly kind: "no-space"; readonly error: HashlogError }
  | { readonly kind: "disabled"; readonly error: HashlogError };

/** What a failure of the log means for the writes to come. */
export function failedState(error: unknown): FailedState {
  if (HashlogError.is(error) && error.code === "HASHLOG_WRITES_DISABLED") return { kind: "disabled", error };
  if (FsError.is(error) && error.code === "FS_NO_SPACE") {
    const message = `the volume is full (${error.path}); what was acknowledged is safe, and a write goes through once there is room`;
    return {
      kind: "no-space",
      error: new HashlogError("HASHLOG_NO_SPACE", message, { path: error.path, cause: error }),
    };
  }
  const message = `writing failed (${(error as Error).message}); what was durable is safe, and the store must be opened again to write`;
  return { kind: "disabled", error: new HashlogError("HASHLOG_WRITES_DISABLED", message, { cause: error }) };
}
