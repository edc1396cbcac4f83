import { describe, expect, test } from "vitest";
import {
  bitcaskStrategy,
  type MergeChoice,
  type MergeStrategy,
  type SegmentStatistics,
  type StoreStatistics,
} from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";

const all = ({ segments }: StoreStatistics): MergeChoice | undefined => {
  const chosen = segments
    .filter(({ state, records }) => state !== "unsealed" && records > 0)
    .map(({ segmentId }) => ({ segmentId, reason: "all" }))
    .toSorted((a, b) => a.segmentId - b.segmentId);
  return chosen.length === 0 ? undefined : { trigger: "all", segments: chosen };
};

const good = bitcaskStrategy();

/** Adds a segment to what a good strategy chooses. */
function adding(pick: (statistics: StoreStatistics) => number | undefined): MergeStrategy["choose"] {
  return (statistics) => {
    const choice = good.choose(statistics);
    const segmentId = pick(statistics);
    if (choice === undefined || segmentId === undefined) return choice;
    return { ...choice, segments: [...choice.segments, { segmentId, reason: "wrong" }] };
  };
}

let calls = 0;

/** A suite is worth what it finds: each of these strategies has one fault, and that sentence must tell. */
const FAULTS: Record<string, [sentence: string, choose: MergeStrategy["choose"], name?: string]> = {
  "has no name": ["it has a name", (statistics) => good.choose(statistics), ""],
  "chooses the empty segment of an empty store": [
    "it chooses nothing of an empty store",
    ({ segments: [segment] }) =>
      segment && { trigger: "any", segments: [{ segmentId: segment.segmentId, reason: "any" }] },
  ],
  "merges what is clean": ["it leaves a store alone in which nothing is dead, expired or small", all],
  "never merges": ["it does not leave an idle store alone that is nearly all dead", () => undefined],
  "chooses a segment twice": [
    "it chooses segments that are there, sealed or active, not empty, and none twice",
    adding((statistics) => good.choose(statistics)?.segments[0]?.segmentId),
  ],
  "chooses a segment that is not there": [
    "it chooses segments that are there, sealed or active, not empty, and none twice",
    adding(() => 1e9),
  ],
  "chooses an unsealed segment": [
    "it chooses segments that are there, sealed or active, not empty, and none twice",
    adding(({ segments }) => segments.find(({ state }) => state === "unsealed")?.segmentId),
  ],
  "chooses an empty segment": [
    "it chooses segments that are there, sealed or active, not empty, and none twice",
    adding(({ segments }) => segments.find(({ records }) => records === 0)?.segmentId),
  ],
  "chooses wrongly what to do instead": [
    "it chooses segments that are there, sealed or active, not empty, and none twice",
    (statistics) => {
      const choice = good.choose(statistics);
      return choice && { ...choice, instead: { trigger: "none", segments: [] } };
    },
  ],
  "remembers how often it was asked": [
    "it chooses the same for the same statistics, whatever the order of the segments",
    (statistics) => {
      const choice = good.choose(statistics);
      return choice && { ...choice, trigger: `call ${(calls += 1)}` };
    },
  ],
  "takes segments as they come": [
    "it chooses the same for the same statistics, whatever the order of the segments",
    ({ segments }) => {
      const first = segments.find(({ state, records }) => state !== "unsealed" && records > 0);
      return first && { trigger: "first", segments: [{ segmentId: first.segmentId, reason: "first" }] };
    },
  ],
  "sorts what it is given": [
    "it does not change what it is given",
    (statistics) => {
      (statistics.segments as SegmentStatistics[]).sort((a, b) => b.segmentId - a.segmentId);
      return good.choose(statistics);
    },
  ],
  "cannot divide by nothing": [
    "it copes with the largest and the smallest numbers",
    (statistics) => {
      for (const { fileBytes, liveBytes } of statistics.segments) {
        if (Number.isNaN(liveBytes / fileBytes)) throw new Error("not a number");
      }
      return good.choose(statistics);
    },
  ],
  "merges for ever": ["every choice makes progress, and there is an end of them", all],
};

describe("the contract suite of strategies", () => {
  test.each(Object.entries(FAULTS))("finds one that %s", (_fault, [sentence, choose, name = "wrong"]) => {
    expect(failuresOf({ name, choose })).toContain(sentence);
  });

  test("finds nothing wrong with a good one", () => {
    expect(failuresOf(good)).toEqual([]);
  });
});

/** The sentences that the strategy breaks. */
function failuresOf(strategy: MergeStrategy): string[] {
  const failures: string[] = [];
  const runner = {
    describe: (_name: string, body: () => void): void => body(),
    test: (sentence: string, body: () => void): void => {
      try {
        body();
      } catch {
        failures.push(sentence);
      }
    },
  };
  runStrategyContract(runner, "a strategy", () => strategy);
  return failures;
}
