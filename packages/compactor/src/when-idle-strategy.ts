import { checkNames, integerIn, numberAbove } from "./checks.ts";
import { bestFirst, chosen, inTurn } from "./choices.ts";
import { measureAlone, type SegmentMeasure, sum, totalsOf } from "./measures.ts";
import { bestOldestSegments } from "./oldest-segments.ts";
import { smallFilesToJoin } from "./small-files.ts";
import type { StoreStatistics } from "./statistics.ts";
import type { MergeChoice, MergeStrategy } from "./strategy.ts";

const MIB = 1024 * 1024;

/** Unknown options are refused by name. */
export interface WhenIdleStrategyOptions {
  /** Milliseconds without a read or write from which on the store is idle, 0 or more. Default 300,000. Higher waits longer. */
  readonly idleMsLeast?: number | undefined;

  /** Bytes that a merge must free to be worth it, 1 or more. Default 1 MiB. Higher merges later. */
  readonly garbageBytesLeast?: number | undefined;

  /** Bytes that a merge must free, as a share of what it reads, more than 0, up to 1. Default 0.05. Higher merges later. */
  readonly garbageShareLeast?: number | undefined;

  /** How many small segments of about a size may be there before they are joined, 3 or more. Default 8. Higher joins later. */
  readonly smallFilesMax?: number | undefined;
}

type Settings = { readonly [Name in keyof WhenIdleStrategyOptions]-?: number };

const KNOWN: readonly (keyof Settings)[] = ["idleMsLeast", "garbageBytesLeast", "garbageShareLeast", "smallFilesMax"];

/**
 * Merges whatever has something to gain, and only when the store is idle: for applications with quiet hours that do not come
 * by the clock. While the store is busy it grows without bound.
 *
 * @throws MergeError `MERGE_INVALID_ARGUMENT` for an option that is unknown or out of its range
 */
export function whenIdleStrategy(options: WhenIdleStrategyOptions = {}): MergeStrategy {
  checkNames(options, KNOWN);
  const settings: Settings = {
    idleMsLeast: integerIn("idleMsLeast", options.idleMsLeast, 300_000, 0, Infinity),
    garbageBytesLeast: integerIn("garbageBytesLeast", options.garbageBytesLeast, MIB, 1, Infinity),
    garbageShareLeast: numberAbove("garbageShareLeast", options.garbageShareLeast, 0.05, 0, 1),
    smallFilesMax: integerIn("smallFilesMax", options.smallFilesMax, 8, 3, Infinity),
  };
  return {
    name: "when idle",
    choose: (statistics) => (statistics.idleMs >= settings.idleMsLeast ? choose(statistics, settings) : undefined),
  };
}

function choose(statistics: StoreStatistics, settings: Settings): MergeChoice | undefined {
  const gaining = bestFirst(
    measureAlone(statistics).filter(({ freedShare }) => freedShare >= settings.garbageShareLeast),
  );
  const worth = sum(gaining, ({ freedBytes }) => freedBytes) >= settings.garbageBytesLeast;
  const small = smallFilesToJoin(statistics, Infinity, settings.smallFilesMax);
  return inTurn(
    oldest(statistics, gaining, settings),
    worth ? { trigger: "idle", segments: chosen(gaining, "has garbage") } : undefined,
    { trigger: "small files", segments: small },
  );
}

/** The oldest segments together, where tombstones make that worth more than what each of them is worth. */
function oldest(
  statistics: StoreStatistics,
  gaining: readonly SegmentMeasure[],
  settings: Settings,
): MergeChoice | undefined {
  const best = bestOldestSegments(statistics);
  if (best === undefined) return undefined;
  const tombstonesLeast = Math.max(
    settings.garbageBytesLeast,
    totalsOf(statistics).liveBytes * settings.garbageShareLeast,
  );
  const freedElsewhere = sum(gaining, ({ freedBytes }) => freedBytes);
  if (best.tombstoneBytes < tombstonesLeast || best.freedBytes <= freedElsewhere) return undefined;
  return { trigger: "tombstones", segments: best.segments, whole: true };
}
