import { expect, test } from "vitest";
import { encodeReport, type LastingReport } from "../src/repair/report-file.ts";
import { finding } from "../src/verify/finding.ts";
import { text, utf8Bytes } from "./support/values.ts";

const EMPTY: LastingReport = {
  ...{ findings: [], lost: [], mayBeLost: [] },
  ...{ manifestRebuilt: false, recordsSaved: 0, framesInPart: 0 },
};

test("a report is set as JSON is, whatever stands in its lists", () => {
  const place = { segmentId: 2, offset: 32 };
  const report: LastingReport = {
    findings: [finding("segment", 'a "name"\nof two lines', { segmentId: 2 }), finding("hint", "", { harmless: true })],
    lost: [
      { key: utf8Bytes("\uFEFFk\n"), version: 7, ...place },
      { key: Uint8Array.of(0xff), version: 8, ...place },
    ],
    mayBeLost: [
      { ...place, bytes: 9, reason: "damaged", writes: undefined, firstSequence: undefined, lastSequence: undefined },
    ],
    ...{ manifestRebuilt: true, recordsSaved: 3, framesInPart: 4 },
  };
  const lost = [
    { key: "\uFEFFk\n", keyBase64: "77u/awo=", version: 7, ...place },
    { keyBase64: "/w==", version: 8, ...place },
  ];
  expect(written(report)).toBe(`${JSON.stringify({ ...report, lost }, null, 2)}\n`);
  expect(written(EMPTY)).toBe(`${JSON.stringify(EMPTY, null, 2)}\n`);
});

test("a report comes in pieces, none of which grows with what is lost", () => {
  const lost = Array.from({ length: 60 }, (_, version) => ({
    ...{ key: new Uint8Array(65_535).fill(1), version, segmentId: 1, offset: 32 },
  }));
  const pieces = [...encodeReport({ ...EMPTY, lost })];
  expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(25_000_000);
  expect(pieces.every(({ length }) => length < 1_000_000)).toBe(true);
});

function written(report: LastingReport): string {
  return [...encodeReport(report)].map(text).join("");
}
