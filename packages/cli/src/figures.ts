import type { SegmentStatistics } from "@hashlog/engine";
import type { AnyStore } from "./command.ts";
import { isWritable } from "./store-access.ts";

/** What a store is made of, whichever way it was opened. Bytes are those of records, but for `fileBytes`. */
export interface StoreFigures {
  readonly directory: string;
  readonly keys: number;
  readonly sequence: number;
  readonly segments: number;
  readonly fileBytes: number;
  readonly liveBytes: number;
  readonly expiredBytes: number;
  readonly deadBytes: number;
  readonly tombstones: number;
  readonly tombstoneBytes: number;
  readonly keydirBytes: number;
  /** Whether somebody has it open for writing; where that cannot be told, `true`. */
  readonly writerAlive: boolean;
  /** By which road the index was loaded. */
  readonly road: string;
  /** What an unfinished write left at the end of the log; known only to whoever opened it for writing. */
  readonly tornTail: unknown;
}

/** A segment, as far as both kinds of stores tell. */
export type SegmentFigures = Pick<
  SegmentStatistics,
  | "segmentId"
  | "state"
  | "fileBytes"
  | "records"
  | "liveRecords"
  | "liveBytes"
  | "expiredRecords"
  | "expiredBytes"
  | "tombstones"
  | "tombstoneBytes"
> & { readonly deadBytes: number };

/** Every segment, the oldest id first. */
export async function segmentFigures(store: AnyStore): Promise<readonly SegmentFigures[]> {
  if (isWritable(store)) return store.stats().segments.toSorted((a, b) => a.segmentId - b.segmentId);
  const { segments } = await store.statistics();
  return segments
    .map((segment) => ({ ...segment, deadBytes: segment.recordBytes - segment.liveBytes }))
    .toSorted((a, b) => a.segmentId - b.segmentId);
}

/** The store as a whole. */
export async function storeFigures(store: AnyStore): Promise<StoreFigures> {
  const segments = await segmentFigures(store);
  const sum = (field: (segment: SegmentFigures) => number): number =>
    segments.reduce((total, segment) => total + field(segment), 0);
  const shared = {
    directory: store.directory,
    segments: segments.length,
    fileBytes: sum(({ fileBytes }) => fileBytes),
    liveBytes: sum(({ liveBytes }) => liveBytes),
    expiredBytes: sum(({ expiredBytes }) => expiredBytes),
    deadBytes: sum(({ deadBytes }) => deadBytes),
    tombstones: sum(({ tombstones }) => tombstones),
    tombstoneBytes: sum(({ tombstoneBytes }) => tombstoneBytes),
  };
  if (isWritable(store)) {
    const { keys, sequence, keydirBytes, open } = store.stats();
    return { ...shared, keys, sequence, keydirBytes, writerAlive: true, road: open.road, tornTail: open.tornTail };
  }
  const { keys, sequence, keydirBytes, writerAlive, road } = store.stats();
  return { ...shared, keys, sequence, keydirBytes, writerAlive, road, tornTail: undefined };
}
