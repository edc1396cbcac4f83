import {
  MergeError,
  resolvePolicy,
  type MergePlan,
  type MergePolicy,
  type MergePolicyOptions,
  type MergeProgress,
} from "@hashlog/compactor";
import { invalidArgument, type HashlogError } from "./errors.ts";
import { inThisThread, type MergeExecutor } from "./merge-executor.ts";
import type { CompactionReport } from "./compaction-report.ts";
import { checkOptions, methods, ofType, type Check } from "./check-options.ts";

/**
 * How and when segments are merged in the background. Which ones and when is the policy's business: its options, and the
 * strategies to choose from, are those of `@hashlog/compactor`.
 */
export interface CompactionOptions extends MergePolicyOptions {
  /** Whether merges begin by themselves. Default `true`; `false`: only when `compact()` is called. */
  readonly background?: boolean | undefined;
  /**
   * Bytes a second that a merge in the background may read and write, together, 1 or more. Default: as fast as it goes
   * beside what else there is to do. Less disturbs less; less than about four times what is overwritten in a second, and
   * the store grows without bound.
   */
  readonly bytesPerSecondMax?: number | undefined;
  /**
   * Where merges run. Default: in the thread of the store, in slices between other work. `workerMerge()` of
   * `@hashlog/engine/worker`: in a thread of their own.
   */
  readonly executor?: MergeExecutor | undefined;
  /** A merge begins, also one of `compact()`. What a callback throws is noted in `stats().failures` and does no harm. */
  readonly onStart?: ((plan: MergePlan) => void) | undefined;
  /** It goes on: called after every slice. */
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
  /** It was done: the space is free. */
  readonly onEnd?: ((report: CompactionReport) => void) | undefined;
  /**
   * It failed, and the store is as it was. It is tried again after a while, a longer one each time. With `HASHLOG_ABORTED`
   * it was only cancelled, by `close()` or `compact()`.
   */
  readonly onFailure?: ((error: HashlogError) => void) | undefined;
}

/** The options with their defaults filled in. */
export interface CompactionSettings {
  /** Whether segments are merged without anybody asking for it. */
  readonly inBackground: boolean;
  readonly policy: MergePolicy;
  readonly bytesPerSecondMax: number | undefined;
  readonly executor: MergeExecutor;
  readonly events: CompactionEvents;
}

/** Who is told of merges. */
export type CompactionEvents = Pick<CompactionOptions, "onStart" | "onProgress" | "onEnd" | "onFailure">;

const CHECKS: Readonly<Record<Exclude<keyof CompactionOptions, keyof MergePolicyOptions>, Check>> = {
  background: ofType("boolean"),
  bytesPerSecondMax: (value) =>
    typeof value === "number" && value >= 1 ? undefined : "a number of bytes a second, 1 or more",
  executor: methods("check", "merge", "close"),
  onStart: ofType("function"),
  onProgress: ofType("function"),
  onEnd: ofType("function"),
  onFailure: ofType("function"),
};

/**
 * Checks what `open` was given as `compaction`.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function resolveCompaction(given: CompactionOptions | boolean | undefined): CompactionSettings {
  const options = typeof given === "object" ? given : {};
  const { background, bytesPerSecondMax, executor, onStart, onProgress, onEnd, onFailure, ...policy } = options;
  const own = { background, bytesPerSecondMax, executor, onStart, onProgress, onEnd, onFailure };
  checkOptions(own, CHECKS, "compaction");
  return {
    inBackground: given !== false && background !== false,
    policy: checkedPolicy(policy),
    bytesPerSecondMax,
    executor: executor ?? inThisThread,
    events: { onStart, onProgress, onEnd, onFailure },
  };
}

function checkedPolicy(options: MergePolicyOptions): MergePolicy {
  try {
    return resolvePolicy(options);
  } catch (error) {
    if (!MergeError.is(error)) throw error;
    throw invalidArgument(`the option "compaction" is wrong: ${error.message}`, { actual: options, cause: error });
  }
}
