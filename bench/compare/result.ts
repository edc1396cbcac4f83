/** What a comparison found, as it lies in bench.json. */
import type { MergingResult, OpeningResult } from "../own/run.ts";
import type { Machine } from "../machine.ts";
import { median } from "../median.ts";
import type { Durability } from "./contender.ts";
import type { Measured } from "./stopwatch.ts";
import type { WorkloadName } from "./workloads.ts";

/** Everything. */
export interface Comparison {
  readonly machine: Machine;
  /** The one that the stores lie on. */
  readonly fileSystem: string;
  readonly command: string;
  readonly isQuick: boolean;
  /** What each store was opened with, by name. */
  readonly entrants: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly isBare: boolean;
    /** Another store than Hashlog. */
    readonly isPeer: boolean;
    readonly durabilities: Readonly<Partial<Record<Durability, string>>>;
  }[];
  readonly stores: readonly Compared[];
  /** Of Hashlog alone. */
  readonly openings: readonly OpeningResult[];
  readonly mergings: readonly MergingResult[];
}

/** Stores of one size. */
export interface Compared {
  readonly keys: number;
  readonly valueBytes: number;
  readonly durability: Durability;
  readonly rounds: number;
  readonly secondsEach: number;
  readonly workloads: readonly WorkloadResult[];
  readonly wholes: readonly StoreWhole[];
}

/** One store at one workload. */
export interface WorkloadResult {
  readonly workload: WorkloadName;
  readonly entrant: string;
  /** One of each round. */
  readonly measured: readonly Measured[];
}

/** What a store took as a whole, one figure of each round. */
export interface StoreWhole {
  readonly entrant: string;
  /** Once loaded, and nothing else. */
  readonly loadedRssBytes: readonly number[];
  /** When it has come to rest again. */
  readonly loadedFileBytes: readonly number[];
  /** Over all workloads. */
  readonly rssPeakBytes: readonly number[];
  /** Bytes written to storage while it was loaded, for each byte of a key or value; empty where the system does not tell. */
  readonly writeAmplification: readonly number[];
  readonly closeSeconds: readonly number[];
  /** In a process of its own, after it was closed; the files in the system's cache. */
  readonly openSeconds: readonly number[];
  readonly openRssBytes: readonly number[];
}

/** Operations a second, of each round. */
export function rates({ measured }: WorkloadResult): number[] {
  return measured.map(({ operations, seconds }) => operations / seconds);
}

/** How many times as much the first has as the other, in the median of the rounds, each with its own. */
export function ratio(first: WorkloadResult, other: WorkloadResult): number {
  const others = rates(other);
  return median(rates(first).map((rate, round) => rate / others[round]!));
}
