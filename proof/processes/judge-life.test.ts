import { describe, expect, test } from "vitest";
import type { Change } from "../oracle/model.ts";
import { PropertyViolation } from "../properties/property.ts";
import { judgeLife, NOTHING, type Estate } from "./judge-life.ts";
import type { Life, Opened, Report } from "./life.ts";

/** The judge of killed processes can find fault, and finds none where there is none. */

const put = (key: string, value: string, expiresAtMs = 0): Change => ({ key, value, expiresAtMs });
const life: Life = {
  directory: "/nowhere",
  sync: "never",
  segmentBytesMax: 512,
  nowMs: 1000,
  steps: [
    ["write", [put("a", "1.")]],
    ["write", [put("a", "2."), put("b", "2.")]],
    ["turns", 1],
    ["write", [{ key: "a", value: undefined, expiresAtMs: 0 }]],
  ],
  isPatient: true,
  death: { by: "its parent", report: "issues", count: 3, microseconds: 0 },
};
const LIVED: readonly Report[] = [
  opened(),
  ["issues", 0],
  ["issues", 1],
  ["acknowledged", 0],
  ["issues", 2],
  ["begins", "merging"],
];

function opened(...entries: Opened["entries"]): Report {
  return ["opened", { entries, road: "scan", clean: true, torn: false, writesRescued: 0 }];
}

/** The life was lived; its successor finds this. */
function find(entries: Opened["entries"], nowMs = 1000): Estate {
  return judgeLife(judgeLife(NOTHING, life, LIVED), { ...life, nowMs }, [opened(...entries)]);
}

function propertyBroken(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof PropertyViolation) return error.property.id;
    throw error;
  }
  return undefined;
}

describe("what a killed process leaves", () => {
  test("is every write that it issued; owed are those up to the last one that it acknowledged", () => {
    const estate = judgeLife(NOTHING, life, [...LIVED, ["acknowledged", 1]]);
    expect(estate.units.map(({ changes }) => changes.length)).toEqual([1, 2, 1]);
    expect(estate.owed).toBe(2);
  });

  test.each<[string, Opened["entries"], number]>([
    ["what was acknowledged alone", [["a", "1."]], 1],
    [
      "a write more",
      [
        ["a", "2."],
        ["b", "2."],
      ],
      2,
    ],
    ["every write that was issued", [["b", "2."]], 3],
  ])("may be found as %s, which is then owed to whoever comes next", (_what, entries, count) => {
    const estate = find(entries);
    expect(estate.units).toHaveLength(count);
    expect(estate.owed).toBe(count);
  });

  test.each<[string, Opened["entries"], string]>([
    ["an acknowledged write is missing", [], "P1"],
    ["half a batch is there", [["a", "2."]], "P2"],
    [
      "something is there that nobody wrote",
      [
        ["a", "1."],
        ["c", "7."],
      ],
      "P5",
    ],
  ])("is not sound where %s", (_what, entries, property) => {
    expect(propertyBroken(() => find(entries))).toBe(property);
  });

  test("is not sound where what a successor has seen is gone again", () => {
    expect(
      propertyBroken(() =>
        judgeLife(
          find([
            ["a", "2."],
            ["b", "2."],
          ]),
          life,
          [opened(["a", "1."])],
        ),
      ),
    ).toBe("P6");
  });

  test("is owed as before where the successor died before it could look", () => {
    const estate = judgeLife(NOTHING, life, LIVED);
    expect(judgeLife(estate, life, [["begins", "opening"]])).toEqual(estate);
  });

  test("is not an entry that has expired, and is one that has not", () => {
    const steps = [["write", [put("a", "1.", 5000)]]] as const;
    const left = judgeLife(NOTHING, { ...life, steps }, [opened(), ["issues", 0], ["acknowledged", 0]]);
    const later =
      (nowMs: number, ...entries: Opened["entries"]) =>
      (): Estate =>
        judgeLife(left, { ...life, nowMs }, [opened(...entries)]);
    expect(propertyBroken(later(4999, ["a", "1."]))).toBeUndefined();
    expect(propertyBroken(later(5000))).toBeUndefined();
    expect(propertyBroken(later(4999))).toBe("P12");
    expect(propertyBroken(later(5000, ["a", "1."]))).toBe("P12");
  });

  test("is not looked at where something failed that had no reason to", () => {
    expect(() => judgeLife(NOTHING, life, [["fails", "HASHLOG_LOCKED"]])).toThrow(/no reason to: HASHLOG_LOCKED/);
  });
});
