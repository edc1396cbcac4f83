/** What Hashlog sets itself, and whether it was reached. The goals hold for one size: at any other, nothing is judged. */
import type { Merged } from "../own/merging.ts";
import type { Opened } from "../own/opening.ts";
import { median } from "../median.ts";
import type { Durability } from "./contender.ts";
import { type Compared, type Comparison, rates, ratio, type WorkloadResult } from "./result.ts";
import { workload, type WorkloadName } from "./workloads.ts";

/** A row of the table of goals. */
export interface GoalResult {
  readonly what: string;
  readonly wanted: string;
  /** Empty where it was not measured at the size that the goal is for, or a store that it is compared with took no part. */
  readonly found: string;
  readonly isReached: boolean | undefined;
}

interface Goal {
  readonly workload: WorkloadName;
  /** Which Hashlog is judged; left out: the one with its defaults. */
  readonly judged?: string;
  /** The name of a store, the best of the peers, or Hashlog itself at another workload. */
  readonly against: string | { readonly ownWorkload: WorkloadName };
  readonly least: number;
}

/** What the goals beside other stores are for. */
export const GOAL_SIZE: Pick<Compared, "keys" | "valueBytes"> = { keys: 1_000_000, valueBytes: 100 };
/** Of a smaller store, what opening and merging take besides weighs too much. */
const OPENED_KEYS_LEAST = 1_000_000;
const MERGED_BYTES_LEAST = 256_000_000;

/** Said where none could be judged. */
export const GOALS_NEED = `they are for ${GOAL_SIZE.keys.toLocaleString("en-US")} keys and values of ${GOAL_SIZE.valueBytes} bytes with the stores that they name, for opening as many keys, and for merging ${MERGED_BYTES_LEAST / 1e6} MB`;

const BEST_PEER = "the best peer";
/** Reads are to be quick where they are answered by the files, and not by a cache of Hashlog's own. */
const CACHE_OFF = "hashlog cache off";

const GOALS: readonly Goal[] = [
  { workload: "load", against: "classic-level", least: 3 },
  { workload: "load", against: "lmdb", least: 8 },
  { workload: "overwrite", against: "classic-level", least: 3 },
  { workload: "overwrite", against: "lmdb", least: 8 },
  { workload: "put", against: "classic-level", least: 6 },
  { workload: "getSync", judged: CACHE_OFF, against: "lmdb", least: 1.2 },
  { workload: "getSync", judged: CACHE_OFF, against: "classic-level", least: 2.4 },
  { workload: "getSync-zipf", against: "lmdb", least: 1.5 },
  { workload: "get", against: "classic-level", least: 2 },
  { workload: "miss", against: "lmdb", least: 1.5 },
  { workload: "durable-put", against: "bare file", least: 0.9 },
  { workload: "durable-put-256", against: { ownWorkload: "durable-put" }, least: 25 },
  { workload: "durable-put-256", against: BEST_PEER, least: 3 },
];

/** What goals are judged by. */
type Judged = Pick<Comparison, "entrants" | "stores" | "openings" | "mergings">;

/** Each goal, judged or not. */
export function goalsOf(comparison: Judged, titleOf: (workload: WorkloadName) => string): GoalResult[] {
  return [...goalsBeside(comparison, titleOf), ...goalsAlone(comparison)];
}

function goalsBeside({ stores, entrants }: Judged, titleOf: (workload: WorkloadName) => string): GoalResult[] {
  const peers = entrants.filter(({ isPeer }) => isPeer).map(({ name }) => name);
  return GOALS.map(({ workload: name, judged = "hashlog", against, least }) => {
    const { durability } = workload(name);
    const found = ratioOf(resultsFor(stores, durability), { name, judged, against, peers });
    const opponent = typeof against === "string" ? against : titleOf(against.ownWorkload);
    const who = judged === CACHE_OFF ? ", own cache off" : "";
    return {
      what: `${titleOf(name)}, ${durability}${who}`,
      wanted: `at least ${least} times ${opponent}`,
      found: found === undefined ? "" : `${found.toFixed(2)} times`,
      isReached: found === undefined ? undefined : found >= least,
    };
  });
}

/** What was measured at the size that the goals are for. */
function resultsFor(stores: readonly Compared[], durability: Durability): readonly WorkloadResult[] {
  return stores
    .filter(({ keys, valueBytes }) => keys === GOAL_SIZE.keys && valueBytes === GOAL_SIZE.valueBytes)
    .filter((compared) => compared.durability === durability)
    .flatMap(({ workloads }) => workloads);
}

/** Of opening, memory and merging. */
function goalsAlone(comparison: Judged): GoalResult[] {
  const openings = comparison.openings.filter(({ keys }) => keys >= OPENED_KEYS_LEAST);
  const mergings = comparison.mergings.filter(({ liveBytes }) => liveBytes >= MERGED_BYTES_LEAST);
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
  workloads: readonly WorkloadResult[],
  {
    name,
    judged,
    against,
    peers,
  }: { name: WorkloadName; judged: string; against: Goal["against"]; peers: readonly string[] },
): number | undefined {
  const of = (entrant: string, workload = name): WorkloadResult | undefined =>
    workloads.find((one) => one.entrant === entrant && one.workload === workload);
  const own = of(judged);
  const other =
    typeof against !== "string"
      ? of(judged, against.ownWorkload)
      : against === BEST_PEER
        ? best(peers.flatMap((peer) => of(peer) ?? []))
        : of(against);
  return own && other && ratio(own, other);
}

function best(results: readonly WorkloadResult[]): WorkloadResult | undefined {
  return results.toSorted((one, other) => median(rates(other)) - median(rates(one)))[0];
}
