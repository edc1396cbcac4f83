import type { StrykerFile, StrykerMutant, StrykerReport } from "./stryker-report.ts";

/** What became of a package's mutants. */
export interface MutationScore {
  /** Those that a test noticed, or a file of tests that could not be read. */
  readonly killed: number;
  /** Those that never ended, and were noticed by that. */
  readonly timedOut: number;
  readonly survived: number;
  /** Of all those, how many were noticed, from 0 to 1; 1 where there are none. Those that could not even run are none. */
  readonly share: number;
}

/** What Stryker says where a file of tests failed outside of its tests, and no test did: that fails a run of the tests as well. */
const FAILED_OUTSIDE = "An error occurred outside of a test run";

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
  const mutants = reports.flatMap(({ files }) => Object.values(files).flatMap((file) => file.mutants));
  const count = (isCounted: (mutant: StrykerMutant) => boolean): number => mutants.filter(isCounted).length;
  const [killed, timedOut, survived] = [count(isKilled), count(({ status }) => status === "Timeout"), count(isAlive)];
  const all = killed + timedOut + survived;
  return { killed, timedOut, survived, share: all === 0 ? 1 : (killed + timedOut) / all };
}

function isKilled({ status, statusReason = "" }: StrykerMutant): boolean {
  return status === "Killed" || (status === "RuntimeError" && statusReason.startsWith(FAILED_OUTSIDE));
}

/** What was not run is not noticed. */
function isAlive({ status }: StrykerMutant): boolean {
  return status === "Survived" || status === "NoCoverage" || status === "Ignored" || status === "Pending";
}

export function survivorsOf({ files }: StrykerReport): Survivor[] {
  return Object.entries(files).flatMap(([path, file]) =>
    file.mutants.filter(isAlive).map((mutant) => survivor(path, file, mutant)),
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
