import type { Life, Opened, Report, Stage } from "./life.ts";

/** Counts what the dead were in the middle of, by what they told. */
export class Tally {
  kills = 0;
  withWritesInFlight = 0;
  /** While an opening had to recover what a dead process had left. */
  inRecovery = 0;
  /** While it had to recover what was left by one that had died in its own opening. */
  inRecoveryAgain = 0;
  readonly during: Record<Stage, number> = { opening: 0, writing: 0, merging: 0, checkpointing: 0, closing: 0 };
  /** Processes that told the call at which they were going to kill themselves. */
  byThemselves = 0;
  readonly roads: Record<Opened["road"], number> = { checkpoint: 0, hints: 0, scan: 0 };
  tornTails = 0;
  rescues = 0;
  mergesDone = 0;
  acknowledged = 0;

  /** One more is dead. `before` is what its predecessor told. */
  add(reports: readonly Report[], before: readonly Report[]): void {
    const stages = stagesAtTheEnd(reports);
    this.kills += 1;
    for (const stage of stages) this.during[stage] += 1;
    if (stages.has("opening") && before.length > 0 && !hasClosed(before)) this.inRecovery += 1;
    if (stages.has("opening") && stagesAtTheEnd(before).has("opening")) this.inRecoveryAgain += 1;
    if (count(reports, "issues") > count(reports, "acknowledged")) this.withWritesInFlight += 1;
    this.byThemselves += count(reports, "dies");
    this.acknowledged += count(reports, "acknowledged");
    this.mergesDone += reports.filter(([what, stage]) => what === "ends" && stage === "merging").length;
    for (const report of reports) if (report[0] === "opened") this.#addOpening(report[1]);
  }

  /** All of it in a line. */
  toString(): string {
    const { during, roads } = this;
    return (
      `${this.kills} processes killed, ${this.byThemselves} of them by themselves at a chosen call: ` +
      `${during.opening} in an opening (${this.inRecovery} in a recovery, ${this.inRecoveryAgain} in one after another), ` +
      `${during.merging} in a merge, ${during.checkpointing} in a checkpoint, ${during.closing} in closing, ` +
      `${this.withWritesInFlight} with writes in flight. ${this.acknowledged} writes acknowledged, ` +
      `${this.mergesDone} merges done; opened by checkpoint ${roads.checkpoint}, hints ${roads.hints}, ` +
      `scan ${roads.scan} times, ${this.tornTails} torn tails dropped, ${this.rescues} tails appended again`
    );
  }

  #addOpening({ road, torn, writesRescued }: Opened): void {
    this.roads[road] += 1;
    if (torn) this.tornTails += 1;
    if (writesRescued > 0) this.rescues += 1;
  }
}

/** What a process did, found and left undone, in a line. */
export function describeLife({ sync, segmentBytesMax, death }: Life, reports: readonly Report[]): string {
  const stages = [...stagesAtTheEnd(reports)].join(" and ");
  return (
    `sync ${sync}, segments of ${segmentBytesMax} bytes, issued ${count(reports, "issues")}, ` +
    `acknowledged ${count(reports, "acknowledged")}, ${deathOf(death, reports)}${stages === "" ? "" : `, while ${stages}`}`
  );
}

function deathOf(death: Life["death"], reports: readonly Report[]): string {
  const dies = reports.find((report) => report[0] === "dies");
  if (dies !== undefined) return `killed itself ${dies[1]}`;
  if (count(reports, "fails") > 0) return "failed";
  if (hasClosed(reports) || death.by === "itself") return "was killed when all was done";
  return `was killed ${death.microseconds} µs after it had told "${death.report}" ${death.count} times`;
}

function stagesAtTheEnd(reports: readonly Report[]): ReadonlySet<Stage> {
  const stages = new Set<Stage>();
  for (const report of reports) {
    if (report[0] === "begins") stages.add(report[1]);
    if (report[0] === "ends") stages.delete(report[1]);
  }
  return stages;
}

function hasClosed(reports: readonly Report[]): boolean {
  return reports.some(([what, stage]) => what === "ends" && stage === "closing");
}

function count(reports: readonly Report[], what: Report[0]): number {
  return reports.filter((report) => report[0] === what).length;
}
