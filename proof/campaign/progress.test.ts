import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { SeededRandom } from "@hashlog/fs-io/testing";
import type { PartTally, Tally } from "./campaign.ts";
import { IMAGES_A_SAMPLE, ImageSample } from "./image-sample.ts";
import { readProgress, sumOf } from "./progress.ts";
import { ResumedRun } from "./resumed-run.ts";
import { isEndless, partsOf, sizeOfPart } from "./tasks.ts";

const SOURCES = "0123456789abcdef";

/** So many different hashes, the same for the same seed. */
function hashes(seed: number, count: number): [high: number, low: number][] {
  const random = new SeededRandom(seed);
  const word = (): number => random.below(2 ** 32);
  return Array.from({ length: count }, () => [word(), word()]);
}

function tally(parts: Readonly<Record<string, Partial<PartTally>>>): Tally {
  const none: PartTally = { cases: 1, crashes: 10, recoveries: 5, images: 0, cpuSeconds: 2 };
  return {
    seconds: 60,
    cpuSeconds: 120,
    workers: 2,
    parts: new Map(Object.entries(parts).map(([part, some]) => [part, { ...none, ...some }])),
    marksHit: new Set(),
    marks: 0,
    counterexamples: [],
    broken: [],
  };
}

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), "hashlog-progress-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "PROOF.json");
}

describe("a sample of images", () => {
  test("chooses one image in so many, and knows those of earlier runs again", () => {
    const first = new ImageSample();
    const images = hashes(1, 200_000);
    for (const [high, low] of images) first.note(high, low);
    const chosen = Buffer.from(first.encode(), "base64").length / 8;
    // 195 are expected; six standard errors from it are 84.
    expect(Math.abs(chosen - images.length / IMAGES_A_SAMPLE)).toBeLessThan(84);
    expect(first.again).toBe(0);
    const second = new ImageSample(first.encode());
    for (const [high, low] of [...images.slice(0, 100_000), ...hashes(2, 100_000)]) second.note(high, low);
    const before = new ImageSample();
    for (const [high, low] of images.slice(0, 100_000)) before.note(high, low);
    expect(second.again).toBe(Buffer.from(before.encode(), "base64").length / 8);
    expect(second.again).toBeGreaterThan(40);
  });

  test.each([
    ["half a hash", Buffer.alloc(12).toString("base64"), "8 bytes for each"],
    ["the same hash twice", Buffer.alloc(16).toString("base64"), "another hash"],
    ["a hash that is not chosen", Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]).toString("base64"), "another hash"],
  ])("is not read where it holds %s", (_what, text, words) => {
    expect(() => new ImageSample(text)).toThrow(words);
  });
});

describe("a proof in several runs", () => {
  test("goes on with what is left, and counts over all runs what is theirs together", () => {
    const path = file();
    const finished = "every program of 1";
    const size = sizeOfPart(finished, { extent: "long", freshSeed: 1 });
    const first = new ResumedRun(path, SOURCES, 11);
    expect(first.parts).toBeUndefined();
    const images = hashes(3, 100_000);
    for (const [high, low] of images) first.sample.note(high, low);
    first.note(tally({ [finished]: { cases: size, images: 60_000 }, "fresh seeds": { images: 40_000 } }), "abc1234");
    expect(sumOf(first.progress).imagesAtLeast).toBe(100_000);

    const second = new ResumedRun(path, SOURCES, 12);
    expect(second.parts).toEqual(partsOf("long").filter((part) => part !== finished));
    for (const [high, low] of [...images, ...hashes(4, 100_000)]) second.sample.note(high, low);
    second.note(tally({ "fresh seeds": { images: 200_000 } }), "abc1234");
    const { runs } = readProgress(path, SOURCES);
    expect(runs.map(({ freshSeed }) => freshSeed)).toEqual([11, 12]);
    const { total, imagesAtLeast, parts, seconds } = sumOf(second.progress);
    expect([total.images, parts["fresh seeds"]?.images, seconds]).toEqual([300_000, 240_000, 120]);
    // 100,000 are there twice. What is told is no more than what there is, and not far from it.
    expect(imagesAtLeast).toBeLessThanOrEqual(200_000);
    expect(imagesAtLeast).toBeGreaterThan(100_000);
    expect(runs[1]!.sampledAgain).toBeGreaterThan(50);
  });

  test("says what none of them has finished, and nothing of what has no end", () => {
    const run = new ResumedRun(file(), SOURCES, 1);
    run.note(tally({ corpus: { cases: 1 }, "fresh seeds": {} }), undefined);
    const left = run.leftOut();
    expect(left).toContain("not finished so far: corpus (1 cases)");
    expect(left).toContain("not reached so far: every program of 1");
    expect(left.join()).not.toContain("fresh seeds");
    const all = Object.fromEntries(partsOf("long").map((part) => [part, { cases: isEndless(part) ? 1 : 100_000 }]));
    run.note(tally(all), undefined);
    expect(run.leftOut()).toEqual([]);
  });

  test("notes what it has done once a minute, and not what has found something", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const path = file();
    const run = new ResumedRun(path, SOURCES, 1);
    const later = (sofar: Tally): number => {
      run.noteNowAndThen(sofar, undefined);
      return run.progress.runs[0]?.parts["corpus"]?.cases ?? 0;
    };
    vi.setSystemTime(Date.now() + 59_000);
    expect(later(tally({ corpus: { cases: 1 } }))).toBe(0);
    vi.setSystemTime(Date.now() + 1000);
    expect(later(tally({ corpus: { cases: 2 } }))).toBe(2);
    expect(later(tally({ corpus: { cases: 3 } }))).toBe(2);
    vi.setSystemTime(Date.now() + 60_000);
    const found = { property: "P1", message: "lost", case: { operations: [] } } as never;
    expect(
      later({ ...tally({ corpus: { cases: 4 } }), counterexamples: [{ part: "corpus", found, small: found }] }),
    ).toBe(2);
    expect(readProgress(path, SOURCES)).toEqual(run.progress);
  });

  test("is refused where the file tells of other sources, which stays as it is", () => {
    const path = file();
    new ResumedRun(path, SOURCES, 1).note(tally({ corpus: {} }), undefined);
    const before = readFileSync(path, "utf8");
    expect(() => new ResumedRun(path, "fedcba9876543210", 1)).toThrow(/runs of other sources \(0123456789abcdef/);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});
