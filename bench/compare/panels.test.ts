import { expect, test } from "vitest";
import { drawPanels, inLines } from "./panels.ts";

const DRAWN = drawPanels({
  title: "operations a second",
  rows: ["hashlog", "lmdb", "medea"],
  panels: [
    { title: "load", values: [4000, 1000, undefined] },
    { title: "get", values: [100, 400, 200] },
  ],
  say: (value) => `${value}/s`,
});

test("a bar is as long as its value in its panel, and has it written beside it", () => {
  const bars = [...DRAWN.matchAll(/<path d="M[\d.]+ [\d.]+l([\d.]+) 0[^>]*fill="(?:#0072b2|#d55e00|#e69f00)"/g)].map(
    ([, length]) => Number(length),
  );
  const [load, loadOther, get, getOther, getThird] = bars;
  expect(bars).toHaveLength(5);
  expect(load! / loadOther!).toBeCloseTo(4, 1);
  expect(getOther! / get!).toBeCloseTo(4, 1);
  expect(getThird! / get!).toBeCloseTo(2, 1);
  for (const value of ["4000/s", "1000/s", "100/s", "400/s", "200/s"]) expect(DRAWN).toContain(`>${value}<`);
});

test("a title is broken between words, and not after a number", () => {
  expect(inLines("load, batches of 1,000", 100)).toBe("load, batches of 1,000");
  expect(inLines("reads of the latest, 5 % inserts", 22)).toBe("reads of the latest,\n5\u00A0% inserts");
  expect(inLines("half updates, 64 in flight", 18)).toBe("half updates,\n64\u00A0in flight");
});
