import { describe, expect, test } from "vitest";
import { describePackage, percent, withPart } from "./results.ts";
import type { StrykerMutant, StrykerReport } from "./stryker-report.ts";
import { scoreOf, survivorsOf } from "./survivors.ts";
import { keyOf, outdated, triaged } from "./triage.ts";

const PATH = "packages/format/src/one.ts";
const SOURCE = ["const one = `a`;", "  if (", "    one > 1 &&", "    two", "  ) return;"].join("\n");

function mutant(status: StrykerMutant["status"], more: Partial<StrykerMutant> = {}): StrykerMutant {
  const location = { start: { line: 3, column: 5 }, end: { line: 4, column: 8 } };
  return { mutatorName: "ConditionalExpression", replacement: "true", status, location, ...more };
}

function report(...mutants: readonly StrykerMutant[]): StrykerReport {
  return { files: { [PATH]: { source: SOURCE, mutants } } };
}

const LITERAL = { start: { line: 1, column: 13 }, end: { line: 1, column: 16 } };

describe("what became of mutants", () => {
  test("is a share of those that can be run: one that never ends is noticed, one that no test runs is not", () => {
    const statuses = ["Killed", "Killed", "Timeout", "Survived", "NoCoverage", "RuntimeError", "Ignored"] as const;
    const score = scoreOf([report(...statuses.map((status) => mutant(status))), report(mutant("Killed"))]);
    expect(score).toEqual({ killed: 3, timedOut: 1, survived: 3, share: 4 / 7 });
  });

  test("is that it was noticed, where a file of tests cannot even be read", () => {
    const statusReason = "An error occurred outside of a test run: packages/format/test/one.test.ts: no";
    const score = scoreOf([report(mutant("RuntimeError", { statusReason }), mutant("Survived"))]);
    expect(score).toEqual({ killed: 1, timedOut: 0, survived: 1, share: 1 / 2 });
  });

  test("is that all were noticed, where there was nothing to change", () => {
    expect(scoreOf([report()])).toEqual({ killed: 0, timedOut: 0, survived: 0, share: 1 });
  });

  test("is told of those that live by their lines, before and after", () => {
    const [first, second, ...others] = survivorsOf(
      report(
        mutant("Killed"),
        mutant("Survived"),
        mutant("NoCoverage", { mutatorName: "StringLiteral", replacement: "``", location: LITERAL }),
        mutant("Timeout"),
      ),
    );
    expect(first).toEqual({
      path: PATH,
      line: 3,
      mutator: "ConditionalExpression",
      before: "one > 1 && two",
      after: "true",
    });
    expect(second).toMatchObject({ line: 1, before: "const one = `a`;", after: "const one = ``;" });
    expect(others).toEqual([]);
  });
});

describe("why mutants may live", () => {
  const survivors = survivorsOf(report(mutant("Survived"), mutant("Survived", { replacement: "false" })));
  const [known] = survivors;
  const reasons = [
    { why: "nobody has this", mutants: ["gone"] },
    { why: "it costs time alone", mutants: [keyOf(known!)] },
  ];

  test("is said of each by what it is, and not by where; the others come last", () => {
    const moved = survivors.map((one) => ({ ...one, line: one.line + 10 }));
    const groups = triaged(moved, reasons);
    expect(groups.map(({ why, survivors: of }) => [why, of.map(({ after }) => after)])).toEqual([
      ["it costs time alone", ["true"]],
      [undefined, ["false"]],
    ]);
  });

  test("is out of date where no such mutant lives", () => {
    expect(outdated(survivors, reasons)).toEqual(["gone"]);
  });

  test("is written on a page, with the score of the package", () => {
    const result = {
      name: "format",
      report: report(mutant("Killed"), mutant("Survived"), mutant("Timeout")),
      sources: "0123456789abcdef",
      minutes: 11.2,
      jobs: 2,
    };
    const part = describePackage(
      result,
      triaged([...survivors, { ...known!, mutator: "StringLiteral", before: "a`b", after: "``" }], reasons),
    );
    const lines = [
      "## @hashlog/format",
      "Sources `0123456789abcdef`; 12 minutes, 2 at a time.",
      "| 3 | 1 | 1 | 1 | 66.6 % |",
      "### it costs time alone (1)",
      "### Not looked at yet (2)",
      `- ${PATH}`,
      "  - 3: `one > 1 && two` → `true`",
      "  - 3: `` a`b `` → ``` `` ```",
    ];
    expect(part.split("\n")).toEqual(expect.arrayContaining(lines));
  });

  test("stays on the page for the packages that were not run", () => {
    const names = ["format", "index", "compactor"];
    const told = (...parts: readonly [name: string, word: string][]) =>
      parts.reduce<string | undefined>(
        (page, [name, word]) => withPart(page, names, name, `## @hashlog/${name}\n\n${word}\n`),
        undefined,
      );
    const page = told(["compactor", "third"], ["format", "old"], ["index", "second"], ["format", "new"]);
    const words = page!.split("\n").filter((line) => /^(?:#|old|new|second|third)/.test(line));
    const [title, ...others] = words;
    expect(title).toMatch(/^# /);
    expect(others).toEqual([
      ...["## @hashlog/format", "new"],
      ...["## @hashlog/index", "second"],
      ...["## @hashlog/compactor", "third"],
    ]);
  });

  test("a share is never told for more than it is", () => {
    expect([percent(0.8999), percent(0.9), percent(1)]).toEqual(["89.9 %", "90.0 %", "100.0 %"]);
  });
});
