import { fatesOf, queuesAt, type Choice, type CrashKinds } from "./crash-choices.ts";
import { EARLIER_LIVES, FATE_KINDS, fate, fateKind, tornFate, type FateKind, type Fates } from "./crash-fates.ts";
import type { CrashPoint } from "./crash-point.ts";
import { rulesOf } from "./crash-profiles.ts";
import type { SeededRandom } from "./simulated-random.ts";

/** In how many of 8 cases something happens to a queue; -1: to exactly one of them. */
const MOODS: readonly number[] = [-1, 1, 4, 7];

/**
 * Fates for one crash at that point, by chance, where there are too many to go through. Most crashes that break
 * something are of one of a few moods: a single thing is missing, or a few, or half, or almost everything is.
 */
export function sampleFates(point: CrashPoint, random: SeededRandom, kinds: CrashKinds = {}): Fates {
  const queues = queuesAt(point, kinds).filter(({ choices }) => choices.length > 0);
  if (queues.length === 0) return [];
  const fillings = fillingsOf(kinds);
  const mood = MOODS[random.below(MOODS.length)];
  const single = mood === -1 || queues.length === 1 ? random.below(queues.length) : -1;
  const chosen: Choice[] = [];
  for (const [index, { choices }] of queues.entries()) {
    const happens = single === -1 ? random.below(8) < mood : index === single;
    if (happens) chosen.push(withDetail(choices[random.below(choices.length)], random, fillings));
  }
  return fatesOf(point, chosen);
}

/** Half of the units are torn in their middle, the others anywhere. */
function withDetail({ index, fate: number }: Choice, random: SeededRandom, fillings: readonly FateKind[]): Choice {
  const kind = fateKind(number);
  const detail = random.below(2) === 0 ? 0 : random.below(4096);
  if (kind === "stale") return { index, fate: fate(kind, ofSomeLife(detail, random)) };
  const isTorn = kind === "torn-prefix" || kind === "torn-suffix";
  if (!isTorn || fillings.length === 0 || random.below(2) === 0) return { index, fate: fate(kind, detail) };
  const filling = fillings[random.below(fillings.length)];
  const content = random.below(4096);
  const rest = fate(filling, filling === "stale" ? ofSomeLife(content, random) : content);
  return { index, fate: tornFate(kind, detail, rest) };
}

function ofSomeLife(detail: number, random: SeededRandom): number {
  return random.below(2) === 0 ? detail : EARLIER_LIVES + detail;
}

/** What can lie, other than zeros, where a torn unit was not written. */
function fillingsOf({ profile = "free", kinds = FATE_KINDS }: CrashKinds): readonly FateKind[] {
  if (profile === "kill") return [];
  const rules = rulesOf(profile);
  return FILLINGS.filter((kind) => kinds.includes(kind) && rules.kinds.includes(kind));
}

const FILLINGS: readonly FateKind[] = ["garbage", "stale"];
