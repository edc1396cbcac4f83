import type { StrykerMutant, StrykerReport } from "./stryker-report.ts";

/**
 * Stryker turns a mutant on where a test begins, so that the tests that reach it are all that has to be run. One that is run
 * before any test (as a module is loaded, or while a test file builds what its tests share) would cost all tests of the package,
 * and so most mutants would. There are two passes therefore: in the first, tests that reach a mutant have to notice it;
 * in the second, whatever was left is on from the beginning, and all tests are asked.
 */
function isLeftToSecondPass({ status, static: isStatic = false }: StrykerMutant): boolean {
  return isStatic && (status === "Ignored" || status === "Survived");
}

/** Where the mutants are that are left to the second pass, as Stryker takes it for `mutate`. */
export function rangesOfSecondPass({ files }: StrykerReport): string[] {
  const ranges = Object.entries(files).flatMap(([path, { mutants }]) =>
    mutants.filter(isLeftToSecondPass).map(({ location: { start, end } }) => {
      // Lines from 1 and columns from 0 on, where the report has both from 1 on.
      return `${path}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
    }),
  );
  return [...new Set(ranges)];
}

/**
 * What became of all mutants after both passes. The second one knows more than it was asked for: a range holds what is within it.
 * @throws Error where it does not know one that was left to it
 */
export function afterBothPasses(first: StrykerReport, second: StrykerReport): StrykerReport {
  const files = Object.entries(first.files).map(([path, file]) => {
    const known = new Map((second.files[path]?.mutants ?? []).map((mutant) => [identityOf(mutant), mutant]));
    const mutants = file.mutants.map((mutant) => {
      if (!isLeftToSecondPass(mutant)) return mutant;
      const again = known.get(identityOf(mutant));
      if (again === undefined) throw new Error(`the second pass left out a mutant of ${path}: ${identityOf(mutant)}`);
      return again;
    });
    return [path, { ...file, mutants }] as const;
  });
  return { files: Object.fromEntries(files) };
}

function identityOf({ mutatorName, replacement = "", location: { start, end } }: StrykerMutant): string {
  return `${start.line}:${start.column}-${end.line}:${end.column} ${mutatorName} ${replacement}`;
}
