import { expect, test } from "vitest";
import { median } from "../median.ts";
import { figuresOf } from "./figures.ts";
import { goalsOf } from "./goals.ts";
import { type Comparison, ratio, type WorkloadResult } from "./result.ts";
import { goalSection, summaryOf } from "./summary.ts";
import type { WorkloadName } from "./workloads.ts";

/** Rates of rounds of a second each. */
function result(workload: WorkloadName, entrant: string, ...rates: readonly number[]): WorkloadResult {
  const latencyNs = { p50: 1500, p99: 20_000, p999: 3_000_000, most: 4e6 };
  return {
    workload,
    entrant,
    measured: rates.map((operations) => ({ operations, seconds: 1, latencyNs, loopLateMs: 2 })),
  };
}

const OPENED = { seconds: 4, bareSeconds: 2, bytesRead: 2e9, residentBytesPerKey: 30 };
const FILLED = {
  seconds: 10,
  fileBytes: 2 ** 30,
  segments: 4,
  keydirBytesPerKey: 21.25,
  heldMs: { p99: 2, most: 9 },
  closeSeconds: 1,
};
const MERGED = { bytesPerSecond: 250e6, loopLateMs: 1.5, spaceAfter: 1.021 };

function madeUp(...workloads: readonly WorkloadResult[]): Comparison {
  const names = [...new Set(workloads.map(({ entrant }) => entrant))];
  const stage = { valueBytes: 100, rounds: 3, secondsEach: 1 };
  const whole = { writeAmplification: [1.2], closeSeconds: [0.5], openSeconds: [2, 4, 3], openRssBytes: [2 ** 26] };
  const memory = { loadedRssBytes: [2 ** 28], loadedFileBytes: [2 ** 27], rssPeakBytes: [2 ** 29] };
  const wholes = names.map((entrant) => ({ entrant, ...whole, ...memory }));
  const machine = {
    cpu: "a processor",
    cores: 2,
    memoryBytes: 2 ** 30,
    system: "a system",
    node: "24.0.0",
    date: "2026-01-01",
    commit: "abc",
  };
  const durable = workloads.filter(({ workload }) => workload.startsWith("durable"));
  const others = workloads.filter((one) => !durable.includes(one));
  return {
    machine,
    fileSystem: "ext4",
    command: "npm run bench",
    isQuick: false,
    entrants: names.map((name) => ({
      name,
      version: name === "lmdb" ? "3.5.6" : null,
      isBare: name.startsWith("bare"),
      isPeer: !name.startsWith("bare") && !name.startsWith("hashlog"),
      durabilities: { "not synced": "fast", synced: "safe" },
    })),
    stores: [
      { ...stage, keys: 1_000_000, durability: "not synced", workloads: others, wholes },
      { ...stage, keys: 1_000_000, durability: "synced", workloads: durable, wholes },
      { ...stage, keys: 10_000_000, durability: "not synced", workloads: others, wholes },
    ],
    openings: [
      {
        keys: 1e6,
        valueBytes: 100,
        filled: { ...FILLED, keydirBytesPerKey: 24.5 },
        opened: { checkpoint: [OPENED], hints: [OPENED], scan: [OPENED] },
      },
      { keys: 1e7, valueBytes: 100, filled: FILLED, opened: { checkpoint: [OPENED], hints: [OPENED], scan: [OPENED] } },
    ],
    mergings: [100, 4096].map((valueBytes) => ({ liveBytes: 256e6, valueBytes, inWorker: false, merged: [MERGED] })),
  };
}

const COMPARISON = madeUp(
  result("load", "hashlog", 900, 1000, 1100),
  result("load", "classic-level", 300, 250, 400),
  result("load", "lmdb", 200, 100, 110),
  result("getSync", "hashlog", 500, 500, 500),
  result("getSync", "hashlog cache off", 500, 500, 500),
  result("getSync", "lmdb", 1000, 1000, 1000),
  result("durable-put", "hashlog", 10, 10, 10),
  result("durable-put-256", "hashlog", 260, 250, 240),
  result("durable-put-256", "lmdb", 50, 50, 50),
  result("durable-put-256", "medea", 100, 100, 100),
  result("durable-put-256", "bare file", 900, 900, 900),
);

test("a ratio is the median of the rounds', each with its own", () => {
  // 3, 4 and 2.75; the ratio of the medians would be 3.33.
  expect(ratio(result("load", "hashlog", 900, 1000, 1100), result("load", "classic-level", 300, 250, 400))).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2);
});

test("a goal is reached from its least on, and is told where it was not measured", () => {
  const goals = goalsOf(COMPARISON, (name) => name);
  const of = (what: string, against: string): object | undefined =>
    goals.find((goal) => goal.what.startsWith(`${what},`) && goal.wanted.endsWith(against));
  expect(of("load", "classic-level")).toMatchObject({
    wanted: "at least 3 times classic-level",
    found: "3.00 times",
    isReached: true,
  });
  expect(of("load", "lmdb")).toMatchObject({ found: "10.00 times", isReached: true });
  expect(of("getSync", "lmdb")).toMatchObject({ found: "0.50 times", isReached: false });
  expect(of("getSync", "classic-level")).toMatchObject({ found: "", isReached: undefined });
  expect(of("durable-put-256", "durable-put")).toMatchObject({
    what: "durable-put-256, synced",
    found: "25.00 times",
    isReached: true,
  });
  // The bare file is no peer.
  expect(of("durable-put-256", "peer")).toMatchObject({ found: "2.50 times", isReached: false });
  expect(goalSection(COMPARISON)).not.toContain("not measured");
  const alone = goals.filter(({ what }) => /^(memory|open|merge)/.test(what));
  expect(alone.map(({ what, found, isReached }) => `${what}: ${found} ${isReached}`)).toEqual([
    "memory of 1,000,000 keys, each besides its own bytes: 24.50 false",
    "memory of 10,000,000 keys, each besides its own bytes: 21.25 true",
    "open 10,000,000 keys, from the checkpoint: 0.50 false",
    "open 10,000,000 keys, from hints: 2.50 true",
    "open 10,000,000 keys, by scanning: 2.50 million, 500 MB/s true",
    "merge, values of 100 bytes: 250.00 true",
    "merge, values of 100 bytes: the event loop is late (p99): 1.5000 true",
    "merge, values of 100 bytes: segments afterwards: 1.0210 false",
    "merge, values of 4096 bytes: 250.00 false",
    "merge, values of 4096 bytes: the event loop is late (p99): 1.5000 true",
    "merge, values of 4096 bytes: segments afterwards: 1.0210 false",
  ]);
});

test("the summary shows every store of every size, where a peer is quicker as well, and no figure without its durability", () => {
  const summary = summaryOf(COMPARISON, [{ title: "a figure", file: "figure.svg" }]);
  expect(summary).toContain("## 1,000,000 keys, values of 100 bytes, not synced");
  expect(summary).toContain("## 1,000,000 keys, values of 100 bytes, synced");
  expect(summary).toContain("| **1.00k**, 1.00k to 1.00k (0.50) |");
  expect(summary).toContain("| hashlog | - | fast | safe |");
  expect(summary).toContain("| hashlog | 128 MiB | 1.20 | 256 MiB | 512 MiB | 500 ms | 3.0 s | 64.0 MiB |");
  expect(summary).toContain("| load, batches of 1,000 | lmdb | 1.5 µs | 20.0 µs | 3.0 ms | 2.0 ms |");
  expect(summary).toContain("![a figure](figure.svg)");
  expect(summary).toContain("| 10,000,000 keys, hints | 4.0 s | 2.50M keys/s | 1,907 MiB | 0.50 | 30.0 |");
  expect(summary).toContain("| values of 100 bytes, 244 MiB, in the store's thread | 250 MB/s | 1.5 ms | 1.0210 |");
  expect(summary).not.toMatch(/NaN|undefined|Infinity/);
  for (const head of summary.split("\n").filter((line) => /^\| (operations|loaded)/.test(line)))
    expect(head).toContain("synced");
});

test("the best store of a row is bold, and no bare one, nor Hashlog with other settings", () => {
  const summary = summaryOf(
    madeUp(
      result("getSync", "hashlog", 3214),
      result("getSync", "hashlog cache off", 9000),
      result("getSync", "lmdb", 1000),
      result("getSync", "bare file", 3_656_000),
    ),
    [],
  );
  expect(summary).toContain("| random `getSync` | **3.21k** | 9.00k (0.36) | 1.00k (3.21) | 3.66M (0.00) |");
});

test("a part of the comparison says nothing of what was not measured", () => {
  const whole = madeUp(result("getSync", "lmdb", 1000), result("getSync", "medea", 900));
  const part: Comparison = {
    ...whole,
    stores: [{ ...whole.stores[0]!, keys: 100_000, rounds: 1 }],
    openings: [],
    mergings: [],
  };
  const summary = summaryOf(part, []);
  expect(summary).toContain("| store | version | not synced |");
  expect(summary).toContain("| lmdb | 3.5.6 | fast |");
  expect(summary).not.toMatch(/not measured|not reached|the least and the most|1 rounds|In brackets/);
  expect(summary).toContain("No goal was judged: they are for 1,000,000 keys and values of 100 bytes");
  expect(figuresOf(part).map(({ file }) => file)).toEqual(["bench-throughput.svg", "bench-latency.svg"]);
});

test("a file system in memory is warned of, and a store without files has none on the disk", () => {
  const whole = madeUp(result("load", "plain Map", 1000));
  const [stage] = whole.stores;
  const wholes = stage!.wholes.map((one) => ({ ...one, loadedFileBytes: [0] }));
  const summary = summaryOf({ ...whole, fileSystem: "tmpfs", stores: [{ ...stage!, wholes }] }, []);
  expect(summary).toContain("Warning: tmpfs");
  expect(summary).toContain("| plain Map | none |");
  expect(summaryOf(whole, [])).not.toContain("Warning");
});

test("the figures are of what there is, and say the durability", () => {
  const figures = figuresOf(COMPARISON);
  expect(figures.map(({ file }) => file)).toEqual([
    "bench-throughput.svg",
    "bench-durable.svg",
    "bench-latency.svg",
    "bench-memory.svg",
    "bench-open.svg",
  ]);
  expect(new Set(figures.map(({ title }) => title)).size).toBe(figures.length);
  for (const { svg, title } of figures) {
    expect(svg).toMatch(/^<svg/);
    expect(title).toMatch(/synced/);
  }
  expect(figuresOf({ ...COMPARISON, stores: COMPARISON.stores.slice(0, 1) }).map(({ file }) => file)).not.toContain(
    "bench-open.svg",
  );
  expect(figuresOf({ ...COMPARISON, stores: [] })).toEqual([]);
});
