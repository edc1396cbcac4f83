import type { StrykerFile, StrykerMutant, StrykerReport } from "./stryker-report.ts";

/** What became of a package's mutants. */
export interface MutationScore {
  readonly killed: number;
  /** Those that never ended, and were noticed by that. */
  readonly timedOut: number;
  readonly survived: number;
  /** Of all those, how many were noticed, from 0 to 1. Those that could not even run are none. */
  readonly share: number;
}

/** A mutant that no test noticed. */
export interface Survivor {
  /** From the root. */
  readonly path: string;
  readonly line: number;
  /** Which habit of Stryker's made it: "EqualityOperator". */
  readonly mutator: string;
  /** The line of the source that was changed, and what it was changed to, without what stands around it. */
  readonly before: string;
  readonly after: string;
}

export function scoreOf(reports: readonly StrykerReport[]): MutationScore {
  const statuses = reports
    .flatMap(({ files }) => Object.values(files).flatMap(({ mutants }) => mutants))
    .map(({ status }) => status);
  const count = (...wanted: readonly StrykerMutant["status"][]): number =>
    statuses.filter((one) => wanted.includes(one)).length;
  const [killed, timedOut, survived] = [count("Killed"), count("Timeout"), count("Survived", "NoCoverage")];
  return { killed, timedOut, survived, share: (killed + timedOut) / (killed + timedOut + survived) };
}

export function survivorsOf({ files }: StrykerReport): Survivor[] {
  return Object.entries(files).flatMap(([path, file]) =>
    file.mutants
      .filter(({ status }) => status === "Survived" || status === "NoCoverage")
      .map((mutant) => survivor(path, file, mutant)),
  );
}

function survivor(
  path: string,
  { source }: StrykerFile,
  { mutatorName, replacement = "", location }: StrykerMutant,
): Survivor {
  const { start, end } = location;
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const whole = lines.join("\n");
  const tail = whole.length - (lines.at(-1)!.length - (end.column - 1));
  const after = whole.slice(0, start.column - 1) + replacement + whole.slice(tail);
  return { path, line: start.line, mutator: mutatorName, before: folded(whole), after: folded(after) };
}

/** Without line breaks and indentation. */
function folded(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}
