import type { Unit } from "../oracle/model.ts";
import { Obligation } from "../oracle/obligation.ts";
import { mustBeDurablePrefix } from "../properties/p01-durable-prefix.ts";
import type { Life, Opened, Report } from "./life.ts";

/** What the dead leave to whoever opens the store next. */
export interface Estate {
  /** Every write that was ever issued and may be there, in the order of the calls. */
  readonly units: readonly Unit[];
  /** So many of them have to be there, as they were acknowledged, or were seen. */
  readonly owed: number;
}

export const NOTHING: Estate = { units: [], owed: 0 };

/**
 * Goes through what a process told: what it found has to be what its predecessors left, and what it did is left to its
 * successor. Kills keep what the operating system has, so everything that was acknowledged is owed, whatever the policy.
 *
 * @throws PropertyViolation
 */
export function judgeLife(before: Estate, life: Life, reports: readonly Report[]): Estate {
  const writes = life.steps.flatMap((step) => (step[0] === "write" ? [step[1]] : []));
  let estate = before;
  let lived = before.units.length;
  for (const report of reports) {
    if (report[0] === "fails") throw new Error(`something failed that had no reason to: ${report[1]}`);
    if (report[0] === "opened") {
      estate = mustBeInherited(estate, report[1].entries, life.nowMs);
      lived = estate.units.length;
    }
    if (report[0] === "issues") {
      estate = { ...estate, units: [...estate.units, newUnit(writes[report[1]]!)] };
    }
    if (report[0] === "acknowledged") {
      estate = { ...estate, owed: Math.max(estate.owed, lived + report[1] + 1) };
    }
  }
  return estate;
}

/**
 * The store holds all that is owed, and of what may be there a prefix; returns that.
 * @throws PropertyViolation
 */
export function mustBeInherited({ units, owed }: Estate, entries: Opened["entries"], nowMs: number): Estate {
  const counts = Array.from({ length: units.length - owed + 1 }, (_, index) => owed + index);
  // Time stands still while the store is opened and read, and never ran further before.
  const time = { nowMs, latestMs: nowMs };
  const fitting = mustBeDurablePrefix(new Map(entries), new Obligation(units, counts, time), time);
  // Several fit only where they hold the same: a delete of what was not there, a write that has expired.
  const found = Math.max(...fitting);
  return { units: units.slice(0, found), owed: found };
}

function newUnit(changes: Unit["changes"]): Unit {
  return { changes, recorded: true, status: "waiting", acknowledgedAtMs: 0 };
}
