import { abortSignal, ofType, type Check } from "./check-options.ts";
import type { CommitLog } from "./commit-log.ts";
import type { LogWriter } from "./log-writer.ts";
import type { InFlight } from "./in-flight.ts";
import type { ChunkIterator } from "./iterate.ts";
import type { EncodedOperation } from "./operations.ts";
import type { Limits } from "./limits.ts";
import { RANGE_CHECKS, type RangeOptions } from "./range.ts";
import { WRITE_CHECKS, type WriteOptions } from "./write-options.ts";

/**
 * Options of `clear`. What has expired and is there still is deleted as well, and counts for the `limit`. Bounds must not be
 * `undefined`: one that was lost would clear everything.
 */
export interface ClearOptions<K> extends RangeOptions<K>, WriteOptions {
  /** Ends it between two commits: it rejects with `HASHLOG_ABORTED`, and what was deleted by then stays so. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each commit. */
  readonly onProgress?: ((progress: ClearProgress) => void) | undefined;
}

export const CLEAR_CHECKS: Readonly<Record<keyof ClearOptions<unknown>, Check>> = {
  ...RANGE_CHECKS,
  ...WRITE_CHECKS,
  signal: abortSignal,
  onProgress: ofType("function"),
};

/** How far a `clear` is. */
export interface ClearProgress {
  readonly keysDone: number;
  /** How many there are in all; `undefined` where a range was asked for. */
  readonly keysTotal: number | undefined;
}

/**
 * Deletes the keys, which `keys` gives as bytes, in commits of bounded size, one after another. Closing the store waits for
 * it, as for a single write.
 */
export async function clearKeys<K>({
  keys,
  inFlight,
  writer,
  log,
  sync,
  limits,
  onProgress,
}: {
  keys: ChunkIterator<Uint8Array, K>;
  inFlight: InFlight;
  writer: LogWriter;
  log: CommitLog;
  sync: boolean;
  limits: Limits;
  onProgress: ((progress: ClearProgress) => void) | undefined;
}): Promise<void> {
  inFlight.begin();
  try {
    const { entriesMost: keysTotal } = keys;
    let keysDone = 0;
    let commit: EncodedOperation[] = [];
    let bytes = 0;
    const deleteThem = async (): Promise<void> => {
      await writer.batch(commit, sync);
      keysDone += commit.length;
      onProgress?.({ keysDone, keysTotal });
      commit = [];
      bytes = 0;
    };
    for await (const key of keys) {
      commit.push({ key, value: undefined, expiresAtMs: 0 });
      bytes += key.length;
      if (commit.length < limits.clearKeysMax && bytes < COMMIT_KEY_BYTES_MAX) continue;
      // mark: clear/another-commit
      await deleteThem();
    }
    if (commit.length > 0) await deleteThem();
    if (keysDone === 0) await mustBeWritable(log);
    // Also where nothing was left to delete: what was deleted before may not be durable yet.
    if (sync) await log.sync();
  } finally {
    inFlight.end();
  }
}

// What was refused may lie in a log that has failed, and be there after a crash: until it has resumed, the store is not cleared.
async function mustBeWritable(log: CommitLog): Promise<void> {
  await log.tryResume();
  const { state } = log;
  if (state.kind !== "ready") throw state.error;
}

const COMMIT_KEY_BYTES_MAX = 1024 * 1024;
