import { abortSignal, ofType, type Check } from "./check-options.ts";

/** Options of `checkpoint`. */
export interface CheckpointOptions {
  /** Gives the checkpoint up as long as it is not the one that counts: it rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then. */
  readonly onProgress?: ((progress: CheckpointProgress) => void) | undefined;
}

export const CHECKPOINT_CHECKS: Readonly<Record<keyof CheckpointOptions, Check>> = {
  signal: abortSignal,
  onProgress: ofType("function"),
};

/** How far a checkpoint is. */
export interface CheckpointProgress {
  /** The index is written in so many parts, of about the same size. */
  readonly partsDone: number;
  readonly partsTotal: number;
}
