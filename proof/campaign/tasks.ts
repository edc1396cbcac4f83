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
import { exploreByChance } from "./random.ts";

/** Something to explore: one case, and all that is derived of it. */
export interface Task {
  readonly part: string;
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

/** Every task, in its order: what has gone wrong before, then what is short, then chance. */
export function* tasksOf({ extent, freshSeed, parts }: Agenda): Generator<Task> {
  const wanted = (name: string): boolean => parts === undefined || parts.includes(name);
  if (wanted("corpus")) yield* corpusTasks();
  for (const part of extent === "short" ? SHORT_PARTS : LONG_PARTS) {
    if (wanted(nameOf(part))) yield* exhaustiveTasks(part);
  }
  if (wanted("fixed seeds")) yield* seededTasks("fixed seeds", 1, FIXED_SEEDS);
  if (!wanted("fresh seeds")) return;
  if (extent === "short") yield* seededTasks("fresh seeds", freshSeed, FRESH_SEEDS_SHORT);
  else yield* endlessTasks(freshSeed);
}

function nameOf({ length }: ExhaustivePart): string {
  return `every program of ${length}`;
}

function* corpusTasks(): Generator<Task> {
  for (const one of readCorpus()) yield { part: "corpus", run: (seen) => exploreCorpusCase(one, seen) };
}

function* exhaustiveTasks(part: ExhaustivePart): Generator<Task> {
  for (const given of casesOf(part)) {
    yield { part: nameOf(part), run: (seen) => exploreExhaustively(given, part, seen) };
  }
}

function* seededTasks(part: string, first: number, count: number): Generator<Task> {
  for (let number = 0; number < count; number += 1) {
    yield { part, run: (seen) => exploreByChance(first + number, seen) };
  }
}

/** Cases by chance, and programs of three and four operations, for as long as there is time. */
function* endlessTasks(freshSeed: number): Generator<Task> {
  for (let seed = freshSeed; ; seed += 1) {
    yield { part: "fresh seeds", run: (seen) => exploreByChance(seed, seen) };
    yield { part: "programs of 3 and 4", run: (seen) => exploreOneOfMany(seed, seen) };
  }
}
