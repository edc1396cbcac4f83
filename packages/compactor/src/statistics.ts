/**
 * What a merge policy is told of a store. Everything is a number that the store has at hand; nothing is read for it.
 * Bytes are those of whole records (`recordBytes` of `@hashlog/format`), but for `fileBytes`.
 */
export interface StoreStatistics {
  /** Every segment, the unsealed ones included, in any order. */
  readonly segments: readonly SegmentStatistics[];
  /** The machine's time, milliseconds since 1970. May jump. */
  readonly nowMs: number;
  /** Milliseconds since the store was last read or written. */
  readonly idleMs: number;
  /** Bytes that the volume has left for new files; `Infinity` where that is not known. */
  readonly freeBytes: number;
  /** Bytes after which the store begins a new segment. */
  readonly segmentBytesMax: number;
}

/** One segment. `recordBytes - liveBytes` is dead: what was overwritten or deleted, and tombstones. */
export interface SegmentStatistics {
  readonly segmentId: number;
  /** Whether it is sealed. Of those that are not only the `active` one can be merged: it is sealed for that. */
  readonly state: "sealed" | "active" | "unsealed";
  /** Bytes of its file, headers and frames included. */
  readonly fileBytes: number;
  readonly records: number;
  readonly recordBytes: number;
  /** Records that a key points to, expired ones included. */
  readonly liveRecords: number;
  readonly liveBytes: number;
  /** Of the live ones, those that had expired when the store last looked, the time of grace included. */
  readonly expiredRecords: number;
  readonly expiredBytes: number;
  /**
   * Tombstones; and of a segment that a merge wrote also the other records to which no key pointed and which it had to keep
   * all the same, as something older was outside (puts that were deleted before they expired). A policy that took these for
   * dead would merge them for ever.
   */
  readonly tombstones: number;
  readonly tombstoneBytes: number;
  /** The lowest and highest sequence of its records; of an active one without a record both are that of its first to be. */
  readonly lowestSequence: number;
  readonly highestSequence: number;
  /** Whether a merge wrote it. */
  readonly merged: boolean;
}
