import { checkNames, integerIn, numberAbove } from "./checks.ts";
import { bestFirst, chosen, inTurn } from "./choices.ts";
import { measureAlone, segmentBytesFor, type SegmentMeasure, sum, totalsOf } from "./measures.ts";
import { bestOldestSegments } from "./oldest-segments.ts";
import { smallFilesToJoin } from "./small-files.ts";
import type { StoreStatistics } from "./statistics.ts";
import type { MergeChoice, MergeStrategy } from "./strategy.ts";

const MIB = 1024 * 1024;

/**
 * Triggers say when a merge is due, thresholds which segments take part in it. Dead is what a merge of the segment alone
 * would free: what was overwritten, deleted or has expired, the headers of frames that can be joined, and tombstones, but
 * only those that nothing older keeps. Unknown options are refused by name.
 */
export interface BitcaskStrategyOptions {
  /** The dead share of any one segment from which on a merge is due, more than 0, up to 1. Default 0.6. Higher merges later. */
  readonly fragmentationTrigger?: number | undefined;

  /** The dead bytes of any one segment from which on a merge is due, 1 or more. Default 128 MiB. Higher merges later. */
  readonly deadBytesTrigger?: number | undefined;

  /**
   * The bytes of all segments for each live byte of the store from which on a merge is due, more than 1. Default 1.25. Higher
   * takes more space and writes less: it is the one knob between the two.
   */
  readonly amplificationTrigger?: number | undefined;

  /** The dead share of a segment from which on it takes part, more than 0, up to 1. Default 0.4. Higher takes fewer along. */
  readonly fragmentationThreshold?: number | undefined;

  /** The dead bytes of a segment from which on it takes part, 1 or more. Default 96 MiB. Higher takes fewer along. */
  readonly deadBytesThreshold?: number | undefined;

  /**
   * Bytes below which a segment counts as small, 0 (none does) or more. Default 64 MiB; in a small store less, a
   * thirty-second of its live bytes. Higher joins larger ones.
   */
  readonly smallFileThreshold?: number | undefined;

  /** How many small segments of about a size may be there before they are joined, 3 or more. Default 8. Higher joins later. */
  readonly smallFilesMax?: number | undefined;

  /**
   * Dead bytes of the whole store below which only small files are merged, 0 or more. Default 4 MiB. Higher leaves larger
   * stores in peace.
   */
  readonly garbageBytesLeast?: number | undefined;
}

type Settings = { readonly [Name in keyof BitcaskStrategyOptions]-?: number };

const KNOWN: readonly (keyof Settings)[] = [
  "fragmentationTrigger",
  "deadBytesTrigger",
  "amplificationTrigger",
  "fragmentationThreshold",
  "deadBytesThreshold",
  "smallFileThreshold",
  "smallFilesMax",
  "garbageBytesLeast",
];

/** When too much is dead, so much is freed that this share of what is allowed is left: not every write is one too many. */
const AMPLIFICATION_LEFT = 0.8;

/** A segment is not merged for the store's sake that has less dead than this share of what is dead on average. */
const SHARE_OF_AVERAGE_LEAST = 0.75;

/** Small files wait while there is garbage, but not when there are so many times as many as there should be. */
const FILES_OVERDUE = 16;

/** Tombstones that nothing but a large merge removes may take this share of the live bytes. */
const TOMBSTONES_SHARE_MOST = 0.3;

/**
 * Merges when a trigger is reached, by the triggers and thresholds of Bitcask (Basho, 2010), and takes the segments that free
 * most for what it costs to read and write them first, as a log-structured file system cleans (Rosenblum and Ousterhout,
 * 1991). Beyond Bitcask's own there is a trigger for the store as a whole, which bounds the space it takes; small files are
 * joined in tiers; and tombstones that cannot go because something older is left are weighed: when a merge of all the oldest
 * segments frees more for its bytes, that is chosen. The defaults are the same for one megabyte and one terabyte.
 *
 * @throws MergeError `MERGE_INVALID_ARGUMENT` for an option that is unknown or out of its range
 */
export function bitcaskStrategy(options: BitcaskStrategyOptions = {}): MergeStrategy {
  const settings = checkSettings(options);
  return { name: "bitcask", choose: (statistics) => choose(statistics, settings) };
}

function checkSettings(options: BitcaskStrategyOptions): Settings {
  checkNames(options, KNOWN);
  const share = (name: "fragmentationTrigger" | "fragmentationThreshold", initial: number): number =>
    numberAbove(name, options[name], initial, 0, 1);
  const count = (name: keyof Settings, initial: number, lowest: number): number =>
    integerIn(name, options[name], initial, lowest, Infinity);
  return {
    fragmentationTrigger: share("fragmentationTrigger", 0.6),
    deadBytesTrigger: count("deadBytesTrigger", 128 * MIB, 1),
    amplificationTrigger: numberAbove("amplificationTrigger", options.amplificationTrigger, 1.25, 1, Infinity),
    fragmentationThreshold: share("fragmentationThreshold", 0.4),
    deadBytesThreshold: count("deadBytesThreshold", 96 * MIB, 1),
    smallFileThreshold: count("smallFileThreshold", 64 * MIB, 0),
    smallFilesMax: count("smallFilesMax", 8, 3),
    garbageBytesLeast: count("garbageBytesLeast", 4 * MIB, 0),
  };
}

function choose(statistics: StoreStatistics, settings: Settings): MergeChoice | undefined {
  const { smallFileThreshold, smallFilesMax } = settings;
  const join = (filesMax: number): MergeChoice => ({
    trigger: "small files",
    segments: smallFilesToJoin(statistics, smallFileThreshold, filesMax),
  });
  return inTurn(join(smallFilesMax * FILES_OVERDUE), ...chooseByGarbage(statistics, settings), join(smallFilesMax));
}

function chooseByGarbage(statistics: StoreStatistics, settings: Settings): (MergeChoice | undefined)[] {
  const { fileBytes, liveBytes, garbageBytes } = totalsOf(statistics);
  const measures = measureAlone(statistics).filter((measured) => isRipe(measured, statistics));
  // Headers of frames are no record's, and are freed all the same.
  const deadBytes = Math.max(garbageBytes, fileBytes - liveBytes);
  if (deadBytes < settings.garbageBytesLeast) return [];
  if (fileBytes >= liveBytes * settings.amplificationTrigger) {
    const best = chooseBest(measures, fileBytes, liveBytes, settings);
    return [oldestIfBetter(statistics, best, liveBytes, settings), best];
  }
  return [triggeredBySegment(measures, settings)];
}

/** The active segment is sealed early for a merge, but not before it has half of the size that it should have. */
function isRipe({ segment }: SegmentMeasure, statistics: StoreStatistics): boolean {
  return segment.state === "sealed" || segment.fileBytes >= segmentBytesFor(statistics) / 2;
}

/** Those above the thresholds; and if that is not enough, the next best until enough would be freed. */
function chooseBest(measures: SegmentMeasure[], fileBytes: number, liveBytes: number, settings: Settings): MergeChoice {
  const allowed = liveBytes * (1 + (settings.amplificationTrigger - 1) * AMPLIFICATION_LEFT);
  const shareLeast = shareLeastOf(settings);
  let missing = fileBytes - allowed;
  const segments = bestFirst(measures).flatMap((measured) => {
    const above = isAboveThreshold(measured, settings);
    if (!above && (missing <= 0 || measured.freedShare < shareLeast)) return [];
    missing -= measured.freedBytes;
    return chosen([measured], above ? "fragmented" : "best of the rest");
  });
  return { trigger: "space amplification", segments };
}

/** What is merged for the store's sake frees at least this share of its bytes. */
function shareLeastOf({ amplificationTrigger }: Settings): number {
  return (1 - 1 / amplificationTrigger) * SHARE_OF_AVERAGE_LEAST;
}

/** The oldest segments as a whole, if that frees more for the bytes it costs than `best` does. */
function oldestIfBetter(
  statistics: StoreStatistics,
  best: MergeChoice,
  liveBytes: number,
  settings: Settings,
): MergeChoice | undefined {
  const oldest = bestOldestSegments(statistics);
  if (oldest === undefined) return undefined;
  const byId = new Map(measureAlone(statistics).map((measured) => [measured.segment.segmentId, measured]));
  const rivals = best.segments.map(({ segmentId }) => byId.get(segmentId)!);
  const cost = sum(rivals, ({ segment, keptBytes }) => segment.fileBytes + keptBytes);
  if (oldest.gain <= sum(rivals, ({ freedBytes }) => freedBytes) / Math.max(1, cost)) return undefined;
  const shareLeast = shareLeastOf(settings);
  const isCheap = oldest.keptBytes <= liveBytes * 0.05;
  // Without tombstones, the best of all are better than the oldest.
  if (oldest.freedBytes < oldest.fileBytes * shareLeast || oldest.tombstoneBytes * 4 < oldest.freedBytes)
    return undefined;
  if (!isCheap && oldest.tombstoneBytes < liveBytes * TOMBSTONES_SHARE_MOST) return undefined;
  return { trigger: "tombstones", segments: oldest.segments, whole: true };
}

function triggeredBySegment(measures: SegmentMeasure[], settings: Settings): MergeChoice | undefined {
  // A segment that is a crumb of the store is none of its troubles.
  const due = measures.find(
    ({ freedShare, freedBytes }) =>
      freedBytes >= settings.deadBytesTrigger ||
      (freedShare >= settings.fragmentationTrigger && freedBytes >= settings.garbageBytesLeast / 4),
  );
  if (due === undefined) return undefined;
  const trigger = due.freedBytes >= settings.deadBytesTrigger ? "dead bytes" : "fragmentation";
  const isDue = ({ segment }: SegmentMeasure): boolean => segment.segmentId === due.segment.segmentId;
  const segments = bestFirst(measures.filter((measured) => isDue(measured) || isAboveThreshold(measured, settings)));
  return { trigger, segments: chosen(segments, "fragmented") };
}

function isAboveThreshold({ freedShare, freedBytes }: SegmentMeasure, settings: Settings): boolean {
  return freedShare >= settings.fragmentationThreshold || freedBytes >= settings.deadBytesThreshold;
}
