import { readCounts, type ReadCounters, type ReadCounts } from "./counts.ts";
import type { FeedStats } from "./feeds.ts";
import type { IndexRoad } from "./load-index.ts";
import type { Reader } from "./reader.ts";
import type { Failures } from "./failures.ts";
import type { ValueCache } from "./value-cache.ts";
import type { ViewHolder } from "./views.ts";

/** What `stats()` says of a store that is only read. */
export interface ReadOnlyStats {
  /** Keys in the keydir; one whose expiry has passed counts until the writer has deleted, overwritten or merged it away. */
  readonly keys: number;
  /** Bytes of the segment files as far as they are read, their headers and frames included. */
  readonly fileBytes: number;
  readonly segments: number;
  /** Bytes of memory that the keydir holds, keys included; of older ones that iterators and snapshots still read, too. */
  readonly keydirBytes: number;
  /** Bytes of memory that the cache of values holds: `cacheBytesMax` and up to three tenths, once there is something in it. */
  readonly cacheBytes: number;
  /** The sequence of the last write that is shown. */
  readonly sequence: number;
  /** Iterators and snapshots that are open. Each keeps the files that it needs. */
  readonly iterators: number;
  readonly snapshots: number;
  /** For how many milliseconds the oldest of them has been open; 0 if none is. */
  readonly oldestViewMs: number;
  /** What was read since it was opened. */
  readonly counts: ReadCounts;
  /** The feeds of changes that are open, and what is kept for them. */
  readonly feeds: FeedStats;
  /** How often the store has caught up since it was opened, by itself or not, whether or not anything was new. */
  readonly refreshes: number;
  /** How most of the index was loaded, the last time. */
  readonly road: IndexRoad;
  /** Whether there was a writer: as of the opening, of the last `refresh`, and with `follow` as of some seconds ago at most. */
  readonly writerAlive: boolean;
  /** How often catching up by itself has failed, and of what the last time. It is tried again. */
  readonly failures: { readonly count: number; readonly last: unknown };
}

/** Gathers the numbers: a walk over the segments, none over the keys. */
export function readOnlyStats(
  reader: Reader,
  cache: ValueCache,
  refreshes: number,
  failures: Failures,
  reads: ReadCounters,
): ReadOnlyStats {
  const { current, generations } = reader;
  const held = (holder: ViewHolder): number => generations.reduce((sum, { views }) => sum + views.count(holder), 0);
  const segments = [...current.table.all()];
  return {
    keys: current.keydir.size,
    fileBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    segments: segments.length,
    keydirBytes: generations.reduce((sum, { keydir }) => sum + keydir.memoryBytes, 0),
    cacheBytes: cache.bytes,
    sequence: current.sequence,
    iterators: held("iterator"),
    snapshots: held("snapshot"),
    oldestViewMs: generations.reduce((most, { views }) => Math.max(most, views.oldestMs), 0),
    counts: readCounts(reads),
    feeds: reader.feeds.stats(),
    refreshes,
    road: current.road,
    writerAlive: reader.writerAlive,
    failures: { count: failures.count, last: failures.last },
  };
}
