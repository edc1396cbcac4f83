import { expect, test } from "vitest";
import { complaintsAbout, complaintsAboutNothing, leftOut } from "./complaints.ts";
import type { PartTally } from "./campaign.ts";
import { readCorpus } from "./corpus.ts";
import { LEAST } from "./least.ts";

const MARKS = [
  { name: "open/done", path: "a.ts", line: 3, offset: 0 },
  { name: "open/failed", path: "a.ts", line: 9, offset: 0 },
];

const all = (): Map<string, PartTally> =>
  new Map(Object.entries(LEAST).map(([part, least]) => [part, { ...least, recoveries: 0, cpuSeconds: 0 }]));

test("there is nothing to complain of where each number is what it was, and every mark was passed", () => {
  const tally = { parts: all(), marksHit: new Set(["open/done", "open/failed"]) };
  expect(complaintsAbout(tally, MARKS)).toEqual([]);
  expect(complaintsAboutNothing(tally)).toEqual([]);
});

test("a number that became less is told with what it was, and a mark that was not passed with its place", () => {
  const parts = all();
  const { cases, crashes, images } = LEAST["corpus"]!;
  parts.set("corpus", { cases: cases - 1, crashes, images: images - 1, recoveries: 0, cpuSeconds: 0 });
  expect(complaintsAbout({ parts, marksHit: new Set(["open/done"]) }, MARKS)).toEqual([
    `corpus: ${cases - 1} cases, and there were ${cases} at least`,
    `corpus: ${images - 1} images, and there were ${images} at least`,
    "not passed: open/failed (a.ts:9)",
  ]);
});

test("a part that was not run at all is complained of, and so is a run of nothing", () => {
  const parts = all();
  parts.delete("corpus");
  const complaints = complaintsAbout({ parts, marksHit: new Set() }, []);
  expect(complaints[0]).toBe(`corpus: 0 cases, and there were ${LEAST["corpus"]!.cases} at least`);
  expect(complaintsAboutNothing({ parts: new Map() })).toEqual(["no case was tried"]);
});

test("what an agenda has, and a run did not come to, or not to its end, is told; what never ends is never left out", () => {
  const one: PartTally = { cases: 1, crashes: 0, images: 0, recoveries: 0, cpuSeconds: 0 };
  const size = readCorpus().length;
  const long = { extent: "long", freshSeed: 1, parts: ["corpus", "fixed failures", "fresh seeds"] } as const;
  const parts = new Map([
    ["corpus", one],
    ["fresh seeds", one],
  ]);
  expect(leftOut({ parts }, long)).toEqual([
    `not finished in that time: corpus (1 of ${size})`,
    "not reached in that time: fixed failures",
  ]);
  const whole = new Map([["corpus", { ...one, cases: size }]]);
  expect(leftOut({ parts: whole }, { ...long, parts: ["corpus"] })).toEqual([]);
});
