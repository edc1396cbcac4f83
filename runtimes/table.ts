import type { Outcome } from "./results.ts";

/** What came of one runtime: of each file of checks, in the order of the columns. */
export interface Row {
  /** What it is called and which version it says that it is. */
  readonly title: string;
  readonly outcomes: readonly Outcome[];
  readonly took: string;
}

/**
 * The matrix as it is printed: a row for each runtime, a column for each file of checks, in it how many tests passed, or how
 * many did not; below it what failed, and in the last line the count over all.
 */
export function matrix(columns: readonly string[], rows: readonly Row[]): string {
  const cells = [
    ["", ...columns, "took"],
    ...rows.map(({ title, outcomes, took }) => [title, ...outcomes.map(cell), took]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
  const findings = rows.flatMap(({ title, outcomes }) =>
    outcomes.flatMap((outcome, column) => told(`${title}, ${columns[column]}`, outcome)),
  );
  const all = rows.flatMap(({ outcomes }) => outcomes);
  const sum = (of: "passed" | "failed"): number => all.reduce((total, outcome) => total + outcome[of], 0);
  return [...lines, ...findings, "", `${sum("passed")} passed, ${sum("failed")} failed`].join("\n");
}

function cell({ passed, failed }: Outcome): string {
  return failed === 0 ? String(passed) : `${failed} FAILED`;
}

function told(where: string, { findings }: Outcome): string[] {
  if (findings.length === 0) return [];
  const shown = findings.slice(0, FINDINGS_MAX).map((finding) => `  ${finding}`);
  const more = findings.length - shown.length;
  return ["", `${where}:`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}

const FINDINGS_MAX = 10;
