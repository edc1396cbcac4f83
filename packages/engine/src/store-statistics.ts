import type { SegmentStatistics, StoreStatistics } from "@hashlog/compactor";
import type { CommitLog } from "./commit-log.ts";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * The store as a merge policy sees it. Segments that a merge found damage in are shown as ones that cannot be merged: each
 * attempt would read them again, to leave them out again.
 */
export function gatherStatistics(
  parts: StoreParts,
  log: CommitLog,
  { damaged = new Map(), idleMs = 0, freeBytes = Number.POSITIVE_INFINITY }: LookedFor = {},
): StoreStatistics {
  const { active } = log.segments;
  return {
    segments: [...parts.table.all()].map((segment) => ({
      ...segmentStatistics(segment, log.acknowledged),
      state: damaged.has(segment.segmentId) ? "unsealed" : segment === active ? "active" : segment.state.kind,
    })),
    nowMs: parts.clock.now(),
    idleMs,
    freeBytes,
    segmentBytesMax: parts.segmentBytesMax,
  };
}

/** What the store itself does not know. Without it: nothing is damaged, the store is in use, the volume has room. */
export interface LookedFor {
  readonly damaged?: ReadonlyMap<number, unknown>;
  readonly idleMs?: number;
  readonly freeBytes?: number;
}

/** Bytes that a merge may write: those of the reserve are among them, but for what the edits of the manifest need. */
export async function roomForMerging({ fileSystem, directory, reserve }: StoreParts): Promise<number> {
  const freeBytes = await fileSystem.freeBytes(directory);
  return Math.max(0, freeBytes + reserve.bytes - EDITS_BYTES);
}

/** One segment, in a store whose last write is `lastSequence`. */
export function segmentStatistics(segment: Segment, lastSequence: number): Omit<SegmentStatistics, "state"> {
  const { segmentId, state, totals, bytes } = segment;
  const { liveRecords, liveBytes, expiredRecords, expiredBytes } = segment;
  const isSealed = state.kind === "sealed";
  return {
    segmentId,
    fileBytes: bytes,
    records: totals.recordCount,
    recordBytes: totals.recordBytes,
    liveRecords,
    liveBytes,
    expiredRecords,
    expiredBytes,
    tombstones: totals.tombstoneCount,
    tombstoneBytes: totals.tombstoneBytes,
    lowestSequence: isSealed ? state.lowestSequence : state.firstSequence,
    highestSequence: isSealed ? state.highestSequence : Math.max(state.firstSequence, lastSequence),
    merged: isSealed && state.merged,
  };
}

/** Room that the edits of the manifest need, while one is written beside the other. */
const EDITS_BYTES = 16 * 1024;
