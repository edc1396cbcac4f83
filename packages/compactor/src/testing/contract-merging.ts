import { segmentBytesFor } from "../measures.ts";
import { planMerge } from "../plan-merge.ts";
import { resolvePolicy, type MergePolicy } from "../policy.ts";
import type { MergeStrategy } from "../strategy.ts";
import { ModelLog } from "./contract-model.ts";
import { type SeededRandom, withSeeds } from "./contract-random.ts";
import { ensure, type TestFunctions } from "./contract-support.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SEEDS = [1, 2, 3, 4, 5, 6];

/** So many merges for every segment that there is, or that its bytes would make, and no more. */
const MERGES_PER_SEGMENT = 4;

/** A store that is written to for long: so many live records of so many bytes, and what is allowed beside them. */
const CHURN = { keys: 500, valueBytes: 64 * KIB, writes: 60_000, writesBetween: 100 } as const;
const CHURN_FILES_PER_LIVE = 8;
const CHURN_BYTES_ALLOWED = 256 * MIB;

/** What becomes of a store in which is merged what the strategy chooses. */
export function mergingContract(test: TestFunctions["test"], newStrategy: () => MergeStrategy): void {
  test("every choice makes progress, and there is an end of them", () => {
    withSeeds(SEEDS, (random) => mergeEveryChoice(newStrategy(), history(random)));
  });

  test("planMerge carries its choices out, within any limits, until there is nothing to gain", () => {
    for (const limits of [{}, { mergeBytesMax: MIB }, { transientShareMax: 1, outputBytesMax: 64 * KIB }]) {
      withSeeds(SEEDS, (random) =>
        mergeUntilNothingIsToGain(history(random), resolvePolicy({ ...limits, strategy: newStrategy() })),
      );
    }
  });

  test("it keeps a store in bounds whose records are overwritten without end", () => {
    withSeeds(SEEDS.slice(0, 2), (random) => {
      churn(newStrategy(), random, (log, value) => log.put(random.below(CHURN.keys), value));
    });
  });

  test("it keeps a store in bounds whose records expire without end", () => {
    withSeeds(SEEDS.slice(0, 2), (random) => {
      churn(newStrategy(), random, (log, value, index) => {
        log.nowMs += 1;
        log.put(index, value, log.nowMs + CHURN.keys);
      });
    });
  });
}

/** Does every choice as it stands; nothing is written meanwhile. */
function mergeEveryChoice(strategy: MergeStrategy, log: ModelLog): void {
  const most = log.segmentCount * MERGES_PER_SEGMENT;
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

/** Does every plan that there is, one after the other; nothing is written meanwhile. */
function mergeUntilNothingIsToGain(log: ModelLog, policy: MergePolicy): void {
  const outputBytes = policy.outputBytesMax ?? segmentBytesFor(log.statistics());
  const most = (log.segmentCount + Math.ceil(log.fileBytes / outputBytes)) * MERGES_PER_SEGMENT;
  for (let count = 0; ; count++) {
    const decision = planMerge(log.statistics(), policy);
    if (decision.kind === "none") {
      return ensure(decision.reason === "nothing-to-gain", "the end should come for no other reason");
    }
    ensure(count < most, `there should be nothing to gain after ${most} merges`);
    const ids = decision.segments.map(({ segmentId }) => segmentId);
    log.finishMerge(log.beginMerge(ids, decision.outputBytesMax));
  }
}

/** Writes for long, merging whatever is planned now and then, and looks at what the files take. */
function churn(
  strategy: MergeStrategy,
  random: SeededRandom,
  write: (log: ModelLog, valueBytes: number, index: number) => void,
): void {
  const policy = resolvePolicy({ strategy });
  const log = new ModelLog({ segmentBytesMax: 256 * MIB });
  const allowed = CHURN.keys * CHURN.valueBytes * CHURN_FILES_PER_LIVE + CHURN_BYTES_ALLOWED;
  for (let index = 0; index < CHURN.writes; index++) {
    write(log, CHURN.valueBytes / 2 + random.below(CHURN.valueBytes), index);
    if (index % CHURN.writesBetween !== 0) continue;
    log.rotateBytes = segmentBytesFor(log.statistics());
    mergeUntilNothingIsToGain(log, policy);
    ensure(
      log.fileBytes < allowed,
      `after ${index} writes ${Math.round(log.liveBytes / MIB)} MiB that are live take ${Math.round(log.fileBytes / MIB)}`,
    );
  }
}

/** A store of a few megabytes with overwritten, deleted and expired records, old data, and segments of all sizes. */
function history(random: SeededRandom): ModelLog {
  const log = new ModelLog({ segmentBytesMax: [64 * KIB, MIB, 256 * MIB][random.below(3)]!, frameBytes: 32 });
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
