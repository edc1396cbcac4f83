import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describeCampaign, recordCampaign } from "./record.ts";
import type { CampaignReport } from "./report.ts";

const NOTHING = { cases: 0, crashes: 0, recoveries: 0, images: 0, cpuSeconds: 0 };

const REPORT: CampaignReport = {
  seconds: 1800,
  cpuSeconds: 3600,
  workers: 2,
  marks: 3,
  marksHit: [],
  counterexamples: [],
  broken: [],
  complaints: [],
  sources: "0123456789abcdef",
  commit: "abc1234",
  node: "v24.21.0",
  freshSeed: 77,
  parts: {
    corpus: { ...NOTHING, cases: 5, recoveries: 1_000_000, cpuSeconds: 1 },
    "fixed failures": { ...NOTHING, cases: 8, cpuSeconds: 3 },
    "every program of 1": { cases: 75, crashes: 9000, recoveries: 3000, images: 2500, cpuSeconds: 2 },
    "every program of 2": { cases: 1875, crashes: 90_000, recoveries: 9000, images: 4800, cpuSeconds: 4 },
  },
  total: { cases: 1955, crashes: 99_000, recoveries: 1_012_000, images: 7_200_000, cpuSeconds: 3600 },
};

const NOON = new Date("2026-03-04T12:00:00Z");

test("a campaign is told with its code, where it ran, how long, and what of each part, and how fast", () => {
  const table = describeCampaign(REPORT, NOON).split("\n");
  expect(table).toEqual(
    expect.arrayContaining([
      "| Date | 2026-03-04 |",
      "| Commit | `abc1234` |",
      "| Node | v24.21.0 |",
      "| Ran for | 30 minutes on 2 cores (60 minutes of processor time) |",
      "| of these, a second of processor time | 2,000 |",
      "| Counterexamples | none |",
      "| every program of 2 | 1,875 | 90,000 | 4,800 | 1,200 |",
      "| fixed failures | 8 | 0 | 0 |  |",
    ]),
  );
});

test("nothing is said of what is not known", () => {
  const table = describeCampaign({ ...REPORT, commit: undefined, parts: { corpus: REPORT.parts["corpus"]! } }, NOON);
  expect(table).not.toContain("Commit");
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
