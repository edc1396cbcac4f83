/** What a merge did. It has no clock: who wants to know how long it took measures around it. */
export interface MergeReport {
  /** The segments that were merged and taken out. Empty if all were left out, or none were given. */
  readonly inputs: readonly MergedSegment[];
  /** The segments that took their place. Empty if nothing in the inputs had to stay. */
  readonly outputs: readonly MergedSegment[];
  /** Inputs that hold damage. They stay as they were, and so does every record that shields one of theirs. */
  readonly leftOut: readonly LeftOut[];
  /** Bytes read from the inputs to copy them, those read before an input had to be left out included. */
  readonly bytesRead: number;
  /** Bytes appended to outputs, abandoned ones included. */
  readonly bytesWritten: number;
  /** Bytes of `inputs` less bytes of `outputs`. Below 0 if nothing could go and the frames were packed less well. */
  readonly bytesFreed: number;
  /** Records copied, tombstones among them. */
  readonly recordsKept: number;
  /**
   * Expired records that keep older ones of their keys from coming back: a tombstone was written in the place of each. What
   * lies in the `outputs` is these and the kept ones.
   */
  readonly recordsBuried: number;
  /** Records of `inputs` of which nothing was written, tombstones and expired ones among them. */
  readonly recordsDropped: number;
  readonly tombstonesKept: number;
  readonly tombstonesDropped: number;
  /** Keys that went, as their newest record had expired. It was dropped or buried. */
  readonly expiredDropped: number;
  /** Records that were live when they were copied and not any more when their keys were to be moved. */
  readonly superseded: number;
}

/** A segment that a merge took out, or put in. `bytes` is the length that the manifest vouches for. */
export interface MergedSegment {
  readonly segmentId: number;
  readonly bytes: number;
}

/** Where an input stopped being readable. */
export interface LeftOut {
  readonly segmentId: number;
  /** Offset in the segment's file of the frame or record that is damaged, or of the end that is missing. */
  readonly offset: number;
  readonly reason: string;
}

/**
 * - `"copy"`: bytes of the inputs scanned. Begins again when an input had to be left out.
 * - `"sync"`: bytes of the outputs read back and found good, then made durable with the log.
 * - `"swing"`: bytes of the outputs whose keys were moved to them.
 * - `"retire"`: bytes of the inputs taken out.
 */
export type MergePhase = "copy" | "sync" | "swing" | "retire";

/** How far a merge is in one of its phases, in bytes. `bytesDone` rises to `bytesTotal`, which is fixed for the phase. */
export interface MergeProgress {
  readonly phase: MergePhase;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}
