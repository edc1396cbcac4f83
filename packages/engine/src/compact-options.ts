import type { MergeProgress } from "@hashlog/compactor";
import { abortSignal, ofType, type Check } from "./check-options.ts";

/** Options of `compact`. */
export interface CompactOptions {
  /** Ids of the segments to merge (`stats().segments`). Default: all. Those that are not there are refused. */
  readonly segments?: readonly number[] | undefined;
  /** Cancels the merge as long as it has published nothing: it rejects with `HASHLOG_ABORTED` and has changed nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then. */
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
}

export const COMPACT_CHECKS: Readonly<Record<keyof CompactOptions, Check>> = {
  segments: (value) =>
    Array.isArray(value) && value.every((id) => Number.isInteger(id)) && new Set(value).size === value.length
      ? undefined
      : "an array of ids of segments, none twice",
  signal: abortSignal,
  onProgress: ofType("function"),
};
