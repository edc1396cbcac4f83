import type { CommitLog } from "./commit-log.ts";
import type { Compaction, CompactionStats } from "./compaction.ts";
import type { Checkpointer } from "./checkpointer.ts";
import { storeCounts, type ReadCounters, type StoreCounts } from "./counts.ts";
import type { Feeds, FeedStats } from "./feeds.ts";
import type { OpenReport } from "./open-report.ts";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";
import type { ValueCache } from "./value-cache.ts";
import type { Views } from "./views.ts";

/** What `stats()` says of a store. Bytes are bytes of whole records (header, expiry, key, value), but for `fileBytes`. */
export interface StoreStats {
  /** Keys in the keydir; one whose expiry has passed counts until it is deleted, overwritten or merged away. */
  readonly keys: number;
  /** Records that a key points to, and their bytes. */
  readonly liveBytes: number;
  /**
   * Of `liveBytes`, what had expired when the store last looked, which was at `expiredAsOfMs` (milliseconds since 1970; 0
   * if not yet). A merge can free it, but for the tombstones that may have to take its place.
   */
  readonly expiredBytes: number;
  readonly expiredAsOfMs: number;
  /** Everything else: what was overwritten or deleted, and tombstones. A merge can free it. */
  readonly deadBytes: number;
  /** `liveBytes + deadBytes`. */
  readonly totalBytes: number;
  /** Bytes of the segment files, their headers and frames included. */
  readonly fileBytes: number;
  readonly tombstones: number;
  readonly tombstoneBytes: number;
  /** Bytes of memory that the keydir holds, keys included. */
  readonly keydirBytes: number;
  /** Bytes of memory that the cache of values holds: `cacheBytesMax` and up to three tenths, once there is something in it. */
  readonly cacheBytes: number;
  /** The sequence of the last acknowledged write. */
  readonly sequence: number;
  /** The last sequence known durable. */
  readonly floor: number;
  /** Writes under way that were not acknowledged yet. */
  readonly pendingWrites: number;
  /** Whether writing works, as far as is known: see `HASHLOG_NO_SPACE`, where deletes may go through, and `HASHLOG_WRITES_DISABLED`. */
  readonly writes: "ready" | "no-space" | "disabled";
  /** Merges and checkpoints completed since the store was opened. */
  readonly merges: number;
  readonly checkpoints: number;
  /** What the merging does, in the background and when asked. */
  readonly compaction: CompactionStats;
  /** Iterators and snapshots that are open. Each keeps the files that it needs. */
  readonly iterators: number;
  readonly snapshots: number;
  /** For how many milliseconds the oldest of them has been open; 0 if none is. */
  readonly oldestViewMs: number;
  /** What it has done since it was opened. */
  readonly counts: StoreCounts;
  /** The feeds of changes that are open, and what is kept for them. */
  readonly feeds: FeedStats;
  /** Failures in the background that lost nothing and are tried again: of hints, checkpoints, seals, removals. */
  readonly failures: { readonly count: number; readonly last: unknown };
  /** What the opening found. */
  readonly open: OpenReport;
  readonly segments: readonly SegmentStats[];
}

/** One segment in `stats().segments`, oldest first as they joined the store. */
export interface SegmentStats {
  readonly segmentId: number;
  readonly state: "active" | "unsealed" | "sealed";
  readonly fileBytes: number;
  readonly records: number;
  readonly liveRecords: number;
  readonly liveBytes: number;
  readonly expiredRecords: number;
  readonly expiredBytes: number;
  readonly deadBytes: number;
  readonly tombstones: number;
  readonly tombstoneBytes: number;
}

/** Gathers the numbers: a walk over the segments, none over the keys, and no I/O. */
export function storeStats(
  store: {
    parts: StoreParts;
    log: CommitLog;
    compaction: Compaction;
    checkpointer: Checkpointer;
    views: Views;
    feeds: Feeds;
    cache: ValueCache;
    openReport: OpenReport;
  },
  reads: ReadCounters,
): StoreStats {
  const { parts, log } = store;
  const active = log.segments.active;
  const segments: SegmentStats[] = [];
  const sums = { liveBytes: 0, deadBytes: 0, expiredBytes: 0, fileBytes: 0, tombstones: 0, tombstoneBytes: 0 };
  for (const segment of parts.table.all()) {
    const stats = segmentStats(segment, active);
    segments.push(stats);
    sums.liveBytes += stats.liveBytes;
    sums.deadBytes += stats.deadBytes;
    sums.expiredBytes += stats.expiredBytes;
    sums.fileBytes += stats.fileBytes;
    sums.tombstones += stats.tombstones;
    sums.tombstoneBytes += stats.tombstoneBytes;
  }
  const compaction = store.compaction.stats();
  return {
    keys: parts.keydir.size,
    ...sums,
    expiredAsOfMs: parts.table.expiry.asOfMs,
    totalBytes: sums.liveBytes + sums.deadBytes,
    keydirBytes: parts.keydir.memoryBytes,
    cacheBytes: store.cache.bytes,
    sequence: log.acknowledged,
    floor: log.floor,
    pendingWrites: log.unacknowledged.reduce((count, group) => count + group.recordCount, 0),
    // Puts are refused as on a full volume while deletes have a part of the reserve, though the log is as good as ever.
    writes: log.state.kind === "ready" && parts.reserve.isLent ? "no-space" : log.state.kind,
    merges: compaction.merges,
    compaction,
    checkpoints: store.checkpointer.count,
    iterators: store.views.count("iterator"),
    snapshots: store.views.count("snapshot"),
    oldestViewMs: store.views.oldestMs,
    counts: storeCounts(reads, parts.counts),
    feeds: store.feeds.stats(),
    failures: { count: parts.failures.count, last: parts.failures.last },
    open: store.openReport,
    segments,
  };
}

function segmentStats(segment: Segment, active: Segment | undefined): SegmentStats {
  const { totals, liveBytes, liveRecords, expiredRecords, expiredBytes } = segment;
  return {
    segmentId: segment.segmentId,
    state: segment === active ? "active" : segment.state.kind,
    fileBytes: segment.bytes,
    records: totals.recordCount,
    liveRecords,
    liveBytes,
    expiredRecords,
    expiredBytes,
    deadBytes: totals.recordBytes - liveBytes,
    tombstones: totals.tombstoneCount,
    tombstoneBytes: totals.tombstoneBytes,
  };
}
