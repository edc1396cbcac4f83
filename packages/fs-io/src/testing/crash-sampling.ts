import { fatesOf, queuesAt, type Choice, type CrashKinds } from "./crash-choices.ts";
import { fate, fateKind, type Fates } from "./crash-fates.ts";
import type { CrashPoint } from "./crash-point.ts";
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
  const mood = MOODS[random.below(MOODS.length)];
  const single = mood === -1 || queues.length === 1 ? random.below(queues.length) : -1;
  const chosen: Choice[] = [];
  for (const [index, { choices }] of queues.entries()) {
    const happens = single === -1 ? random.below(8) < mood : index === single;
    if (happens) chosen.push(withDetail(choices[random.below(choices.length)], random));
  }
  return fatesOf(point, chosen);
}

/** Half of the units are torn in their middle, the others anywhere. */
function withDetail(choice: Choice, random: SeededRandom): Choice {
  const detail = random.below(2) === 0 ? 0 : random.below(4096);
  return { index: choice.index, fate: fate(fateKind(choice.fate), detail) };
}
