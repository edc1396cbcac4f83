import { expect, test } from "vitest";
import { goalsOf } from "./goals.ts";
import type { Comparison, WorkloadResult } from "./result.ts";

function result(entrant: string, operations: number): WorkloadResult {
  const latencyNs = { p50: 1500, p99: 20_000, p999: 3_000_000, most: 4e6 };
  return { workload: "getSync", entrant, measured: [{ operations, seconds: 1, latencyNs, loopLateMs: null }] };
}

// What `--quick` measures, whose values all fit into Hashlog's own cache; and `--stages 3`.
test.each([
  { keys: 100_000, valueBytes: 100 },
  { keys: 1_000_000, valueBytes: 1024 },
])("a goal for a million keys and values of 100 bytes is not called reached by $keys of $valueBytes", (size) => {
  const comparison = {
    entrants: ["hashlog", "lmdb"].map((name) => ({ name, isBare: false, durabilities: {} })),
    stores: [
      {
        ...{ ...size, durability: "not synced", rounds: 1, secondsEach: 1, wholes: [] },
        workloads: [result("hashlog", 2e6), result("lmdb", 1e6)],
      },
    ],
    openings: [],
    mergings: [],
  } as unknown as Comparison;
  const goal = goalsOf(comparison, (name) => name).find(
    ({ wanted }) => wanted.includes("lmdb") && wanted.includes("1.2"),
  );
  expect(goal).toMatchObject({ isReached: undefined });
});
