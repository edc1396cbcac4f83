import { describe, expect, test } from "vitest";
import { bitcaskStrategy, planListed, planMerge, resolvePolicy } from "../src/index.ts";
import { ModelLog } from "../src/testing/contract-model.ts";
import { SeededRandom } from "../src/testing/contract-random.ts";
import { overwriting, patterns, reopening, sessions, type Size } from "./policy-patterns.ts";
import { type Outcome, simulate, type SimulationOptions } from "./policy-simulation.ts";

const MIB = 1024 * 1024;
const SEED = 20_261;

const MEDIUM: Size = { keys: 20_000, valueBytes: 4000 };
const SMALL: Size = { keys: 2500, valueBytes: 4000 };
const SHORT_VALUES: Size = { keys: 40_000, valueBytes: 100 };

/** The whole of the default policy, under every pattern. Merges read and write four bytes while one is written. */
describe(`with the default policy and seed ${SEED}`, () => {
  test.each(patterns(MEDIUM))("a store of 80 MB keeps its promises: $name", (pattern) => {
    const outcome = run({ pattern, seed: SEED, writes: MEDIUM.keys * 6 });
    expect(outcome.amplification).toBeLessThan(1.5);
    expect(outcome.writeAmplification).toBeLessThan(3);
    expect(outcome.segmentsMost).toBeLessThan(80);
    expect(outcome.merges).toBeGreaterThan(20);
    judgeRest(outcome);
  });

  test.each(patterns(SMALL))("a store of 10 MB takes no more than half as much again and 16 MiB: $name", (pattern) => {
    const outcome = run({ pattern, seed: SEED, writes: SMALL.keys * 10 });
    expect(outcome.fileBytesAbove).toBeLessThan(16 * MIB);
    expect(outcome.writeAmplification).toBeLessThan(3);
    judgeRest(outcome);
  });

  test.each(patterns(SHORT_VALUES))(
    "a store of frames with one short record each stays in bounds: $name",
    (pattern) => {
      const outcome = run({ pattern, seed: SEED, writes: SHORT_VALUES.keys * 5, frameBytes: 32 });
      expect(outcome.fileBytesAbove).toBeLessThan(16 * MIB);
      judgeRest(outcome);
    },
  );

  test("a store that is opened for some writes at a time keeps its promises; for few writes, its number of segments in bounds", () => {
    for (const [writes, segmentsMost, amplificationMost] of [
      [250, 150, 1.5],
      [25, 300, 2],
    ] as const) {
      const pattern = reopening(patterns(MEDIUM)[0]!, writes);
      const outcome = run({ pattern, seed: SEED, writes: MEDIUM.keys * 6 });
      expect(outcome.amplification).toBeLessThan(amplificationMost);
      expect(outcome.segmentsMost).toBeLessThan(segmentsMost);
      judgeRest(outcome);
    }
  });

  test("a store that ends its segments at their largest size only takes more, but still in proportion", () => {
    for (const pattern of patterns(MEDIUM)) {
      const outcome = run({ pattern, seed: SEED, writes: MEDIUM.keys * 6, proportional: false });
      expect(outcome.amplification).toBeLessThan(3);
      judgeRest(outcome);
    }
  });

  test("segments of a size that the user chose tiny, or of one huge value each, are as many as the data asks for", () => {
    const tiny = overwriting("uniform", { keys: 2000, valueBytes: 1000 }, (random) => random.below(2000));
    const small = run({ pattern: tiny, seed: SEED, writes: 20_000, segmentBytesMax: 16 * 1024 });
    expect(small.segmentsMost).toBeLessThan((((5 + 2 * 2) * MIB) / (16 * 1024)) * 2);
    const huge = overwriting("uniform", { keys: 20, valueBytes: 4 * MIB }, (random) => random.below(20));
    const large = run({ pattern: huge, seed: SEED, writes: 400, segmentBytesMax: MIB });
    expect(large.amplification).toBeLessThan(1.5);
    expect(large.segmentsMost).toBeLessThan(40);
    judgeRest(small, 1.1);
    judgeRest(large);
  });

  test("what a merge has to keep is not merged again and again", () => {
    const outcome = run({ pattern: sessions(MEDIUM), seed: SEED, writes: MEDIUM.keys * 6 });
    expect(outcome.amplification).toBeLessThan(3);
    expect(outcome.writeAmplification).toBeLessThan(3.5);
    judgeRest(outcome);
  });

  test("tombstones beside old data are let grow to a share, and no further", () => {
    const size = { keys: 60_000, valueBytes: 200 };
    const pattern = patterns(size).find(({ name }) => name === "many deletes")!;
    const outcome = run({ pattern, seed: SEED, writes: size.keys * 8, warmUp: 0.2 });
    const { segments } = outcome.log.statistics();
    const tombstones = segments.reduce((sum, { tombstoneBytes }) => sum + tombstoneBytes, 0);
    expect(tombstones).toBeLessThan(outcome.log.liveBytes * 0.5);
    judgeRest(outcome);
  });
});

describe("ten thousand openings that leave a segment with one record each", () => {
  test("cost each record a copy for every tier, and leave few segments", () => {
    const log = new ModelLog({ segmentBytesMax: 256 * MIB, frameBytes: 32 });
    const policy = resolvePolicy();
    let [copied, most] = [0, 0];
    for (let opening = 0; opening < 10_000; opening++) {
      log.put(opening, 100);
      log.reopen();
      for (let decision = planMerge(log.statistics(), policy); decision.kind === "merge";) {
        const merge = log.beginMerge(
          decision.segments.map(({ segmentId }) => segmentId),
          decision.outputBytesMax,
        );
        log.finishMerge(merge);
        copied += merge.bytesWritten;
        decision = planMerge(log.statistics(), policy);
      }
      most = Math.max(most, log.segmentCount);
    }
    expect(most).toBeLessThan(70);
    const recordBytes = log.liveBytes;
    expect(copied / recordBytes).toBeLessThan(Math.log2(10_000) / 2);
  });
});

test("a store that is never overwritten is merged no more than its small files ask for", () => {
  const log = new ModelLog({ segmentBytesMax: MIB });
  const random = new SeededRandom(SEED);
  for (let key = 0; key < 20_000; key++) log.put(key, random.below(4000));
  expect(planMerge(log.statistics(), resolvePolicy()).kind).toBe("none");
});

test("a higher amplification trigger takes more space and writes less", () => {
  const pattern = patterns(MEDIUM)[0]!;
  const seen = [1.25, 2].map((amplificationTrigger) => {
    const strategy = bitcaskStrategy({ amplificationTrigger, fragmentationTrigger: 1 });
    return run({ pattern, seed: SEED, writes: MEDIUM.keys * 6, policy: resolvePolicy({ strategy }) });
  });
  expect(seen[1]!.amplification).toBeGreaterThan(seen[0]!.amplification);
  expect(seen[1]!.writeAmplification).toBeLessThan(seen[0]!.writeAmplification);
});

/** Says what was seen, so that a change of the policy can be judged by more than whether it passes. */
function run(options: SimulationOptions): Outcome {
  const outcome = simulate(options);
  const { amplification, writeAmplification, segmentsMost, merges, log } = outcome;
  console.log(
    `${options.pattern.name}, ${Math.round(log.liveBytes / 1e6)} MB, seed ${options.seed}: space ${amplification.toFixed(2)}, ` +
      `writes ${writeAmplification.toFixed(2)}, ${segmentsMost} segments, ${merges} merges`,
  );
  return outcome;
}

/** Merges end when writing does; and after a merge of everything there is nothing but what is live. */
function judgeRest({ log, mergesAfter }: Outcome, headersMost = 1.02): void {
  expect(mergesAfter).toBeLessThan(40);
  for (let round = 0; round < 2; round++) {
    const decision = planListed(log.statistics(), resolvePolicy(), "all");
    if (decision.kind === "none") break;
    log.finishMerge(
      log.beginMerge(
        decision.segments.map(({ segmentId }) => segmentId),
        decision.outputBytesMax,
      ),
    );
  }
  const { segments } = log.statistics();
  expect(segments.every(({ tombstones }) => tombstones === 0)).toBe(true);
  const live = segments.reduce((sum, { liveBytes, expiredBytes }) => sum + liveBytes - expiredBytes, 0);
  expect(log.fileBytes).toBeLessThan(live * headersMost + 4096);
  expect(planMerge(log.statistics(), resolvePolicy())).toMatchObject({ kind: "none" });
}
