import type { SeenImages } from "../crashing/seen-images.ts";
import { exploreCorpusCase, readCorpus } from "./corpus.ts";
import {
  casesOf,
  exploreExhaustively,
  exploreOneOfMany,
  LONG_PARTS,
  SHORT_PARTS,
  type ExhaustivePart,
} from "./exhaustive.ts";
import { exploreFaultsByChance } from "../faults/explore-fault-case.ts";
import { exploreByChance } from "./random.ts";

/** Something to explore: one case, and all that is derived of it. */
export interface Task {
  readonly part: string;
  /** What to call it where it is found to break something. Default: the part's name. */
  readonly title?: string;
  /** @throws Counterexample */
  run(seen: SeenImages): Promise<void>;
}

/** What to do, in all: the same list for every worker, each of which takes its share of it. */
export interface Agenda {
  /** `short`: what `npm test` goes through; `long`: far more, and then cases by chance for ever. */
  readonly extent: "short" | "long";
  /** From which cases by chance are drawn that no run before has seen. */
  readonly freshSeed: number;
  /** Only the parts of these names. Default: all. */
  readonly parts?: readonly string[];
}

/** Seeds below this are the fixed ones. */
const FIXED_SEEDS = 600;
const FRESH_SEEDS_SHORT = 600;
/** Lives with failing calls are quicker each. */
const FAILING_FIXED = 1000;
const FAILING_FRESH_SHORT = 600;

/** The names of all parts, in their order. */
export function partsOf(extent: Agenda["extent"]): readonly string[] {
  const exhaustive = (extent === "short" ? SHORT_PARTS : LONG_PARTS).map(({ name }) => name);
  const chance = extent === "short" ? ["fresh seeds", "fresh failures"] : ENDLESS.map(({ part }) => part);
  return [...new Set(["corpus", ...exhaustive, "fixed seeds", "fixed failures", ...chance])];
}

/** How many tasks a part has; `Infinity` for one that goes on as long as there is time. */
export function sizeOfPart(part: string, { extent, freshSeed }: Agenda): number {
  if (extent === "long" && isEndless(part)) return Infinity;
  return [...tasksOf({ extent, freshSeed, parts: [part] })].length;
}

/** Whether the long agenda goes on with it as long as there is time. */
export function isEndless(part: string): boolean {
  return ENDLESS.some((endless) => endless.part === part);
}

/** Every task, in its order: what has gone wrong before, then what is short, then chance. */
export function* tasksOf({ extent, freshSeed, parts }: Agenda): Generator<Task> {
  const wanted = (name: string): boolean => parts === undefined || parts.includes(name);
  if (wanted("corpus")) yield* corpusTasks();
  for (const part of extent === "short" ? SHORT_PARTS : LONG_PARTS) {
    if (wanted(part.name)) yield* exhaustiveTasks(part);
  }
  if (wanted("fixed seeds")) yield* seededTasks("fixed seeds", 1, FIXED_SEEDS, exploreByChance);
  if (wanted("fixed failures")) yield* seededTasks("fixed failures", 1, FAILING_FIXED, exploreFaultsByChance);
  if (extent === "long") yield* endlessTasks(freshSeed, wanted);
  if (wanted("fresh seeds")) yield* seededTasks("fresh seeds", freshSeed, FRESH_SEEDS_SHORT, exploreByChance);
  if (wanted("fresh failures"))
    yield* seededTasks("fresh failures", freshSeed, FAILING_FRESH_SHORT, exploreFaultsByChance);
}

/** Which of the workers somebody is. */
export interface Worker {
  /** From 0 on. */
  readonly index: number;
  readonly workers: number;
}

/** The tasks of an agenda that fall to one worker: each falls to exactly one. */
export function* shareOf(agenda: Agenda, { index, workers }: Worker): Generator<Task> {
  let number = 0;
  for (const task of tasksOf(agenda)) {
    number += 1;
    if (workerOf(number, workers) === index) yield task;
  }
}

/** Which worker takes the task of that number: spread, so that tasks of two kinds in turn do not fall to one each. */
export function workerOf(number: number, workers: number): number {
  return (Math.imul(number, 0x9e3779b1) >>> 16) % workers;
}

function* corpusTasks(): Generator<Task> {
  for (const one of readCorpus()) {
    const title = `corpus/${one.name}: ${one.story}`;
    yield { part: "corpus", title, run: (seen) => exploreCorpusCase(one, seen) };
  }
}

function* exhaustiveTasks(part: ExhaustivePart): Generator<Task> {
  for (const given of casesOf(part)) {
    yield { part: part.name, run: (seen) => exploreExhaustively(given, part, seen) };
  }
}

function* seededTasks(
  part: string,
  first: number,
  count: number,
  explore: (seed: number, seen: SeenImages) => Promise<void>,
): Generator<Task> {
  for (let seed = first; seed < first + count; seed += 1) yield { part, run: (seen) => explore(seed, seen) };
}

/** Cases by chance, programs of three and four operations, and failing lives, for as long as there is time. */
function* endlessTasks(freshSeed: number, wanted: (part: string) => boolean): Generator<Task> {
  if (!ENDLESS.some(({ part }) => wanted(part))) return;
  for (let seed = freshSeed; ; seed += 1) {
    for (const { part, explore } of ENDLESS) {
      if (wanted(part)) yield { part, run: (seen) => explore(seed, seen) };
    }
  }
}

const ENDLESS: readonly {
  readonly part: string;
  readonly explore: (seed: number, seen: SeenImages) => Promise<void>;
}[] = [
  { part: "fresh seeds", explore: exploreByChance },
  { part: "programs of 3 and 4", explore: exploreOneOfMany },
  { part: "fresh seeds", explore: (seed, seen) => exploreByChance(-seed, seen) },
  { part: "fresh failures", explore: exploreFaultsByChance },
];
