/** What came of a file of checks, from what the tests in it have noted (checks/harness.mjs) and from how its process ended. */

/** A line that a check has written. */
export type Note =
  | { readonly id: number; readonly declared: string }
  | { readonly id: number; readonly ended: "passed" }
  | { readonly id: number; readonly ended: "failed"; readonly why: string };

/** How the process of a runner ended. */
export interface End {
  /** `null` of one that a signal ended. */
  readonly code: number | null;
  /** Whether it took so long that it was killed for it. */
  readonly tookTooLong: boolean;
  /** Everything that it printed. */
  readonly output: string;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What failed, each in a line. */
  readonly findings: readonly string[];
}

/**
 * A test passed if it was declared, and has ended once, and well. Whatever else there is counts as failed: one that was not run,
 * or not to its end, and a runner that failed where no test did.
 */
export function outcomeOf(text: string, end: End): Outcome {
  const tests = new Map<number, Test>();
  const findings: string[] = [];
  for (const line of text.split("\n")) {
    const note = parse(line);
    if (note === undefined) continue;
    if (note === "broken") findings.push(`a note is no JSON: ${line}`);
    else if ("declared" in note) tests.set(note.id, { name: note.declared, ends: [] });
    else tests.get(note.id)?.ends.push(note.ended === "passed" ? "passed" : firstLine(note.why));
  }
  const bad = [...tests.values()].filter(({ ends }) => !isGood(ends));
  findings.push(...bad.map(({ name, ends }) => `${name}: ${complaint(ends)}`));
  if (tests.size === 0) findings.push(`no test was found: ${lastLine(end.output)}`);
  if (end.tookTooLong) findings.push("it took too long, and was killed");
  else if (end.code !== 0 && findings.length === 0) {
    findings.push(`its runner ended with ${end.code}, though every test had passed: ${lastLine(end.output)}`);
  }
  return { passed: tests.size - bad.length, failed: findings.length, findings };
}

interface Test {
  readonly name: string;
  readonly ends: string[];
}

/** Of a killed process the last line may be cut off. */
function parse(line: string): Note | "broken" | undefined {
  if (line === "") return undefined;
  try {
    return JSON.parse(line) as Note;
  } catch {
    return "broken";
  }
}

function isGood(ends: readonly string[]): boolean {
  return ends.length === 1 && ends[0] === "passed";
}

function complaint(ends: readonly string[]): string {
  const failure = ends.find((end) => end !== "passed");
  if (failure !== undefined) return failure;
  return ends.length === 0 ? "it was not run, or not to its end" : `it was run ${ends.length} times`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
