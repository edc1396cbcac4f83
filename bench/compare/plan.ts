/** What is measured: which stores, with which workloads, and how often. */
import type { Measuring, MeasuringMerges } from "../own/run.ts";
import type { Durability, Entrant } from "./contender.ts";
import { WORKLOADS, type Workload, type WorkloadName } from "./workloads.ts";

/** Stores of one size, and what they are put through. */
export interface Stage {
  readonly keys: number;
  readonly valueBytes: number;
  readonly durability: Durability;
  readonly rounds: number;
  readonly seconds: number;
  readonly workloads: readonly WorkloadName[];
}

const MILLION = 1_000_000;
const ALL: readonly WorkloadName[] = WORKLOADS.filter(({ durability }) => durability === "not synced").map(
  ({ name }) => name,
);
const SYNCED: readonly WorkloadName[] = ["durable-put", "durable-put-256"];
/** Where only the number of keys matters. */
export const FEW: readonly WorkloadName[] = ["load", "getSync", "get", "put"];

/** What is measured of Hashlog alone. */
export interface OwnPlan {
  readonly openings: readonly Measuring[];
  readonly mergings: readonly MeasuringMerges[];
}

/** About an hour. No store has more than ten gigabytes. */
export const WHOLE: readonly Stage[] = [
  { keys: MILLION, valueBytes: 100, durability: "not synced", rounds: 3, seconds: 3, workloads: ALL },
  { keys: MILLION, valueBytes: 100, durability: "synced", rounds: 3, seconds: 4, workloads: SYNCED },
  { keys: MILLION, valueBytes: 1024, durability: "not synced", rounds: 2, seconds: 2, workloads: ALL },
  { keys: 100_000, valueBytes: 16_384, durability: "not synced", rounds: 2, seconds: 2, workloads: ALL },
  { keys: 10_000, valueBytes: 100, durability: "not synced", rounds: 2, seconds: 1, workloads: FEW },
  { keys: 100_000, valueBytes: 100, durability: "not synced", rounds: 2, seconds: 1, workloads: FEW },
  { keys: 10 * MILLION, valueBytes: 100, durability: "not synced", rounds: 1, seconds: 3, workloads: FEW },
];

/** About two minutes. */
export const QUICK: readonly Stage[] = [
  { keys: 100_000, valueBytes: 100, durability: "not synced", rounds: 1, seconds: 0.8, workloads: ALL },
  { keys: 10_000, valueBytes: 100, durability: "synced", rounds: 1, seconds: 1, workloads: SYNCED },
];

export const OWN_WHOLE: OwnPlan = {
  openings: [
    { keys: MILLION, valueBytes: 100, rounds: 3 },
    { keys: 10 * MILLION, valueBytes: 100, rounds: 3 },
  ],
  mergings: [100, 4096].flatMap((valueBytes) =>
    [false, true].map((inWorker) => ({ liveBytes: 256 * MILLION, valueBytes, rounds: 5, inWorker })),
  ),
};

export const OWN_QUICK: OwnPlan = {
  openings: [{ keys: 400_000, valueBytes: 100, rounds: 1 }],
  mergings: [100, 4096].map((valueBytes) => ({ liveBytes: 32 * MILLION, valueBytes, rounds: 2, inWorker: false })),
};

/** Whether the store can do that, with that durability. */
export function takesPart({ durabilities, does }: Entrant, { durability, needs }: Workload): boolean {
  return durabilities[durability] !== undefined && (does === undefined || needs.every((doing) => does.includes(doing)));
}

/** The stage in words. */
export function titleOf({ keys, valueBytes, durability }: Pick<Stage, "keys" | "valueBytes" | "durability">): string {
  return `${keys.toLocaleString("en-US")} keys, values of ${valueBytes.toLocaleString("en-US")} bytes, ${durability}`;
}
