import { createHash } from "node:crypto";
import { crashPointAt, hashImage, type SimulatedDisk } from "@hashlog/fs-io/testing";
import { violated, type Property } from "./property.ts";

export const determinism: Property = {
  id: "P19",
  title: "Determinism",
  statement:
    "The same case leaves the same trace: every call of the file system, every answer and every step of the disk in the " +
    "same order, and after each step the same bytes in every file; run again, and run in another process.",
  why:
    "A crash that was found once has to be found again: from a seed that a failure printed, after a change of the code, on " +
    "another machine, and a thousand times while it is made smaller. One glance at a clock or at a random number, one " +
    "order that depends on how fast something was, and a counterexample is an anecdote.",
};

/**
 * Runs the case twice.
 * @returns The hash of the trace, for comparing it with another process's.
 * @throws PropertyViolation if the second trace is not the first, with the first line in which they differ
 */
export async function mustRepeatItself<Case>(
  given: Case,
  run: (given: Case) => Promise<{ readonly disk: SimulatedDisk }>,
): Promise<string> {
  const first = linesOf((await run(given)).disk);
  const second = linesOf((await run(given)).disk);
  const length = Math.max(first.length, second.length);
  for (let index = 0; index < length; index += 1) {
    if (first[index] === second[index]) continue;
    const lines = `first:  ${first[index] ?? "nothing"}\nsecond: ${second[index] ?? "nothing"}`;
    violated(determinism, `line ${index} of the trace is not the same when the case runs again\n${lines}`);
  }
  return hashOf(first);
}

/** 64 hexadecimal digits that stand for all that happened on the disk, and for every byte that was ever on it. */
export function hashTrace(disk: SimulatedDisk): string {
  return hashOf(linesOf(disk));
}

function hashOf(lines: readonly string[]): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest("hex");
}

/** The trace as text, with what lay on the disk behind each step: the trace itself tells of bytes only how many. */
function linesOf(disk: SimulatedDisk): string[] {
  return disk.trace.map((event) => {
    const line = JSON.stringify(event);
    return event.type === "step" ? `${line} ${hashAfter(disk, event.ordinal)}` : line;
  });
}

function hashAfter(disk: SimulatedDisk, ordinal: number): string {
  return hashImage(crashPointAt(disk, ordinal + 1).image([], "kill"));
}
