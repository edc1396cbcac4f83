import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import { abortSignal, methods, ofType, type Check } from "../check-options.ts";
import type { RandomSource } from "../random.ts";
import type { Finding } from "../verify/finding.ts";
import type { VerifyReport } from "../verify/verify-options.ts";
import type { LostKey, LostRange } from "./salvage.ts";

/** Options of `repair`. */
export interface RepairOptions {
  /** Change nothing, and only tell what would be done, saved and lost. Default `false`. */
  readonly dryRun?: boolean | undefined;
  /** Repair a store on a network or shared volume all the same. Default `false`. */
  readonly allowSharedVolume?: boolean | undefined;
  /** Cancels it as long as nothing was changed: it rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then, at least once for every few megabytes that are read. */
  readonly onProgress?: ((progress: RepairProgress) => void) | undefined;
  /** The file system. Default: the platform's, `nodeFileSystem()`. */
  readonly fileSystem?: FileSystem | undefined;
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** The keydir that the store is opened with. Default: `hashKeydir` of `@hashlog/index`. */
  readonly index?: KeydirFactory | undefined;
  /** Randomness for identities. Default: the platform's cryptographic source. */
  readonly random?: RandomSource | undefined;
}

/** How far a repair has come: `"verify"` finds out what is damaged, `"save"` reads again, where anything is. */
export interface RepairProgress {
  readonly phase: "verify" | "save";
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** What a repair found, did and lost. */
export interface RepairReport {
  /** Whether anything was changed, or with `dryRun` would be. `false`: nothing had to be. */
  readonly changed: boolean;
  /** What was wrong, as `verify` says it. */
  readonly findings: readonly Finding[];
  /** Keys whose newest value is gone for certain, and had not expired, the oldest write first. They are absent now. */
  readonly lost: readonly LostKey[];
  /**
   * Where writes may be gone of which nobody knows the keys: such a key has an older value now, or none, and where the write
   * deleted it, it is back.
   */
  readonly mayBeLost: readonly LostRange[];
  /**
   * Whether the manifest had to be made anew from the segments that are there: keys that were deleted may be back, and of a
   * segment that is gone together with its hint nothing is on the lists.
   */
  readonly manifestRebuilt: boolean;
  /** An unfinished write at the end of the log, which was never acknowledged: it is dropped, and is no loss. */
  readonly tornTail: VerifyReport["tornTail"];
  /** Records that were saved out of damaged parts. */
  readonly recordsSaved: number;
  /** Frames of which only a part could be saved: a batch that was written in one of those is not whole any more. */
  readonly framesInPart: number;
  /** How many keys the store has now. */
  readonly keys: number;
  /**
   * Where the files are now that were taken out of the store, under their old names, and beside them `report.json`, which has
   * what this report says is lost. `undefined` if nothing was changed.
   */
  readonly setAside: { readonly directory: string; readonly files: readonly string[] } | undefined;
  readonly durationMs: number;
}

export const REPAIR_CHECKS: Readonly<Record<keyof RepairOptions, Check>> = {
  dryRun: ofType("boolean"),
  allowSharedVolume: ofType("boolean"),
  signal: abortSignal,
  onProgress: ofType("function"),
  fileSystem: methods("create", "openRead", "replace", "lock"),
  clock: methods("now", "elapsedMs", "setTimer", "yield"),
  index: ofType("function"),
  random: methods("fill"),
};
