import { planMerge } from "../plan-merge.ts";
import { resolvePolicy } from "../policy.ts";
import type { StoreStatistics } from "../statistics.ts";
import type { MergeChoice, MergeStrategy } from "../strategy.ts";
import { withSeeds } from "./contract-random.ts";
import {
  ensure,
  extremeSegment,
  frozen,
  segmentOf,
  shuffled,
  someStatistics,
  storeOf,
  type TestFunctions,
} from "./contract-support.ts";

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

/** More than a store of the engine has room for. */
const SEGMENTS_MOST = 16_383;

/** More choices in a row `planMerge` does not look at. */
const CHOICES_MOST = 100;

/** What a strategy chooses of statistics that are given to it. */
export function choicesContract(test: TestFunctions["test"], newStrategy: () => MergeStrategy): void {
  test("it has a name", () => {
    ensure(typeof newStrategy().name === "string" && newStrategy().name !== "", "a strategy has a name");
  });

  test("it chooses nothing of an empty store", () => {
    const active = segmentOf({ segmentId: 1, state: "active", records: 0 });
    for (const segments of [[], [active]]) ensureNone(newStrategy(), storeOf(segments), "a store without a record");
  });

  test("it leaves a store alone in which nothing is dead, expired or small", () => {
    for (const count of [1, 2, 9, 100]) {
      const segments = Array.from({ length: count }, (_, index) => segmentOf({ segmentId: index + 1 }));
      ensureNone(newStrategy(), storeOf(segments), `a store of ${count} clean segments`);
    }
  });

  test("it does not leave an idle store alone that is nearly all dead", () => {
    const segments = Array.from({ length: 4 }, (_, index) => segmentOf({ segmentId: index + 1, liveShare: 0.01 }));
    ensure(newStrategy().choose(storeOf(segments)) !== undefined, "a gibibyte of garbage should be worth a merge");
  });

  test("it puts first what is most worth it", () => {
    const segments = [1, 0.01, 1, 0.01].map((liveShare, index) => segmentOf({ segmentId: index + 1, liveShare }));
    // The first segment is merged however large it is, and no other beside it.
    const policy = resolvePolicy({ strategy: newStrategy(), mergeBytesMax: 1 });
    const decision = planMerge(storeOf(segments), policy);
    ensure(decision.kind === "merge", "where one segment can be merged, one that is nearly all dead should be");
  });

  test("it chooses segments that are there, sealed or active, not empty, and none twice", () => {
    withSeeds(SEEDS, (random) => {
      const statistics = someStatistics(random);
      eachChoice(newStrategy().choose(statistics), (choice) => ensureValid(choice, statistics));
    });
  });

  test("it comes to an end of what is to be done instead", () => {
    withSeeds(SEEDS, (random) => {
      let count = 0;
      eachChoice(newStrategy().choose(someStatistics(random)), () => (count += 1));
      ensure(count <= CHOICES_MOST, `no more than ${CHOICES_MOST} choices are looked at`);
    });
  });

  test("it copes with a store of one segment", () => {
    for (const state of ["sealed", "active", "unsealed"] as const) {
      for (const liveShare of [0, 0.5, 1]) {
        for (const records of [1, 1000, undefined]) {
          const statistics = storeOf([segmentOf({ segmentId: 1, state, liveShare, ...(records && { records }) })]);
          eachChoice(newStrategy().choose(statistics), (choice) => ensureValid(choice, statistics));
        }
      }
    }
  });

  test("it copes with thousands of segments", () => {
    const sizes = [{ records: 1 }, { liveShare: 0.1 }, { expiredShare: 1 }, { tombstones: 1000 }, {}];
    const segments = Array.from({ length: SEGMENTS_MOST }, (_, index) =>
      segmentOf({ segmentId: index + 1, ...sizes[index % sizes.length] }),
    );
    const statistics = storeOf(segments);
    eachChoice(newStrategy().choose(statistics), (choice) => ensureValid(choice, statistics));
  });

  test("it copes with the largest and the smallest numbers", () => {
    for (const bytes of [0, 1, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER]) {
      for (const segmentBytesMax of [1, Number.MAX_SAFE_INTEGER]) {
        for (const liveBytes of [0, bytes]) {
          const segments = [1, 2, 3].map((segmentId) => extremeSegment(segmentId, bytes, liveBytes));
          const statistics = { ...storeOf(segments), segmentBytesMax, freeBytes: bytes, nowMs: bytes, idleMs: bytes };
          eachChoice(newStrategy().choose(statistics), (choice) => ensureValid(choice, statistics));
        }
      }
    }
  });

  test("it chooses the same for the same statistics, whatever the order of the segments", () => {
    withSeeds(SEEDS, (random) => {
      const statistics = someStatistics(random);
      const strategy = newStrategy();
      const expected = textOf(strategy.choose(statistics));
      const again = { ...statistics, segments: shuffled(statistics.segments, random) };
      for (const [chooser, told] of [
        [strategy, statistics],
        [newStrategy(), statistics],
        [strategy, again],
      ] as const) {
        ensure(textOf(chooser.choose(told)) === expected, "the same statistics should give the same choice");
      }
    });
  });

  test("it does not change what it is given", () => {
    withSeeds(SEEDS, (random) => {
      const statistics = someStatistics(random);
      const before = JSON.stringify(statistics);
      newStrategy().choose(frozen(statistics));
      ensure(JSON.stringify(statistics) === before, "the statistics should be left as they are");
    });
  });
}

function ensureNone(strategy: MergeStrategy, statistics: StoreStatistics, what: string): void {
  ensure(strategy.choose(statistics) === undefined, `${what} should be left alone`);
}

/** The choice, and those that may be done instead, as many as anybody looks at and one more. */
function eachChoice(choice: MergeChoice | undefined, visit: (choice: MergeChoice) => void): void {
  let next = choice;
  for (let count = 0; next !== undefined && count <= CHOICES_MOST; count += 1) {
    visit(next);
    next = next.instead;
  }
}

function textOf(choice: MergeChoice | undefined): string {
  const all: unknown[] = [];
  eachChoice(choice, ({ trigger, segments, whole }) => all.push({ trigger, segments, whole }));
  return JSON.stringify(all);
}

function ensureValid({ trigger, segments, whole }: MergeChoice, statistics: StoreStatistics): void {
  const seen = new Set<number>();
  const states = new Map(statistics.segments.map((segment) => [segment.segmentId, segment]));
  ensure(typeof trigger === "string" && trigger !== "", "a choice should say what set it off");
  ensure(segments.length > 0, "a choice should hold a segment");
  ensure(whole === undefined || typeof whole === "boolean", "a choice is to be done wholly, or it is not");
  for (const { segmentId, reason } of segments) {
    const segment = states.get(segmentId);
    ensure(segment !== undefined, `segment ${segmentId} should be there`);
    ensure(segment?.state !== "unsealed", `segment ${segmentId} should be sealed, or active`);
    ensure(segment?.records !== 0, `segment ${segmentId} should hold a record`);
    ensure(!seen.has(segmentId), `segment ${segmentId} should be chosen once`);
    ensure(typeof reason === "string" && reason !== "", `the choice of segment ${segmentId} should have a reason`);
    seen.add(segmentId);
  }
}
