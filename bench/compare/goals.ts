/** What Hashlog sets itself, with a million keys of 16 bytes and values of 100. */
import type { Merged } from "../own/merging.ts";
import type { Opened } from "../own/opening.ts";
import { type Compared, type Comparison, median, rates, ratio, type WorkloadResult } from "./result.ts";
import type { WorkloadName } from "./workloads.ts";

/** A row of the table of goals. */
export interface GoalResult {
  readonly what: string;
  readonly wanted: string;
  /** Empty where a store that it is compared with took no part. */
  readonly found: string;
  readonly isReached: boolean | undefined;
}

interface Goal {
  readonly workload: WorkloadName;
  /** The name of a store, the best of the peers, or Hashlog itself at another workload. */
  readonly against: string | { readonly ownWorkload: WorkloadName };
  readonly least: number;
}

export const BEST_PEER = "the best peer";

const GOALS: readonly Goal[] = [
  { workload: "load", against: "classic-level", least: 3 },
  { workload: "load", against: "lmdb", least: 8 },
  { workload: "overwrite", against: "classic-level", least: 3 },
  { workload: "overwrite", against: "lmdb", least: 8 },
  { workload: "put", against: "classic-level", least: 6 },
  { workload: "getSync", against: "lmdb", least: 1.2 },
  { workload: "getSync", against: "classic-level", least: 2.4 },
  { workload: "getSync-zipf", against: "lmdb", least: 1.5 },
  { workload: "get", against: "classic-level", least: 2 },
  { workload: "miss", against: "lmdb", least: 1.5 },
  { workload: "durable-put", against: "bare file", least: 0.9 },
  { workload: "durable-put-256", against: { ownWorkload: "durable-put" }, least: 25 },
  { workload: "durable-put-256", against: BEST_PEER, least: 3 },
];

/** Each goal, as the first stores of each durability have it: those are the ones that the goals are about. */
export function goalsOf(comparison: Comparison, titleOf: (workload: WorkloadName) => string): GoalResult[] {
  return [...goalsBeside(comparison, titleOf), ...goalsAlone(comparison)];
}

function goalsBeside({ stores, entrants }: Comparison, titleOf: (workload: WorkloadName) => string): GoalResult[] {
  const peers = entrants.filter(({ name, isBare }) => !isBare && name !== "hashlog").map(({ name }) => name);
  return GOALS.map(({ workload, against, least }) => {
    const compared = stores.find(({ workloads }) => workloads.some((one) => one.workload === workload));
    const found = compared && ratioOf(compared, workload, against, peers);
    const opponent = typeof against === "string" ? against : titleOf(against.ownWorkload);
    return {
      what: `${titleOf(workload)}, ${compared?.durability ?? "not measured"}`,
      wanted: `at least ${least} times ${opponent}`,
      found: found === undefined ? "" : found.toFixed(2),
      isReached: found === undefined ? undefined : found >= least,
    };
  });
}

/** Of opening, memory and merging. */
function goalsAlone({ openings, mergings }: Comparison): GoalResult[] {
  const largest = openings.toSorted((one, other) => other.keys - one.keys)[0];
  const keys = (count: number): string => `${count.toLocaleString("en-US")} keys`;
  const goals: GoalResult[] = openings.map(({ keys: count, filled }) =>
    atMost(`memory of ${keys(count)}, each besides its own bytes`, 24, filled.keydirBytesPerKey, "bytes"),
  );
  if (largest !== undefined) {
    const { opened } = largest;
    const of = (road: keyof typeof opened, figure: (one: Opened) => number): number => median(opened[road].map(figure));
    const what = `open ${keys(largest.keys)}`;
    const scanned = {
      records: of("scan", ({ seconds }) => largest.keys / seconds / 1e6),
      megabytes: of("scan", ({ seconds, bytesRead }) => bytesRead / seconds / 1e6),
    };
    goals.push(
      atLeast(
        `${what}, from the checkpoint`,
        0.67,
        of("checkpoint", (one) => one.bareSeconds / one.seconds),
        "times a bare loop",
      ),
      atLeast(
        `${what}, from hints`,
        2,
        of("hints", ({ seconds }) => largest.keys / seconds / 1e6),
        "million keys a second",
      ),
      {
        what: `${what}, by scanning`,
        wanted: "1 million records a second, or 400 MB/s",
        found: `${scanned.records.toFixed(2)} million, ${scanned.megabytes.toFixed(0)} MB/s`,
        isReached: scanned.records >= 1 || scanned.megabytes >= 400,
      },
    );
  }
  for (const { valueBytes, inWorker, merged } of mergings) {
    if (inWorker) continue;
    const of = (figure: (one: Merged) => number): number => median(merged.map(figure));
    const what = `merge, values of ${valueBytes} bytes`;
    goals.push(
      atLeast(
        what,
        valueBytes < 1024 ? 100 : 300,
        of(({ bytesPerSecond }) => bytesPerSecond / 1e6),
        "MB/s",
      ),
      atMost(
        `${what}: the event loop is late (p99)`,
        10,
        of(({ loopLateMs }) => loopLateMs),
        "ms",
      ),
      atMost(
        `${what}: segments afterwards`,
        1.02,
        of(({ spaceAfter }) => spaceAfter),
        "times the live records",
      ),
    );
  }
  return goals;
}

function atLeast(what: string, least: number, found: number, unit: string): GoalResult {
  return { what, wanted: `at least ${least} ${unit}`, found: found.toFixed(2), isReached: found >= least };
}

function atMost(what: string, most: number, found: number, unit: string): GoalResult {
  return { what, wanted: `at most ${most} ${unit}`, found: found.toFixed(found < 2 ? 4 : 2), isReached: found <= most };
}

function ratioOf(
  { workloads }: Compared,
  name: WorkloadName,
  against: Goal["against"],
  peers: readonly string[],
): number | undefined {
  const of = (entrant: string, workload = name): WorkloadResult | undefined =>
    workloads.find((one) => one.entrant === entrant && one.workload === workload);
  const own = of("hashlog");
  const other =
    typeof against !== "string"
      ? of("hashlog", against.ownWorkload)
      : against === BEST_PEER
        ? best(peers.flatMap((peer) => of(peer) ?? []))
        : of(against);
  return own && other && ratio(own, other);
}

function best(results: readonly WorkloadResult[]): WorkloadResult | undefined {
  return results.toSorted((one, other) => median(rates(other)) - median(rates(one)))[0];
}
