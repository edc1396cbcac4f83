import type { CommitLog } from "./commit-log.ts";
import type { LogWriter } from "./log-writer.ts";
import type { InFlight } from "./in-flight.ts";
import type { ChunkIterator } from "./iterate.ts";
import type { EncodedOperation } from "./operations.ts";
import type { Limits } from "./limits.ts";

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
}: {
  keys: ChunkIterator<Uint8Array, K>;
  inFlight: InFlight;
  writer: LogWriter;
  log: CommitLog;
  sync: boolean;
  limits: Limits;
}): Promise<void> {
  inFlight.begin();
  try {
    let commit: EncodedOperation[] = [];
    let bytes = 0;
    for await (const key of keys) {
      commit.push({ key, value: undefined, expiresAtMs: 0 });
      bytes += key.length;
      if (commit.length < limits.clearKeysMax && bytes < COMMIT_KEY_BYTES_MAX) continue;
      // mark: clear/another-commit
      await writer.batch(commit, sync);
      commit = [];
      bytes = 0;
    }
    if (commit.length > 0) await writer.batch(commit, sync);
    // Also where nothing was left to delete: what was deleted before may not be durable yet.
    if (sync) await log.sync();
  } finally {
    inFlight.end();
  }
}

const COMMIT_KEY_BYTES_MAX = 1024 * 1024;
