import type { History } from "./history.ts";
import { hasPassed, mustBeThere, type ReadingTime, type Unit } from "./model.ts";

/** What a condition asks for: the key is absent; or has the version that it has by what the log shows; or an older one. */
export type ConditionKind = "absent" | "current" | "old" | "none";

export const CONDITIONS: readonly ConditionKind[] = ["absent", "current", "old", "none"];

/** What a write rests on. */
export interface KeyCondition {
  readonly key: string;
  /** 0: it is absent. */
  readonly version: number;
}

/** What has to become of a write with conditions; of what expired by a clock that was set back since, either may. */
export type ExpectedVerdict = "hold" | "fail" | "either";

/** The last that was written of a key, whether or not it is in the log yet. */
export interface LastOfKey {
  readonly unit: Unit;
  /** `undefined`: it was deleted. */
  readonly value: string | undefined;
  readonly expiresAtMs: number;
  /** `undefined`: it is on its way, and nobody outside the store knows it. */
  readonly version: number | undefined;
}

/** A condition of that kind; `undefined` for none. */
export function conditionOn(key: string, kind: ConditionKind, history: History): KeyCondition | undefined {
  if (kind === "none") return undefined;
  if (kind === "absent") return { key, version: 0 };
  const [last = NEVER, before = NEVER] = history.versionsOf(key).toReversed();
  return { key, version: kind === "current" ? last : before };
}

/** All of them are judged by what is at the end of the log, all that waits included. */
export function expectedVerdict(
  conditions: readonly KeyCondition[],
  history: History,
  time: ReadingTime,
): ExpectedVerdict {
  const verdicts = conditions.map(({ key, version }) => verdictOn(history.lastOf(key), version, time));
  if (verdicts.includes("fail")) return "fail";
  return verdicts.includes("either") ? "either" : "hold";
}

function verdictOn(last: LastOfKey | undefined, version: number, time: ReadingTime): ExpectedVerdict {
  const isGone = last?.value === undefined || hasPassed(last.expiresAtMs, time);
  if (isGone) return version === 0 ? "hold" : "fail";
  // What nobody has been told yet is no version that anybody asks for.
  if (version !== 0 && last.version !== version) return "fail";
  if (!mustBeThere(last.expiresAtMs, time)) return "either";
  return version === 0 ? "fail" : "hold";
}

/** A version that nothing ever has. */
export const NEVER = 2 ** 40;
