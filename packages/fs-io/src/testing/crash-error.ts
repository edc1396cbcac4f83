import type { Fates } from "./crash-fates.ts";
import type { Profile } from "./crash-profiles.ts";

/** A crash as plain data: `imageAt(disk, ordinal, fates, profile)` is what it left. */
export interface FailingCrash {
  readonly ordinal: number;
  readonly fates: Fates;
  readonly profile: Profile;
}

/** A crash that breaks a promise. `cause` is what the check threw. */
export class CrashCheckError extends Error {
  override readonly name = "CrashCheckError";
  /** The crash, to be derived again from a run of the same workload. */
  readonly crash: FailingCrash;
  /** What became of everything that was in flight, in words. */
  readonly description: string;

  constructor(crash: FailingCrash, description: string, cause: unknown) {
    super(`after the crash ${JSON.stringify(crash)}: ${wordsOf(cause)}\n${description}`, { cause });
    this.crash = crash;
    this.description = description;
  }
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
