/** What a soak found: the content of soak.json. Bytes are bytes, times are milliseconds but for `seconds`. */
import type { Machine } from "../machine.ts";
import type { WrittenBytes } from "./counting-file-system.ts";
import type { StoreName, Sync } from "./options.ts";
import type { ByPhase } from "./phases.ts";

/** What times are measured of. `put` is from the call to the acknowledgement; `eventLoop` is `DueEvents`. */
export const TIMED = ["getSync", "get", "put", "eventLoop"] as const;
/** One of them. */
export type Timed = (typeof TIMED)[number];
/** Times of each kind and phase. */
export type Times = Readonly<Record<Timed, ByPhase>>;

/** A moment of a soak, and what was since the one before. */
export interface Sample {
  /** Since the load began. */
  readonly seconds: number;
  /** Whether the store had been written over often enough by the beginning of what this sample tells. */
  readonly isWarm: boolean;
  readonly keys: number;
  /** Bytes of records that a key points to and that have not expired, as `stats()` tells them. */
  readonly liveBytes: number;
  readonly expiredBytes: number;
  readonly segmentBytes: number;
  readonly allBytes: number;
  /** The moment, of all that were looked at since the sample before, at which segments took most for each live byte. */
  readonly peak: Space;
  readonly files: number;
  readonly segments: number;
  readonly storeHandles: number;
  /** `null` where the system does not tell. */
  readonly processHandles: number | null;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly keydirBytes: number;
  /** Since the load began: of the records that were asked for, and of all that went into files. */
  readonly userBytes: number;
  readonly written: WrittenBytes;
  readonly writes: number;
  readonly reads: number;
  readonly merges: Merges;
  readonly isMerging: boolean;
  /** Of what was measured since the sample before. */
  readonly times: Times;
}

/** What segments take at a moment, and what of it is live. */
export interface Space {
  readonly segmentBytes: number;
  readonly liveBytes: number;
}

/** The merges that have ended since the load began. */
export interface Merges {
  readonly count: number;
  readonly failures: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bytesFreed: number;
  readonly durationMs: number;
}

/** What was found of one store. */
export interface StoreResult {
  readonly name: StoreName;
  readonly wantedLiveBytes: number;
  readonly keysPossible: number;
  readonly samples: readonly Sample[];
  /** Of everything measured after the store was warm. */
  readonly times: Times;
  /** Of everything measured before. */
  readonly coldTimes: Times;
  readonly fillSeconds: number;
  readonly closeSeconds: number;
}

/** All of it. */
export interface SoakResult {
  readonly machine: Machine;
  readonly command: string;
  readonly minutes: number;
  readonly seed: number;
  readonly sync: Sync;
  readonly stores: readonly StoreResult[];
}

/** Segment bytes for each byte of a record that is live and has not expired. */
export function spaceAmplification({ segmentBytes, liveBytes }: Space): number {
  return segmentBytes / liveBytes;
}

/** The same with hint files, checkpoints and all else in the directory. */
export function spaceAmplificationOfAll({ allBytes, liveBytes }: Sample): number {
  return allBytes / liveBytes;
}
