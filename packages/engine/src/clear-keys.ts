import type { CommitLog } from "./commit-log.ts";
import type { InFlight } from "./in-flight.ts";
import { iterate } from "./iterate.ts";
import type { EncodedOperation } from "./operations.ts";
import type { Limits } from "./limits.ts";
import type { RecordReader } from "./record-reader.ts";
import type { Views } from "./views.ts";

/**
 * Deletes every key as of the call, expired ones included, in commits of bounded size, one after another. Closing the
 * store waits for it, as for a single write.
 */
export async function clearKeys(parts: {
  views: Views;
  reader: RecordReader;
  inFlight: InFlight;
  log: CommitLog;
  sync: boolean;
  limits: Limits;
}): Promise<void> {
  const { inFlight, log, sync, limits } = parts;
  inFlight.begin();
  try {
    const anything = { checkOpen: () => undefined, hasPassed: () => false, signal: undefined };
    const keys = iterate({ ...parts, ...anything, withValues: false, make: (key) => key });
    let commit: EncodedOperation[] = [];
    let bytes = 0;
    for await (const key of keys) {
      commit.push({ key, value: undefined, expiresAtMs: 0 });
      bytes += key.length;
      if (commit.length < limits.clearKeysMax && bytes < COMMIT_KEY_BYTES_MAX) continue;
      // mark: clear/another-commit
      await log.batch(commit, sync);
      commit = [];
      bytes = 0;
    }
    if (commit.length > 0) await log.batch(commit, sync);
    // Also where nothing was left to delete: what was deleted before may not be durable yet.
    if (sync) await log.sync();
  } finally {
    inFlight.end();
  }
}

const COMMIT_KEY_BYTES_MAX = 1024 * 1024;
