import { SEGMENT_BYTES_MAX } from "@hashlog/format";
import { bitcaskStrategy } from "./bitcask-strategy.ts";
import { checkNames, integerIn, numberAbove, numberIn } from "./checks.ts";
import { invalidArgument } from "./errors.ts";
import type { MergeWindow } from "./merge-window.ts";
import type { MergeStrategy } from "./strategy.ts";

const GIB = 1024 * 1024 * 1024;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** When and how much to merge, whatever the strategy. Unknown options are refused by name. */
export interface MergePolicyOptions {
  /** What chooses the segments. Default `bitcaskStrategy()`. */
  readonly strategy?: MergeStrategy | undefined;

  /** The hours in which merges may begin; one that runs is not stopped when they end. Default: always. */
  readonly window?: MergeWindow | undefined;

  /**
   * Bytes of all inputs of one merge, 1 or more, `Infinity` for no limit. Default 4 GiB. The first segment is merged
   * however large it is. Larger needs more memory and space meanwhile (a merge remembers 8 bytes for each record); smaller
   * ends sooner, but may leave tombstones that only go when everything older is merged with them.
   */
  readonly mergeBytesMax?: number | undefined;

  /**
   * Bytes that one merge may write, as a share of the store's live bytes: outputs and inputs both exist until it ends.
   * More than 0, up to 1. Default 0.05, but always 4 MiB, and the first segment. Larger merges more at once.
   */
  readonly transientShareMax?: number | undefined;

  /**
   * Bytes that each segment which a merge writes may have, from 1 to 2^32 - 1. Default: in proportion to the store, as
   * `segmentBytesFor` says. Larger means fewer files; smaller means that a later merge can leave more of them alone.
   */
  readonly outputBytesMax?: number | undefined;

  /**
   * Milliseconds for which a record does not yet count as garbage after it has expired, 0 or more. Default 0. It cannot be
   * read meanwhile. Larger gathers more that has expired for one merge.
   */
  readonly expiryGraceMs?: number | undefined;

  /** Milliseconds between two looks at whether a merge is due, 1 to 2^31 - 1. Default 60,000. */
  readonly checkIntervalMs?: number | undefined;

  /**
   * By which share `checkIntervalMs` is made longer or shorter at random, 0 to 1, so that the stores of a process do not
   * all merge in step. Default 0.2.
   */
  readonly jitter?: number | undefined;
}

/** A policy, checked, with the defaults filled in. See `MergePolicyOptions` for what each means. */
export interface MergePolicy {
  readonly strategy: MergeStrategy;
  readonly window: MergeWindow | undefined;
  readonly mergeBytesMax: number;
  readonly transientShareMax: number;
  readonly outputBytesMax: number | undefined;
  readonly expiryGraceMs: number;
  readonly checkIntervalMs: number;
  readonly jitter: number;
}

const KNOWN = [
  "strategy",
  "window",
  "mergeBytesMax",
  "transientShareMax",
  "outputBytesMax",
  "expiryGraceMs",
  "checkIntervalMs",
  "jitter",
];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws MergeError `MERGE_INVALID_ARGUMENT` for an option that is unknown or out of its range
 */
export function resolvePolicy(options: MergePolicyOptions = {}): MergePolicy {
  checkNames(options, KNOWN);
  const { outputBytesMax } = options;
  return {
    strategy: checkStrategy(options.strategy ?? bitcaskStrategy()),
    window: options.window === undefined ? undefined : checkWindow(options.window),
    mergeBytesMax: integerIn("mergeBytesMax", options.mergeBytesMax, 4 * GIB, 1, Infinity),
    transientShareMax: numberAbove("transientShareMax", options.transientShareMax, 0.05, 0, 1),
    outputBytesMax:
      outputBytesMax === undefined ? undefined : integerIn("outputBytesMax", outputBytesMax, 0, 1, SEGMENT_BYTES_MAX),
    expiryGraceMs: integerIn("expiryGraceMs", options.expiryGraceMs, 0, 0, Number.MAX_SAFE_INTEGER),
    checkIntervalMs: integerIn("checkIntervalMs", options.checkIntervalMs, 60_000, 1, TIMER_MS_MAX),
    jitter: numberIn("jitter", options.jitter, 0.2, 0, 1),
  };
}

/**
 * `value`, made longer or shorter by up to the share `jitter` of it. `random01` is a random number from 0 to 1: 0 gives the
 * shortest, 1 the longest.
 */
export function jittered(value: number, jitter: number, random01: number): number {
  return value * (1 + jitter * (2 * random01 - 1));
}

/** Whether a record that expires at `expiresAtMs` (0: never) is garbage at `nowMs`, the time of grace being over. */
export function isExpiredGarbage(expiresAtMs: number, nowMs: number, expiryGraceMs: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs + expiryGraceMs <= nowMs;
}

function checkStrategy(strategy: MergeStrategy): MergeStrategy {
  if (typeof strategy.choose === "function" && typeof strategy.name === "string") return strategy;
  throw invalidArgument("strategy must be an object with a name and a function choose");
}

function checkWindow(window: MergeWindow): MergeWindow {
  checkNames(window, ["fromHour", "toHour"]);
  const fromHour = integerIn("window.fromHour", window.fromHour, NaN, 0, 23);
  const toHour = integerIn("window.toHour", window.toHour, NaN, 0, 23);
  if (fromHour !== toHour) return { fromHour, toHour };
  throw invalidArgument("window.fromHour and window.toHour must differ; leave the window out to merge at any time");
}
