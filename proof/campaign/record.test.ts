import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runOf, type ProgressRun } from "./progress.ts";
import { describeRuns, headline, recordCampaign } from "./record.ts";

const NOTHING = { cases: 0, crashes: 0, recoveries: 0, images: 0, cpuSeconds: 0 };
const SOURCES = "0123456789abcdef";

const RUN: ProgressRun = {
  date: "2026-03-04",
  commit: "abc1234",
  node: "v24.21.0",
  freshSeed: 77,
  seconds: 1800,
  cpuSeconds: 3600,
  workers: 2,
  parts: {
    "fixed failures": { ...NOTHING, cases: 8, cpuSeconds: 3 },
    "every program of 2": { cases: 1875, crashes: 90_000, recoveries: 9000, images: 7_200_000, cpuSeconds: 3600 },
  },
  sampledAgain: 0,
};

test("a run is told with its code, where it ran, how long, and what of each part, and how fast", () => {
  const table = describeRuns({ sources: SOURCES, runs: [RUN] });
  const lines = [
    "| Date | 2026-03-04 |",
    "| Code: hash of all sources of the packages and of the proof | `0123456789abcdef` |",
    "| Commit | `abc1234` |",
    "| Node | v24.21.0 |",
    "| Ran for | 30 minutes on 2 cores (60 minutes of processor time) |",
    "| Fresh cases from seed | 77 |",
    "| Unique crash images recovered and judged | **7,200,000** |",
    "| of these, a second of processor time | 2,000 |",
    "| Images opened and judged, with those that another worker or run had opened | 9,000 |",
    "| Cases | 1,883 |",
    "| Counterexamples | none |",
    "| every program of 2 | 1,875 | 90,000 | 7,200,000 | 2,000 |",
    "| fixed failures | 8 | 0 | 0 |  |",
  ];
  expect(table.split("\n")).toEqual(expect.arrayContaining(lines));
  expect(table).not.toContain("Runs");
});

test("several runs are told as one, with how many images there are at least", () => {
  const other = { ...RUN, date: "2026-03-05", commit: "def5678", freshSeed: 88, sampledAgain: 100 };
  const lines = [
    "| Date | 2026-03-04, 2026-03-05 |",
    "| Commit | `abc1234`, `def5678` |",
    "| Node | v24.21.0 |",
    "| Runs | 2 |",
    "| Ran for | 60 minutes on 2 cores (120 minutes of processor time) |",
    "| Fresh cases from seed | 77, 88 |",
    // 157 is what 100 may have been, five standard errors above: (sqrt(100.375) + 2.5)^2 = 156.7.
    `| Unique crash images recovered and judged | at least **${(14_400_000 - 157 * 1024).toLocaleString("en")}** |`,
    "| every program of 2 | 3,750 | 180,000 | 14,400,000 | 2,000 |",
  ];
  expect(describeRuns({ sources: SOURCES, runs: [RUN, other] }).split("\n")).toEqual(expect.arrayContaining(lines));
});

test("nothing is said of what is not known", () => {
  const { parts, seconds, cpuSeconds, workers } = RUN;
  const tally = { seconds, cpuSeconds, workers, parts: new Map(Object.entries(parts)) };
  const none = { marksHit: new Set<string>(), marks: 0, counterexamples: [], broken: [] };
  const about = { commit: undefined, date: new Date("2026-03-04T12:00:00Z"), freshSeed: 77, sampledAgain: 0 };
  const table = describeRuns({ sources: SOURCES, runs: [runOf({ ...tally, ...none }, about)] });
  expect(table).toContain("| Date | 2026-03-04 |");
  expect(table).not.toContain("Commit");
});

test("it is told in a line", () => {
  expect(headline({ sources: SOURCES, runs: [RUN] })).toBe(
    "**7,200,000 unique crash images** were recovered and judged by every property that applies, without a violation " +
      "([PROOF.md](PROOF.md); 2026-03-04, sources `0123456789abcdef`).",
  );
});

test("several runs are told in one line with how many images there are at least", () => {
  const other = { ...RUN, sampledAgain: 100 };
  const least = (14_400_000 - 157 * 1024).toLocaleString("en");
  expect(headline({ sources: SOURCES, runs: [RUN, other] })).toContain(
    `At least **${least} unique crash images** were`,
  );
});

test("it takes the place of the one before on the page, and of nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "hashlog-record-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const page = join(folder, "page.md");
  writeFileSync(page, "before\n<!-- campaign: begin -->\n\nthe last one\n\n<!-- campaign: end -->\nafter\n");
  recordCampaign(page, "| told |");
  const told = readFileSync(page, "utf8");
  expect(told).toBe("before\n<!-- campaign: begin -->\n\n| told |\n\n<!-- campaign: end -->\nafter\n");
  writeFileSync(page, "a page without a place for it");
  expect(() => recordCampaign(page, "")).toThrow("has no place for a campaign");
});
