/** Which logs are worth merging: the folder in numbers, and a policy that decides by numbers alone. */
import { bitcaskStrategy, type MergeDecision, planListed, planMerge, resolvePolicy } from "@hashlog/compactor";
import type { LogFolder } from "./log-folder.ts";

/** By default a store of less than some megabytes is left in peace. These logs are small. */
const POLICY = resolvePolicy({ strategy: bitcaskStrategy({ garbageBytesLeast: 1 }) });

/**
 * The merge that is due, with its reasons, or why there is none; or one of the logs that are named. Nothing is read for it, and
 * nothing changed.
 */
export function planFor({ logs, keydir }: LogFolder, named?: readonly number[]): MergeDecision {
  const live = new Map(logs.map((log) => [log, { records: 0, bytes: 0 }]));
  for (const { log, bytes } of keydir.values()) {
    live.get(log)!.records += 1;
    live.get(log)!.bytes += bytes;
  }
  const segments = logs.map((log) => ({
    segmentId: log.segmentId,
    state: "sealed" as const,
    merged: log.facts!.merged,
    fileBytes: log.sealedBytes,
    records: log.facts!.recordCount,
    recordBytes: log.facts!.recordBytes,
    liveRecords: live.get(log)!.records,
    liveBytes: live.get(log)!.bytes,
    expiredRecords: 0,
    expiredBytes: 0,
    tombstones: log.facts!.tombstoneCount,
    tombstoneBytes: log.facts!.tombstoneBytes,
    lowestSequence: log.lowestSequence,
    highestSequence: log.highestSequence,
  }));
  const statistics = { segments, nowMs: Date.now(), idleMs: 0, freeBytes: Infinity, segmentBytesMax: 2 ** 28 };
  return named === undefined ? planMerge(statistics, POLICY) : planListed(statistics, POLICY, named);
}
