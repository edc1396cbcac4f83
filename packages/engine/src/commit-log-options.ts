import type { SyncPolicy } from "@hashlog/fs-io";
import type { HashlogError } from "./errors.ts";
import type { LogSegments } from "./log-segments.ts";
import type { StoreParts } from "./store-parts.ts";

/** What a log goes on from. */
export interface CommitLogOptions {
  readonly parts: StoreParts;
  readonly policy: SyncPolicy;
  readonly segments: LogSegments;
  /** Whether what expires at that time counts as absent now. */
  readonly hasPassed: (expiresAtMs: number) => boolean;
  readonly nextSequence: number;
  /** The last sequence that is visible, and the last that is durable. */
  readonly acknowledged: number;
  readonly floor: number;
  /** The volume was full when the store was opened: recovery is to be finished first. */
  readonly noSpace: HashlogError | undefined;
}
