import type { Death, Life, Report } from "./life.ts";
import type { ProcessWorld } from "./process-world.ts";

/** Starts a process that lives this life, and resolves, when it is dead, to everything that it told. */
export async function runLife(world: ProcessWorld, life: Life): Promise<Report[]> {
  const reports: Report[] = [];
  let isKilled = false;
  const kill = (): void => {
    if (!isKilled) child.kill();
    isKilled = true;
  };
  const isDue = untilDue(life.death);
  const child = world.start("mortal.ts", (line) => {
    const report = JSON.parse(line) as Report;
    reports.push(report);
    const isAllDone = report[0] === "ends" && report[1] === "closing";
    if (isDue(report) || isAllDone || report[0] === "fails") kill();
  });
  child.send(life);
  const end = await child.end;
  if (end !== "SIGKILL") throw new Error(`a process ended with ${end}, and was not killed: ${child.complaints}`);
  return reports;
}

/** Tells of each report whether it is the one that the process shall not survive. */
export function untilDue(death: Death | undefined): (report: Report) => boolean {
  let count = 0;
  return (report) => {
    if (death?.by !== "its parent" || !report.slice(0, 2).map(String).join(" ").startsWith(death.report)) return false;
    count += 1;
    if (count === death.count) pass(death.microseconds);
    return count === death.count;
  };
}

// A timer would be too coarse: a write takes some ten microseconds.
function pass(microseconds: number): void {
  const until = performance.now() + microseconds / 1000;
  while (performance.now() < until);
}
