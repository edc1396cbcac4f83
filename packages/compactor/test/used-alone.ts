/** The package alone, as it is installed from its tarball: it says which segments are worth a merge, and why. */
import assert from "node:assert/strict";
import {
  MergeError,
  planListed,
  planMerge,
  resolvePolicy,
  sizeTieredStrategy,
  type SegmentStatistics,
  type StoreStatistics,
} from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";

const MIB = 1024 * 1024;

export async function use(): Promise<void> {
  const policy = resolvePolicy({ transientShareMax: 0.3 });
  const statistics = storeOf([segment(1, 50 * MIB), segment(2, 2 * MIB), segment(3, 30 * MIB), segment(4, 0)]);

  const decision = planMerge(statistics, policy);
  assert.ok(decision.kind === "merge");
  assert.deepEqual(
    decision.segments.map(({ segmentId }) => segmentId),
    [1, 3],
  );
  assert.deepEqual(planMerge(storeOf([segment(4, 0)]), policy), { kind: "none", reason: "nothing-to-gain" });
  assert.throws(
    () => planListed(statistics, policy, [5]),
    (error) => MergeError.is(error) && error.code === "MERGE_INVALID_ARGUMENT",
  );

  // A strategy is proved with whatever runs tests; here it is counted, and each sentence is run.
  const sentences: (() => void | Promise<void>)[] = [];
  const runner = {
    describe: (_name: string, body: () => void): void => body(),
    test: (_name: string, body: () => void | Promise<void>): void => void sentences.push(body),
  };
  runStrategyContract(runner, "size-tiered", () => sizeTieredStrategy());
  assert.ok(sentences.length > 3);
  for (const sentence of sentences) await sentence();
}

function storeOf(segments: readonly SegmentStatistics[]): StoreStatistics {
  return { segments, nowMs: 1_700_000_000_000, idleMs: 0, freeBytes: 1000 * MIB, segmentBytesMax: 256 * MIB };
}

/** A sealed segment of 64 MiB, so much of it dead. */
function segment(segmentId: number, deadBytes: number): SegmentStatistics {
  const counts = { records: 65_000, recordBytes: 64 * MIB - 64, liveRecords: 40_000, tombstones: 0, tombstoneBytes: 0 };
  const expired = { expiredRecords: 0, expiredBytes: 0 };
  const sequences = { lowestSequence: segmentId * 65_000, highestSequence: segmentId * 65_000 + 64_999 };
  const liveBytes = counts.recordBytes - deadBytes;
  return {
    segmentId,
    state: "sealed",
    merged: false,
    fileBytes: 64 * MIB,
    liveBytes,
    ...counts,
    ...expired,
    ...sequences,
  };
}
