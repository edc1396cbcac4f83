import { segmentBytesFor } from "../measures.ts";
import type { SegmentStatistics, StoreStatistics } from "../statistics.ts";
import type { MergeChoice, MergeStrategy } from "../strategy.ts";
import { SeededRandom, withSeeds } from "./contract-random.ts";
import {
  ensure,
  frozen,
  segmentOf,
  shuffled,
  someStatistics,
  storeOf,
  type TestFunctions,
} from "./contract-support.ts";
import { ModelLog } from "./contract-model.ts";

export type { TestFunctions } from "./contract-support.ts";

const MIB = 1024 * 1024;
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const HISTORY_SEEDS = [1, 2, 3, 4, 5, 6];
const CHOICES_PER_SEGMENT = 4;

/**
 * The prose of the `MergeStrategy` port as a suite. A strategy that passes can be handed to `resolvePolicy`.
 *
 *     runStrategyContract({ describe, test }, "my strategy", () => myStrategy());
 *
 * It brings its own assertions and random numbers (a failure names the seed), so it runs under any runner: `describe` and
 * `test` are the runner's. `newStrategy` is called for each test. The stores are idle for as long as a number can say.
 */
export function runStrategyContract(runner: TestFunctions, name: string, newStrategy: () => MergeStrategy): void {
  runner.describe(`the MergeStrategy contract, kept by ${name}`, () => {
    runner.test("it has a name", () => {
      ensure(typeof newStrategy().name === "string" && newStrategy().name !== "", "a strategy has a name");
    });

    runner.test("it chooses nothing of an empty store", () => {
      const active = segmentOf({ segmentId: 1, state: "active", records: 0 });
      for (const segments of [[], [active]]) ensureNone(newStrategy(), storeOf(segments), "a store without a record");
    });

    runner.test("it leaves a store alone in which nothing is dead, expired or small", () => {
      for (const count of [1, 2, 9, 100]) {
        const segments = Array.from({ length: count }, (_, index) => segmentOf({ segmentId: index + 1 }));
        ensureNone(newStrategy(), storeOf(segments), `a store of ${count} clean segments`);
      }
    });

    runner.test("it does not leave an idle store alone that is nearly all dead", () => {
      const segments = Array.from({ length: 4 }, (_, index) => segmentOf({ segmentId: index + 1, liveShare: 0.01 }));
      ensure(newStrategy().choose(storeOf(segments)) !== undefined, "a gibibyte of garbage should be worth a merge");
    });

    runner.test("it chooses segments that are there, sealed or active, not empty, and none twice", () => {
      withSeeds(SEEDS, (random) => {
        const statistics = someStatistics(random);
        eachChoice(newStrategy().choose(statistics), (choice) => ensureValid(choice, statistics));
      });
    });

    runner.test("it chooses the same for the same statistics, whatever the order of the segments", () => {
      withSeeds(SEEDS, (random) => {
        const statistics = someStatistics(random);
        const strategy = newStrategy();
        const expected = JSON.stringify(strategy.choose(statistics));
        const again = { ...statistics, segments: shuffled(statistics.segments, random) };
        for (const [chooser, told] of [
          [strategy, statistics],
          [newStrategy(), statistics],
          [strategy, again],
        ] as const) {
          ensure(JSON.stringify(chooser.choose(told)) === expected, "the same statistics should give the same choice");
        }
      });
    });

    runner.test("it does not change what it is given", () => {
      withSeeds(SEEDS, (random) => {
        const statistics = someStatistics(random);
        const before = JSON.stringify(statistics);
        newStrategy().choose(frozen(statistics));
        ensure(JSON.stringify(statistics) === before, "the statistics should be left as they are");
      });
    });

    runner.test("it copes with the largest and the smallest numbers", () => {
      for (const bytes of [0, 1, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER]) {
        for (const segmentBytesMax of [1, Number.MAX_SAFE_INTEGER]) {
          const segments = [1, 2, 3].map((segmentId) => extreme(segmentId, bytes));
          const statistics = { ...storeOf(segments), segmentBytesMax, freeBytes: bytes, nowMs: bytes, idleMs: bytes };
          eachChoice(newStrategy().choose(statistics), (choice) => ensureValid(choice, statistics));
        }
      }
    });

    runner.test("every choice makes progress, and there is an end of them", () => {
      withSeeds(HISTORY_SEEDS, (random) => mergeToTheEnd(newStrategy(), history(random)));
    });
  });
}

function ensureNone(strategy: MergeStrategy, statistics: StoreStatistics, what: string): void {
  ensure(strategy.choose(statistics) === undefined, `${what} should be left alone`);
}

/** The choice, and those that may be done instead. */
function eachChoice(choice: MergeChoice | undefined, visit: (choice: MergeChoice) => void): void {
  for (let next = choice; next !== undefined; next = next.instead) visit(next);
}

function ensureValid({ trigger, segments }: MergeChoice, statistics: StoreStatistics): void {
  const seen = new Set<number>();
  ensure(typeof trigger === "string" && trigger !== "", "a choice should say what set it off");
  ensure(segments.length > 0, "a choice should hold a segment");
  for (const { segmentId, reason } of segments) {
    const segment = statistics.segments.find((candidate) => candidate.segmentId === segmentId);
    ensure(segment !== undefined, `segment ${segmentId} should be there`);
    ensure(segment?.state !== "unsealed", `segment ${segmentId} should be sealed, or active`);
    ensure(segment?.records !== 0, `segment ${segmentId} should hold a record`);
    ensure(!seen.has(segmentId), `segment ${segmentId} should be chosen once`);
    ensure(typeof reason === "string" && reason !== "", `the choice of segment ${segmentId} should have a reason`);
    seen.add(segmentId);
  }
}

/** Does every choice as it stands; nothing is written meanwhile. */
function mergeToTheEnd(strategy: MergeStrategy, log: ModelLog): void {
  const most = log.segmentCount * CHOICES_PER_SEGMENT;
  for (let count = 0; ; count++) {
    const statistics = log.statistics();
    const choice = strategy.choose(statistics);
    if (choice === undefined) return;
    ensure(count < most, `there should be an end after ${most} merges`);
    const [bytes, files] = [log.fileBytes, log.segmentCount];
    const ids = choice.segments.map(({ segmentId }) => segmentId);
    log.finishMerge(log.beginMerge(ids, segmentBytesFor(statistics)));
    const gains = log.fileBytes < bytes || log.segmentCount < files;
    ensure(gains, `a merge of ${ids.length} segments (${choice.trigger}) should free bytes or leave fewer files`);
  }
}

/** A store of a few megabytes with overwritten, deleted and expired records, old data, and segments of all sizes. */
function history(random: SeededRandom): ModelLog {
  const log = new ModelLog({ segmentBytesMax: [MIB / 64, MIB, 256 * MIB][random.below(3)]!, frameBytes: 32 });
  const keys = 500 + random.below(2000);
  const openings = 1 + random.below(200);
  const deletes = random.next() / 2;
  for (let write = 0; write < 20_000; write++) {
    log.nowMs += 10;
    if (random.below(20_000) < openings) log.reopen();
    const key = random.below(random.next() < 0.5 ? keys : keys / 10);
    if (write < keys) log.put(write, random.below(4000));
    else if (random.below(10) === 0) log.put(keys + write, random.below(4000), log.nowMs + 50_000);
    else if (random.next() < deletes) log.delete(key);
    else log.put(key, random.below(4000));
  }
  return log;
}

function extreme(segmentId: number, bytes: number): SegmentStatistics {
  const segment = segmentOf({ segmentId });
  const tombstones = {
    tombstones: bytes,
    tombstoneBytes: bytes,
    lowestSequence: 1,
    highestSequence: Math.max(1, bytes),
  };
  return { ...segment, ...tombstones, fileBytes: bytes, recordBytes: bytes, liveBytes: 0, expiredBytes: bytes };
}
