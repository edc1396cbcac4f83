import type { InFlight } from "./in-flight.ts";
import type { StoreMachinery } from "./store-machinery.ts";
import { removeFilesInUse } from "./store-parts.ts";

/**
 * Ends an open store: what is under way is waited for, everything is made durable, the manifest says how long the active
 * segment is, so that the next writer may go on in it, and every handle is closed.
 *
 * After a failed write nothing is sealed, checkpointed or closed clean: the next opening recovers.
 */
export async function closeStore<K, V, VI>(
  { parts, log, compaction, maintenance, backgroundFiles, checkpointer, views, feeds, lock }: StoreMachinery<K, V, VI>,
  inFlight: InFlight,
): Promise<void> {
  try {
    feeds.closeAll();
    compaction.close();
    backgroundFiles.stop();
    await inFlight.idle();
    await maintenance.close();
    await log.finish();
    if (log.state.kind === "ready" && parts.manifest.failure === undefined) {
      await checkpointer.write().catch((error: unknown) => {
        // mark: close/checkpoint-failed
        parts.failures.note(error);
      });
      /* v8 ignore else -- the last sync has covered the last fence; over anything else the clean mark would be a lie */
      if (!log.segments.hasUnsynced) await parts.reserve.lend(() => log.segments.closeClean(log.nextSequence));
    }
  } finally {
    log.stop();
    await parts.manifest.close();
    views.closeAll();
    await parts.table.retireAll();
    await removeFilesInUse(parts);
    // Another process reads them.
    for (const error of parts.filesInUse.values()) parts.failures.note(error);
    try {
      await parts.executor.close();
    } finally {
      await lock.release();
    }
  }
}
