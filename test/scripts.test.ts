import { describe, expect, test } from "vitest";
import { coverageByPackage, leastCovered, missingFromCoverage } from "../scripts/coverage-report.mjs";
import { countTests } from "../scripts/vitest-report.mjs";

describe("counting tests", () => {
  const file = (status: string, ...tests: string[]) => ({
    name: "a.test.ts",
    status,
    assertionResults: tests.map((result) => ({ status: result })),
  });

  test("counts each test of each file", () => {
    const testResults = [file("passed", "passed", "passed"), file("failed", "passed", "failed")];
    expect(countTests({ success: false, testResults })).toEqual({ passed: 3, failed: 1 });
  });

  test("counts a test that was not run as failed", () => {
    const testResults = [file("passed", "passed", "pending", "todo")];
    expect(countTests({ success: true, testResults })).toEqual({ passed: 1, failed: 2 });
  });

  test("counts a file that could not be loaded as one failure", () => {
    expect(countTests({ success: false, testResults: [file("failed")] })).toEqual({ passed: 0, failed: 1 });
  });

  test("counts a failure that belongs to no test", () => {
    const testResults = [file("passed", "passed")];
    expect(countTests({ success: false, testResults })).toEqual({ passed: 1, failed: 1 });
  });
});

describe("coverage", () => {
  const tallies = (statements: [number, number], branches: [number, number]) => ({
    statements: { covered: statements[0], total: statements[1] },
    branches: { covered: branches[0], total: branches[1] },
  });
  const summary = {
    total: tallies([0, 0], [0, 0]),
    "/somewhere/packages/format/src/a.ts": tallies([90, 90], [48, 50]),
    "/somewhere/packages/format/src/b.ts": tallies([7, 10], [50, 50]),
    "C:\\somewhere\\packages\\index\\src\\a.ts": tallies([96, 100], [100, 100]),
  };

  test("is the sum over a package's files", () => {
    const [format] = coverageByPackage(summary, ["format"]);
    expect(format).toEqual({ name: "format", statements: 97, branches: 98, ok: true });
  });

  test("fails a package below the least", () => {
    const [index] = coverageByPackage(summary, ["index"]);
    expect(index).toEqual({ name: "index", statements: 96, branches: 100, ok: false });
  });

  test("fails a package of which branches are missing, though every statement is reached", () => {
    const branches = { "/somewhere/packages/engine/src/a.ts": tallies([100, 100], [96, 100]) };
    expect(coverageByPackage(branches, ["engine"])).toEqual([
      { name: "engine", statements: 100, branches: 96, ok: false },
    ]);
  });

  test("is nothing for a package that is not in the summary", () => {
    const [engine] = coverageByPackage(summary, ["engine"]);
    expect(engine).toEqual({ name: "engine", statements: 0, branches: 0, ok: false });
  });

  test("names the files in which most is missing", () => {
    const file = "/somewhere/packages/format/src/b.ts";
    expect(leastCovered(summary, "format", 3)).toEqual([{ path: file, missed: 3 }]);
  });

  test("names the source files that are not in the summary", () => {
    const files = ["packages/format/src/a.ts", "packages/index/src/a.ts", "packages/index/src/b.ts"];
    expect(missingFromCoverage(summary, files)).toEqual(["packages/index/src/b.ts"]);
  });
});
