import { describe, expect, test } from "vitest";
import { afterBothPasses, rangesOfSecondPass } from "./passes.ts";
import type { StrykerMutant, StrykerReport } from "./stryker-report.ts";

const PATH = "packages/format/src/one.ts";

function mutant(status: StrykerMutant["status"], line: number, more: Partial<StrykerMutant> = {}): StrykerMutant {
  const location = { start: { line, column: 5 }, end: { line: line + 1, column: 9 } };
  return { mutatorName: "StringLiteral", replacement: "", status, location, ...more };
}

function report(...mutants: readonly StrykerMutant[]): StrykerReport {
  return { files: { [PATH]: { source: "", mutants } } };
}

describe("the second pass", () => {
  test("is over what is reached outside of tests and was not noticed, each place once", () => {
    const first = report(
      mutant("Killed", 1, { static: true }),
      mutant("Survived", 2),
      mutant("Ignored", 3, { static: true }),
      mutant("Ignored", 3, { static: true, mutatorName: "BlockStatement" }),
      mutant("Survived", 5, { static: true }),
      mutant("NoCoverage", 6, { static: false }),
    );
    expect(rangesOfSecondPass(first)).toEqual([`${PATH}:3:4-4:8`, `${PATH}:5:4-6:8`]);
  });

  test("has the last word of what was left to it, and of nothing else", () => {
    const first = report(
      mutant("Killed", 1, { static: true }),
      mutant("Ignored", 3, { static: true }),
      mutant("Ignored", 3, { static: true, replacement: "other" }),
      mutant("Survived", 5),
    );
    const second = report(
      mutant("Survived", 1),
      mutant("Killed", 3),
      mutant("Survived", 3, { replacement: "other" }),
      mutant("Killed", 5),
    );
    const { mutants } = afterBothPasses(first, second).files[PATH]!;
    expect(mutants.map(({ status }) => status)).toEqual(["Killed", "Killed", "Survived", "Survived"]);
  });

  test("has to know all that was left to it", () => {
    const first = report(mutant("Ignored", 3, { static: true }));
    expect(() => afterBothPasses(first, report(mutant("Killed", 4)))).toThrow(`left out a mutant of ${PATH}: 3:5-4:9`);
    expect(() => afterBothPasses(first, { files: {} })).toThrow("left out a mutant");
  });
});
