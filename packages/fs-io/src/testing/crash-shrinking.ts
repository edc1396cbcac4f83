import { INTACT, LOST, plainFate, type Fates } from "./crash-fates.ts";

/**
 * Makes a crash that breaks something as harmless as it can be while it still breaks it: what need not be damaged is
 * kept, and what need not be damaged in a special way is simply lost.
 */
export async function minimiseFates(fates: Fates, breaks: (fates: Fates) => Promise<boolean>): Promise<Fates> {
  let smallest = fates;
  let before: Fates;
  do {
    before = smallest;
    smallest = await spareEachOnce(before, breaks);
  } while (smallest !== before);
  return smallest.slice(0, smallest.findLastIndex((fate) => fate !== INTACT) + 1);
}

async function spareEachOnce(fates: Fates, breaks: (fates: Fates) => Promise<boolean>): Promise<Fates> {
  let smallest = fates;
  for (let index = 0; index < fates.length; index++) {
    for (const simpler of [INTACT, LOST, plainFate(fates[index])]) {
      if (smallest[index] <= simpler) break;
      const candidate = smallest.with(index, simpler);
      if (await breaks(candidate)) smallest = candidate;
    }
  }
  return smallest;
}
