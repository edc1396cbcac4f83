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

/** Does something else with what a good strategy chooses. */
function altering(alter: (choice: MergeChoice) => MergeChoice | undefined): MergeStrategy["choose"] {
  return (statistics) => {
    const choice = good.choose(statistics);
    return choice && alter(choice);
  };
}

/** Sees of a store only some segments. */
function seeing(sees: (segment: SegmentStatistics) => boolean): MergeStrategy["choose"] {
  return (statistics) => good.choose({ ...statistics, segments: statistics.segments.filter(sees) });
}

/** A sum that needs a frame of the stack for each segment. */
function deadBytesOf(segments: readonly SegmentStatistics[], from = 0): number {
  const first = segments[from];
  return first === undefined ? 0 : first.recordBytes - first.liveBytes + deadBytesOf(segments, from + 1);
}

let calls = 0;
let offered: MergeChoice | undefined;

const VALID = "it chooses segments that are there, sealed or active, not empty, and none twice";
const SAME = "it chooses the same for the same statistics, whatever the order of the segments";

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
  "puts last what is most worth it": [
    "it puts first what is most worth it",
    (statistics) => {
      const choice = good.choose(statistics);
      const clean = statistics.segments.filter(({ recordBytes, liveBytes }) => recordBytes === liveBytes);
      const first = clean.map(({ segmentId }) => ({ segmentId, reason: "along with the others" }));
      return choice && { ...choice, segments: [...first, ...choice.segments] };
    },
  ],
  "says nothing of what set it off": [VALID, altering((choice) => ({ ...choice, trigger: "" }))],
  "gives no reasons": [
    VALID,
    altering((choice) => ({
      ...choice,
      segments: choice.segments.map(({ segmentId }) => ({ segmentId, reason: "" })),
    })),
  ],
  "chooses no segments": [VALID, altering((choice) => ({ ...choice, segments: [] }))],
  "chooses a segment twice": [VALID, adding((statistics) => good.choose(statistics)?.segments[0]?.segmentId)],
  "chooses a segment that is not there": [VALID, adding(() => 1e9)],
  "chooses an unsealed segment": [
    VALID,
    adding(({ segments }) => segments.find(({ state }) => state === "unsealed")?.segmentId),
  ],
  "chooses an empty segment": [
    VALID,
    adding(({ segments }) => segments.find(({ records }) => records === 0)?.segmentId),
  ],
  "chooses wrongly what to do instead": [
    VALID,
    altering((choice) => ({ ...choice, instead: { trigger: "none", segments: [] } })),
  ],
  "names itself as what to do instead": [
    "it comes to an end of what is to be done instead",
    altering(({ trigger, segments }) => {
      const choice = {
        trigger,
        segments,
        get instead(): MergeChoice {
          return choice;
        },
      };
      return choice;
    }),
  ],
  "compares the oldest segment with the next one": [
    "it copes with a store of one segment",
    (statistics) => {
      const [oldest, next] = statistics.segments.toSorted((a, b) => a.lowestSequence - b.lowestSequence);
      return oldest === undefined || oldest.liveBytes < next!.liveBytes ? good.choose(statistics) : undefined;
    },
  ],
  "goes down the stack with every segment": [
    "it copes with thousands of segments",
    (statistics) => (deadBytesOf(statistics.segments) > 0 ? good.choose(statistics) : undefined),
  ],
  "remembers how often it was asked": [SAME, altering((choice) => ({ ...choice, trigger: `call ${(calls += 1)}` }))],
  "takes segments as they come": [
    SAME,
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
  "offers again what was merged": [
    "planMerge carries its choices out, within any limits, until there is nothing to gain",
    (statistics) => (offered ??= good.choose(statistics)),
  ],
  "merges nothing that was merged before": [
    "it keeps a store in bounds whose records are overwritten without end",
    seeing(({ merged }) => !merged),
  ],
  "takes what has expired for live": [
    "it keeps a store in bounds whose records expire without end",
    (statistics) =>
      // Small files are not joined, or the expired would go by chance.
      bitcaskStrategy({ smallFileThreshold: 0 }).choose({
        ...statistics,
        segments: statistics.segments.map((segment) => ({ ...segment, expiredRecords: 0, expiredBytes: 0 })),
      }),
  ],
};

/** What the suite says, or what such a strategy throws by itself. */
const TOLD =
  /the contract is broken|reading 'liveBytes'|call stack|not a number|read only|names segment \d+, which is not there/;

describe("the contract suite of strategies", () => {
  test.each(Object.entries(FAULTS))("finds one that %s", (_fault, [sentence, choose, name = "wrong"]) => {
    expect(failureOf(sentence, { name, choose })).toMatch(TOLD);
  });

  test("finds nothing wrong with a good one", () => {
    for (const sentence of sentences()) expect(failureOf(sentence, good), sentence).toBeUndefined();
  });

  test("has no sentence that none of them breaks", () => {
    const broken = new Set(Object.values(FAULTS).map(([sentence]) => sentence));
    expect(sentences().filter((sentence) => !broken.has(sentence))).toEqual([]);
  });

  test("names the seed in what a random test says", () => {
    const [sentence, choose] = FAULTS["chooses no segments"]!;
    expect(failureOf(sentence, { name: "wrong", choose })).toMatch(/^with seed \d+: the contract is broken: /);
  });
});

/** All sentences of the suite. */
function sentences(): string[] {
  const found: string[] = [];
  run(good, (sentence) => found.push(sentence));
  return found;
}

/** What the suite says of the strategy in that sentence; nothing if it is kept. */
function failureOf(sentence: string, strategy: MergeStrategy): string | undefined {
  let failure: string | undefined;
  run(strategy, (other, body) => {
    if (other !== sentence) return;
    try {
      body();
    } catch (error) {
      failure = (error as Error).message;
    }
  });
  return failure;
}

function run(strategy: MergeStrategy, test: (sentence: string, body: () => void) => void): void {
  runStrategyContract({ describe: (_name, body) => body(), test }, "a strategy", () => strategy);
}
