/** For tests: a soak in which nothing changes, but for what a test asks for. */
import type { ByPhase, Percentiles } from "./phases.ts";
import type { Sample, SoakResult, StoreResult, Times } from "./result.ts";

/** Percentiles that are all the same; none were measured if `count` is 0. */
export function alike(ms: number, count = 100): Percentiles {
  return { count, p50Ms: ms, p99Ms: ms, p999Ms: ms, maxMs: ms };
}

/** A store that was looked at every ten seconds for ten minutes, and was warm from the second minute on. */
export function madeUpStore(
  change: (seconds: number) => Partial<Sample> = () => ({}),
  times: Partial<Times> = {},
): StoreResult {
  const samples = Array.from({ length: 60 }, (_, index) => madeUpSample(10 * (index + 1)));
  return {
    name: "large",
    wantedLiveBytes: 1000,
    keysPossible: 20,
    samples: samples.map((sample) => ({ ...sample, ...change(sample.seconds) })),
    times: { ...TIMES, ...times },
    coldTimes: TIMES,
    fillSeconds: 1,
    closeSeconds: 1,
  };
}

/** A soak of such stores. */
export function madeUpSoak(...stores: readonly StoreResult[]): SoakResult {
  return {
    machine: {
      cpu: "a processor",
      cores: 2,
      memoryBytes: 2 ** 30,
      system: "a system",
      node: "0.0.0",
      date: "2000-01-01",
      commit: "c0ffee",
    },
    command: "npm run soak",
    minutes: 10,
    seed: 1,
    sync: "never",
    stores,
  };
}

const BOTH: ByPhase = { idle: alike(1), merging: alike(2) };
const TIMES: Times = { getSync: BOTH, get: BOTH, put: BOTH, eventLoop: BOTH };

function madeUpSample(seconds: number): Sample {
  return {
    seconds,
    isWarm: seconds > 60,
    keys: 10,
    liveBytes: 1000,
    expiredBytes: 0,
    segmentBytes: 1200,
    allBytes: 1300,
    peak: { segmentBytes: 1400, liveBytes: 1000 },
    files: 6,
    segments: 3,
    storeHandles: 4,
    processHandles: 20,
    rssBytes: 1e8,
    heapBytes: 1e7,
    keydirBytes: 1e6,
    userBytes: seconds * 100,
    written: { segments: seconds * 150, hints: seconds * 30, checkpoints: seconds * 15, others: seconds * 5 },
    writes: seconds * 10,
    reads: seconds * 20,
    merges: { count: 1, failures: 0, bytesRead: 2e6, bytesWritten: 1e6, bytesFreed: 1e6, durationMs: 1000 },
    isMerging: false,
    times: TIMES,
  };
}
