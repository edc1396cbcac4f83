import type { TornTail } from "../log-run.ts";
import { abortSignal, methods, ofType, type Check } from "../check-options.ts";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import type { Finding } from "./finding.ts";

/** Options of `Store.verify`. */
export interface VerifyOptions {
  /** Cancels it: it rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then, at least once for every few megabytes. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/** Options of `verify`, of a store that nobody has open. */
export interface VerifyDirectoryOptions extends VerifyOptions {
  /** The file system. Default: the platform's, `nodeFileSystem()`. */
  readonly fileSystem?: FileSystem | undefined;
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** The keydir whose checkpoints are checked. Default: `hashKeydir` of `@hashlog/index`. */
  readonly index?: KeydirFactory | undefined;
}

/** How far a verification has come. */
export interface VerifyProgress {
  readonly bytesDone: number;
  /** Of segments and checkpoint; what hint files have comes on top. */
  readonly bytesTotal: number;
}

/** What a verification found. */
export interface VerifyReport {
  /** What is not as it should be. Empty: every byte is what was written, and all files say the same. */
  readonly findings: readonly Finding[];
  /**
   * An unfinished write at the end of the log, which was never acknowledged as durable, or damage that cannot be told from one, as
   * everything that was durable lies before it: the next opening drops it. No finding.
   */
  readonly tornTail: Pick<TornTail, "segmentId" | "offset" | "reason"> | undefined;
  /** Segments that were read, the records in them, dead ones included, and how many keys these give. */
  readonly segments: number;
  readonly records: number;
  readonly keys: number;
  readonly bytesRead: number;
  readonly durationMs: number;
}

export const VERIFY_CHECKS: Readonly<Record<keyof VerifyOptions, Check>> = {
  signal: abortSignal,
  onProgress: ofType("function"),
};

export const VERIFY_DIRECTORY_CHECKS: Readonly<Record<keyof VerifyDirectoryOptions, Check>> = {
  ...VERIFY_CHECKS,
  fileSystem: methods("openRead", "list", "stat"),
  clock: methods("now", "elapsedMs", "setTimer", "yield"),
  index: ofType("function"),
};
