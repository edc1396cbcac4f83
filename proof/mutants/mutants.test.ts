import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { named, parseMutant, readMutants } from "./mutant.ts";
import { describeResults, describeTotals, isSettled, median, resultLine, totalsOf, type Result } from "./results.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIFF = "\ndiff --git a/x b/x\n";

function result(verdict: Result["verdict"], equivalent?: string): Result {
  const mutant = parseMutant("m99-x.patch", `Breaks: a\nOrigin: b\nProperty: P1${DIFF}`);
  return { mutant: { ...mutant, equivalent }, verdict };
}

/** `m07`, and what lies between `m01` to `m05`, of those that there are. */
function numbersNamedIn(page: string, known: readonly number[]): number[] {
  return [...page.matchAll(/`m(\d+)`(?: to `m(\d+)`)?/g)].flatMap(([, first, last]) => [
    Number(first),
    ...(last === undefined ? [] : [Number(last), ...known.filter((n) => n > Number(first) && n < Number(last))]),
  ]);
}

const caught = { caught: true, part: "corpus", property: "P1", seconds: 2, cases: 5, message: "" } as const;
const survived = { caught: false, seconds: 60, cases: 900 } as const;
const notRun = { caught: false, seconds: 1, cases: 0, failure: "SyntaxError: #queue\n" } as const;

describe("the planted bugs", () => {
  const mutants = readMutants();

  test("are many, and no two say the same", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(100);
    expect(new Set(mutants.map(({ breaks }) => breaks)).size).toBe(mutants.length);
    expect(new Set(mutants.map(({ name }) => name.split("-")[0])).size).toBe(mutants.length);
  });

  const numbers = mutants.map(({ name }) => Number(name.slice(1, name.indexOf("-"))));

  test.each(["mutants/README.md", "proof/scenarios/README.md"])("are there where %s names one", (page) => {
    const named = numbersNamedIn(readFileSync(join(ROOT, page), "utf8"), numbers);
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((number) => !numbers.includes(number))).toEqual([]);
  });

  test("have each a place in the README's table", () => {
    const named = numbersNamedIn(readFileSync(join(ROOT, "mutants/README.md"), "utf8"), numbers);
    expect(numbers.filter((number) => !named.includes(number))).toEqual([]);
  });
});

describe("planted bugs are chosen", () => {
  const mutants = ["m10-a-b", "m10-a-c", "m100-a-b"].map((name) => ({ name }));
  const namedBy = (...wanted: string[]): string[] => named(mutants, wanted).map(({ name }) => name);

  test("by their number, or by how their names begin", () => {
    expect(namedBy("m100")).toEqual(["m100-a-b"]);
    expect(namedBy("m10")).toEqual(["m10-a-b", "m10-a-c"]);
    expect(namedBy("m10-a-c")).toEqual(["m10-a-c"]);
  });

  test("once, however often and in whatever order they are named", () => {
    expect(namedBy("m100", "m10-a-b", "m100", "m100-a")).toEqual(["m10-a-b", "m100-a-b"]);
  });

  test.each(["m1", "m99", "", "a-b"])("and refused where there is none: %j", (wanted) => {
    expect(() => namedBy("m100", wanted)).toThrow(`there is no mutant ${wanted}`);
  });
});

describe("the header of a planted bug", () => {
  test("is read field by field, over lines that go on", () => {
    const text = `Breaks: one\n  and two\nOrigin: somebody\nProperty: P3, P18\nPart: proof/a, proof/b\n${DIFF}`;
    expect(parseMutant("m07-name.patch", text, "path")).toEqual({
      name: "m07-name",
      path: "path",
      breaks: "one and two",
      origin: "somebody",
      properties: ["P3", "P18"],
      tests: ["proof/a", "proof/b"],
      equivalent: undefined,
    });
  });

  test.each([
    ["there is no diff", "Breaks: a\n"],
    ['the header has no "Origin:"', `Breaks: a\nProperty: P1${DIFF}`],
    ['"Brakes: a" is no field', `Brakes: a${DIFF}`],
    ["a property is called P1, P2, ...", `Breaks: a\nOrigin: b\nProperty: durability${DIFF}`],
  ])("is refused where %s", (complaint, text) => {
    expect(() => parseMutant("m.patch", text)).toThrow(complaint);
  });
});

describe("the results", () => {
  test("are settled where a bug was caught, or nobody can tell that it is there", () => {
    expect(isSettled(result(caught))).toBe(true);
    expect(isSettled(result(survived))).toBe(false);
    expect(isSettled(result(survived, "nothing changes"))).toBe(true);
    expect(isSettled(result(notRun, "nothing changes"))).toBe(false);
  });

  test("have a median of the counterexamples that have a size", () => {
    const sized = [1, 4, 9].map((operations) => result({ ...caught, operations, crashes: 1 }));
    expect(totalsOf([...sized, result(caught), result(survived)])).toMatchObject({
      planted: 5,
      caught: 4,
      medianOperations: 4,
      medianCrashes: 1,
    });
    expect(describeTotals(totalsOf([result(survived)]))).toContain("1 planted, 0 caught, 1 survived");
    expect(describeTotals(totalsOf([result(notRun)]))).toContain("1 planted, 0 caught, 1 not loaded, 0 survived");
    expect([median([]), median([3]), median([1, 2])]).toEqual([0, 3, 1.5]);
  });

  test("are told one by one", () => {
    expect(resultLine(result(survived))).toContain("SURVIVED");
    expect(resultLine(result(survived, "why"))).toContain("equivalent");
    expect(resultLine(result(notRun, "why"))).toMatch(/ DOES NOT LOAD: SyntaxError: #queue$/);
    expect(describeResults([result(notRun)], "hash")).toContain("| P1 | does not load |  | 1.0 | 0 |");
    expect(resultLine(result({ ...caught, operations: 2, crashes: 1 }))).toContain("2 operations, 1 crashes");
  });
});
