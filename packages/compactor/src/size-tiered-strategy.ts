import { checkNames, integerIn, numberAbove, numberIn } from "./checks.ts";
import { bestFirst, chosen, inTurn } from "./choices.ts";
import { measureAlone, segmentBytesFor, type SegmentMeasure, sum } from "./measures.ts";
import { smallFilesToJoin } from "./small-files.ts";
import type { StoreStatistics } from "./statistics.ts";
import type { MergeChoice, MergeStrategy } from "./strategy.ts";

const MIB = 1024 * 1024;

/** Unknown options are refused by name. */
export interface SizeTieredStrategyOptions {
  /** How many segments of about a size make a merge due, 3 or more. Default 4. Higher merges later, and more at once. */
  readonly filesLeast?: number | undefined;

  /** By how much the sizes in a tier may differ, 2 or more. Default 4. Higher makes fewer and larger tiers. */
  readonly tierRatio?: number | undefined;

  /** The dead share of a tier from which on it is merged, more than 0, up to 1. Default 0.25. Higher merges later. */
  readonly deadShareLeast?: number | undefined;

  /** Dead bytes of a tier below which it is left alone, 1 or more. Default 1 MiB. Higher merges later. */
  readonly deadBytesLeast?: number | undefined;

  /** Bytes below which a segment counts as small, 0 (none does) or more. Default 64 MiB; in a small store less. */
  readonly smallFileThreshold?: number | undefined;
}

type Settings = { readonly [Name in keyof SizeTieredStrategyOptions]-?: number };

const KNOWN: readonly (keyof Settings)[] = [
  "filesLeast",
  "tierRatio",
  "deadShareLeast",
  "deadBytesLeast",
  "smallFileThreshold",
];

/**
 * Merges segments of about the same size with one another, when there are enough of them and enough of them is dead: few and
 * large merges, each byte copied seldom, and more space taken meanwhile than with `bitcaskStrategy` (the size-tiered
 * compaction of Cassandra, after Bigtable's). Small files are joined even if nothing in them is dead; large ones are not, as a
 * hash index gains nothing by it. Tombstones that something older keeps are left to `compact`.
 *
 * @throws MergeError `MERGE_INVALID_ARGUMENT` for an option that is unknown or out of its range
 */
export function sizeTieredStrategy(options: SizeTieredStrategyOptions = {}): MergeStrategy {
  checkNames(options, KNOWN);
  const settings: Settings = {
    filesLeast: integerIn("filesLeast", options.filesLeast, 4, 3, Infinity),
    tierRatio: numberIn("tierRatio", options.tierRatio, 4, 2, Number.MAX_SAFE_INTEGER),
    deadShareLeast: numberAbove("deadShareLeast", options.deadShareLeast, 0.25, 0, 1),
    deadBytesLeast: integerIn("deadBytesLeast", options.deadBytesLeast, MIB, 1, Infinity),
    smallFileThreshold: integerIn("smallFileThreshold", options.smallFileThreshold, 64 * MIB, 0, Infinity),
  };
  return { name: "size-tiered", choose: (statistics) => choose(statistics, settings) };
}

function choose(statistics: StoreStatistics, settings: Settings): MergeChoice | undefined {
  const ripe = measureAlone(statistics).filter(
    ({ segment }) => segment.state === "sealed" || segment.fileBytes >= segmentBytesFor(statistics) / 2,
  );
  const due = tiersOf(ripe, settings).filter((tier) => isDue(tier, settings));
  const tier = due.toSorted((a, b) => shareOf(b) - shareOf(a))[0] ?? [];
  const dead = tier.filter(({ freedShare }) => freedShare >= settings.deadShareLeast / 2);
  const small = smallFilesToJoin(statistics, settings.smallFileThreshold, settings.filesLeast - 1);
  return inTurn(
    { trigger: "dead bytes of a tier", segments: chosen(bestFirst(dead), "of a tier") },
    { trigger: "small files", segments: small },
  );
}

function tiersOf(measures: readonly SegmentMeasure[], { tierRatio }: Settings): SegmentMeasure[][] {
  const tiers = new Map<number, SegmentMeasure[]>();
  for (const measured of measures) {
    const tier = Math.floor(Math.log(Math.max(1, measured.segment.fileBytes)) / Math.log(tierRatio));
    tiers.set(tier, [...(tiers.get(tier) ?? []), measured]);
  }
  return [...tiers].toSorted(([a], [b]) => a - b).map(([, tier]) => tier);
}

/** One that alone is dead by half is due without company: there may never be another of its size. */
function isDue(tier: readonly SegmentMeasure[], { filesLeast, deadShareLeast, deadBytesLeast }: Settings): boolean {
  const share = shareOf(tier);
  const enough = tier.length >= filesLeast || share >= 2 * deadShareLeast;
  return enough && share >= deadShareLeast && sum(tier, ({ freedBytes }) => freedBytes) >= deadBytesLeast;
}

function shareOf(tier: readonly SegmentMeasure[]): number {
  return (
    sum(tier, ({ freedBytes }) => freedBytes) /
    Math.max(
      1,
      sum(tier, ({ segment }) => segment.fileBytes),
    )
  );
}
