import { sampleFates, SeededRandom, type CrashPoint, type Profile } from "@hashlog/fs-io/testing";
import type { Aftermath, CrashCase } from "../cases/case.ts";
import { drawCase } from "../cases/draw-case.ts";
import { runCase } from "../cases/run-case.ts";
import { accusing } from "../crashing/counterexample.ts";
import { Explorer, type ExplorationPlan, type PlannedCrash } from "../crashing/explorer.ts";
import { spread } from "../crashing/spread.ts";
import type { SeenImages } from "../crashing/seen-images.ts";

/**
 * One case by chance, and many crashes of it: most are judged by P1 alone, as that is quick; of some cases all is asked,
 * and of some the recovery crashes as well.
 * @throws Counterexample
 */
export async function exploreByChance(seed: number, seen: SeenImages): Promise<void> {
  const random = new SeededRandom(seed);
  const manner = drawManner(random);
  const given: CrashCase = { ...drawCase(random), aftermath: manner.aftermath };
  const run = await accusing(given, [], () => runCase(given));
  const steps = Math.min(manner.steps, given.keydir === "real" ? STEPS_OF_REAL_MAX : Infinity);
  await new Explorer(seen, planOf({ ...manner, steps }, random)).explore(given, run);
}

/** How one case is looked at. */
interface Manner {
  readonly aftermath: Aftermath;
  readonly depth: number;
  /** At how many steps of the run, and of a recovery, to crash; and how often at each. */
  readonly steps: number;
  readonly crashes: number;
}

/**
 * Three quarters of the processor time go to the last manner, in which an image costs a fraction of a millisecond; the
 * others find what one recovery alone does not show, and cost up to twenty times as much for each.
 */
function drawManner(random: SeededRandom): Manner {
  const kind = random.below(16);
  if (kind === 0) return { aftermath: "go-on", depth: 1, steps: 4, crashes: 1 };
  if (kind === 1) return { aftermath: "reopen", depth: 1, steps: 8, crashes: 1 };
  if (kind === 2) return { aftermath: "nothing", depth: 2, steps: 5, crashes: 1 };
  if (kind === 3) return { aftermath: "go-on", depth: 2, steps: 3, crashes: 1 };
  return { aftermath: "nothing", depth: 1, steps: 100, crashes: 6 };
}

/** The real keydir takes longer to load than all the rest of an opening. */
const STEPS_OF_REAL_MAX = 25;

const POWER_CUTS: readonly Profile[] = ["free", "free", "free", "files-ordered", "ordered", "prefix", "drop-all"];

function planOf({ depth, steps, crashes }: Manner, random: SeededRandom): ExplorationPlan {
  return {
    depth,
    steps: (all, before) => spread(all, before === 0 ? steps : Math.min(steps, 6)),
    crashesAt: (point) => ({ crashes: crashesBy(random, point, crashes), isComplete: false }),
  };
}

function* crashesBy(random: SeededRandom, point: CrashPoint, count: number): Generator<PlannedCrash> {
  if (random.below(8) === 0) yield { profile: "kill", fates: [], ...drawDelay(random) };
  for (let crash = 0; crash < count; crash += 1) {
    const profile = POWER_CUTS[random.below(POWER_CUTS.length)]!;
    yield { profile, fates: sampleFates(point, random, { profile }), ...drawDelay(random) };
  }
}

/** How long the machine was off, by its clock, which may have been set back as well; what expires is about as long there. */
const DELAYS_MS: readonly number[] = [50, 5000, -60];

function drawDelay(random: SeededRandom): Pick<PlannedCrash, "laterMs"> {
  return random.below(8) === 0 ? { laterMs: DELAYS_MS[random.below(DELAYS_MS.length)]! } : {};
}
