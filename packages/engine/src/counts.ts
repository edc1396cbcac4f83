import type { RecordReader } from "./record-reader.ts";
import type { ValueCache } from "./value-cache.ts";

/** What a store was asked to read, and did, since it was opened: numbers that only grow. Its snapshots are included. */
export interface ReadCounts {
  /**
   * Keys that were looked up by `get`, `getSync`, `getEntry` or `getMany`, and how many of them were there. `has`, `count` and
   * iterators are not counted.
   */
  readonly gets: number;
  readonly hits: number;
  /** Values that came from the cache of values. */
  readonly cacheHits: number;
  /** Records that were read from the segment files, by iterators and conditions as well, and their bytes. */
  readonly recordsRead: number;
  readonly bytesRead: number;
}

/** What a store has done since it was opened: numbers that only grow. What merges do is in `stats().compaction`. */
export interface StoreCounts extends ReadCounts {
  /** Puts and deletes that were acknowledged, those of batches, of `clear` and of imports included. */
  readonly puts: number;
  readonly deletes: number;
  /** Frames in which they were appended to the log, and the bytes of those. Writes that are made at once share one. */
  readonly groups: number;
  readonly bytesWritten: number;
  /** How often the log was made durable: writes that wait at once share that as well. */
  readonly syncs: number;
}

/** Counted where keys are looked up. */
export class LookUps {
  gets = 0;
  hits = 0;
}

/** Counted where writes are acknowledged, and the log is synced. */
export class WriteCounts {
  puts = 0;
  deletes = 0;
  groups = 0;
  bytesWritten = 0;
  syncs = 0;
}

/** What reading counts, and where. */
export interface ReadCounters {
  readonly lookUps: LookUps;
  readonly reader: Pick<RecordReader, "recordsRead" | "bytesRead">;
  readonly cache: Pick<ValueCache, "hits">;
}

/** The numbers as they are now. */
export function storeCounts(counters: ReadCounters, writes: WriteCounts): StoreCounts {
  const { puts, deletes, groups, bytesWritten, syncs } = writes;
  return { ...readCounts(counters), puts, deletes, groups, bytesWritten, syncs };
}

/** Those of a store that is only read. */
export function readCounts({ lookUps, reader, cache }: ReadCounters): ReadCounts {
  const { gets, hits } = lookUps;
  const { recordsRead, bytesRead } = reader;
  return { gets, hits, cacheHits: cache.hits, recordsRead, bytesRead };
}
