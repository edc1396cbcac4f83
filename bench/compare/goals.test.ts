import { describe, expect, test } from "vitest";
import { type GoalResult, goalsOf } from "./goals.ts";
import type { Compared, WorkloadResult } from "./result.ts";
import type { WorkloadName } from "./workloads.ts";

const GOAL_SIZE = { keys: 1_000_000, valueBytes: 100 };

function result(workload: WorkloadName, entrant: string, operations: number): WorkloadResult {
  const latencyNs = { p50: 1500, p99: 20_000, p999: 3_000_000, most: 4e6 };
  return { workload, entrant, measured: [{ operations, seconds: 1, latencyNs, loopLateMs: null }] };
}

function goalIn(
  size: { readonly keys: number; readonly valueBytes: number },
  workloads: readonly WorkloadResult[],
  { what, wanted }: { readonly what: string; readonly wanted: string },
): GoalResult {
  const entrants = ["hashlog", "hashlog cache off", "lmdb"].map((name) => {
    return { name, version: null, isBare: false, isPeer: name === "lmdb", durabilities: {} };
  });
  const stores: Compared[] = [{ ...size, durability: "not synced", rounds: 1, secondsEach: 1, workloads, wholes: [] }];
  return goalsOf({ entrants, stores, openings: [], mergings: [] }, (name) => name).find(
    (goal) => goal.what.startsWith(`${what},`) && goal.wanted.endsWith(wanted),
  )!;
}

describe("a goal beside another store", () => {
  const overwriting = [result("overwrite", "hashlog", 9e6), result("overwrite", "lmdb", 1e6)];

  test("is judged by what was measured at its size", () => {
    expect(goalIn(GOAL_SIZE, overwriting, { what: "overwrite", wanted: "lmdb" })).toMatchObject({
      found: "9.00 times",
      isReached: true,
    });
  });

  // What `--quick` measures, whose values all fit into Hashlog's own cache; and `--stages 3`.
  test.each([
    { keys: 100_000, valueBytes: 100 },
    { keys: 1_000_000, valueBytes: 1024 },
  ])("for a million keys and values of 100 bytes is not called reached by $keys of $valueBytes", (size) => {
    expect(goalIn(size, overwriting, { what: "overwrite", wanted: "lmdb" })).toMatchObject({ isReached: undefined });
  });

  test("for random reads is reached without Hashlog's own cache, or not at all", () => {
    const reading = { what: "getSync", wanted: "lmdb" };
    const reads = [result("getSync", "hashlog", 9e6), result("getSync", "lmdb", 1e6)];
    expect(goalIn(GOAL_SIZE, reads, reading)).toMatchObject({ isReached: undefined });
    const uncached = result("getSync", "hashlog cache off", 1.1e6);
    expect(goalIn(GOAL_SIZE, [...reads, uncached], reading)).toMatchObject({
      what: "getSync, not synced, own cache off",
      found: "1.10 times",
      isReached: false,
    });
  });

  test("says its own durability where nothing was measured", () => {
    const { what } = goalIn(GOAL_SIZE, [], { what: "durable-put", wanted: "bare file" });
    expect(what).toBe("durable-put, synced");
  });
});

test("opening and merging are not judged by stores that are smaller than the goals are for", () => {
  const heldMs = { p99: 1, most: 1 };
  const filled = { seconds: 1, fileBytes: 1, segments: 1, keydirBytesPerKey: 20, heldMs, closeSeconds: 1 };
  const opened = { checkpoint: [], hints: [], scan: [] };
  const small = {
    entrants: [],
    stores: [],
    openings: [{ keys: 400_000, valueBytes: 100, filled, opened }],
    mergings: [{ liveBytes: 32e6, valueBytes: 100, inWorker: false, merged: [] }],
  };
  expect(goalsOf(small, (name) => name).filter(({ isReached }) => isReached !== undefined)).toEqual([]);
});
