import { readFileSync } from "node:fs";
import type { Survivor } from "./survivors.ts";

/** Why some mutants may live: somebody has looked at each. */
export interface Reason {
  readonly why: string;
  /** As `keyOf` has them. */
  readonly mutants: readonly string[];
}

/** Survivors that share a reason; `why` is `undefined` for those that nobody has looked at. */
export interface TriagedGroup {
  readonly why: string | undefined;
  readonly survivors: readonly Survivor[];
}

/** What tells a mutant from others as long as its line stays as it is, wherever that line comes to lie. */
export function keyOf({ path, mutator, before, after }: Survivor): string {
  return `${path} ${mutator}: ${before} => ${after}`;
}

export function readReasons(path: string): readonly Reason[] {
  return JSON.parse(readFileSync(path, "utf8")) as readonly Reason[];
}

/** In the order of the reasons; those without one come last. */
export function triaged(survivors: readonly Survivor[], reasons: readonly Reason[]): TriagedGroup[] {
  const whys = new Map(reasons.flatMap(({ why, mutants }) => mutants.map((key) => [key, why] as const)));
  const all = [...reasons.map(({ why }): string | undefined => why), undefined];
  return all
    .map((why) => ({ why, survivors: survivors.filter((one) => whys.get(keyOf(one)) === why) }))
    .filter((group) => group.survivors.length > 0);
}

/** Keys that no survivor has any more: they were killed, or their lines are gone. */
export function outdated(survivors: readonly Survivor[], reasons: readonly Reason[]): string[] {
  const living = new Set(survivors.map(keyOf));
  return reasons.flatMap(({ mutants }) => mutants.filter((key) => !living.has(key)));
}
