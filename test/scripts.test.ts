import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { coverageByPackage, leastCovered, missingFromCoverage } from "../scripts/coverage-report.mjs";
import { ROOT } from "../scripts/setup.mjs";
import { failedTests, lastLines, proofFindings, summary } from "../scripts/summary.mjs";
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

describe("what failed, told again at the end", () => {
  const name = join(ROOT, "packages", "a.test.ts");
  const path = join("packages", "a.test.ts");

  test("is each test that failed or was not run, with the first line of why", () => {
    const assertionResults = [
      { status: "passed", fullName: "a store opens" },
      { status: "failed", fullName: "a store closes", failureMessages: ["Error: it does not\n    at somewhere"] },
      { status: "pending", fullName: "a store merges", failureMessages: [] },
    ];
    expect(failedTests({ success: false, testResults: [{ name, status: "failed", assertionResults }] })).toEqual([
      `${path} > a store closes: Error: it does not`,
      `${path} > a store merges: pending`,
    ]);
  });

  test("is a file that could not be loaded, and an error that belongs to no test", () => {
    const file = { name, status: "failed", message: "Cannot find module\nat all", assertionResults: [] };
    expect(failedTests({ success: false, testResults: [file] })).toEqual([`${path}: Cannot find module`]);
    expect(failedTests({ success: false, testResults: [] })).toEqual([
      "no test failed, but something did outside of every test: an error that nobody caught, or no test was found",
    ]);
    expect(failedTests({ success: true, testResults: [] })).toEqual([]);
  });

  const small = { message: "P1 Durable prefix: less is there\nthan was", case: { sync: "never" } };
  const found = { part: "corpus", small };

  test("is each counterexample of the proof, with the command that replays it, and nothing that may be its consequence", () => {
    const report = { total: { cases: 1 }, counterexamples: [found], broken: ["a worker"], complaints: ["too few"] };
    expect(proofFindings(report)).toEqual([
      `corpus: P1 Durable prefix: less is there\n    npm run proof:replay -- '{"sync":"never"}'`,
    ]);
  });

  test("is what broke and what became less, where the proof has found no counterexample", () => {
    const report = {
      total: { cases: 1 },
      counterexamples: [],
      broken: ["TypeError: x\n at y"],
      complaints: ["too few"],
    };
    expect(proofFindings(report)).toEqual(["broken: TypeError: x", "too few"]);
  });

  test("is the end of what another tool said", () => {
    expect(lastLines(`${Array.from({ length: 30 }, (_, line) => line).join("\n")}\n`)).toEqual(
      Array.from({ length: 20 }, (_, line) => String(10 + line)),
    );
  });

  test("stands between the table and the count, which is the last line, and takes no more than a screen for each check", () => {
    const row = { passed: 2, failed: 0, took: "1.0 s" };
    const rows = [
      { ...row, name: "lint", findings: ["said by a tool that found nothing"] },
      { ...row, name: "tests", failed: 2, findings: ["one", "two"] },
      { ...row, name: "proof by crashing", failed: 25, findings: Array.from({ length: 25 }, () => "found") },
      { ...row, name: "example 001", failed: 1 },
    ];
    const lines = summary(rows).split("\n");
    expect(lines.slice(0, 8)).toEqual([
      `ok     ${"lint".padEnd(36)}     2 passed     1.0 s`,
      `FAILED ${"tests".padEnd(36)}     2 passed     1.0 s`,
      `FAILED ${"proof by crashing".padEnd(36)}     2 passed     1.0 s`,
      `FAILED ${"example 001".padEnd(36)}     2 passed     1.0 s`,
      "",
      "tests:",
      "  one",
      "  two",
    ]);
    expect(lines.filter((line) => line === "  found")).toHaveLength(20);
    expect(lines.slice(-6)).toEqual(["  and 5 more", "", "example 001:", "  see above", "", "8 passed, 28 failed"]);
  });
});
