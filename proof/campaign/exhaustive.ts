import { fate, sampleFates, SeededRandom, type CrashPoint, type Fates } from "@hashlog/fs-io/testing";
import type { CrashCase, CrashOperation } from "../cases/case.ts";
import { runCase } from "../cases/run-case.ts";
import { accusing } from "../crashing/counterexample.ts";
import {
  Explorer,
  type ExplorationPlan,
  type PlannedCrash,
  type PlannedCrashes,
  type PointPlan,
} from "../crashing/explorer.ts";
import type { SeenImages } from "../crashing/seen-images.ts";
import { subsetsAt, type SubsetOptions } from "../crashing/subsets.ts";
import { hashText } from "../world/hash-text.ts";
import { EVERYTHING, programsOf } from "./alphabet.ts";

/** A part of the exhaustive set: all programs of one length, and how far their crashes are gone through. */
export interface ExhaustivePart extends SubsetOptions {
  readonly name: string;
  readonly length: number;
  /** Of which operations its programs are made. Default: `ALPHABET`. */
  readonly alphabet?: readonly CrashOperation[];
  /** What was done with the store before each of the programs. Default: nothing, it is empty. */
  readonly before?: readonly CrashOperation[];
  /** And what after it. Default: nothing. */
  readonly after?: readonly CrashOperation[];
  /** How many crashes of a point with more than `pendingMax` pending are chosen. */
  readonly chosen: number;
  /** How many crashes one after the other. */
  readonly depth: number;
}

/** What of a part decides which programs it has. */
type Programs = Pick<ExhaustivePart, "name" | "length" | "alphabet" | "before" | "after">;

const ONE = { name: "every program of 1", length: 1 };
const TWO = { name: "every program of 2", length: 2 };
/**
 * In an empty store a short program finds nothing to merge, no checkpoint, and no old record that a stale sector could
 * show. In this one there are two sealed segments with hints, one of them with nothing alive, and a checkpoint.
 */
const USED: Programs = {
  name: "one more operation",
  length: 1,
  alphabet: EVERYTHING,
  before: [["put-synced", 0, 430], ["put-synced", 1, 430], ["await"], ["put-synced", 0, 40], ["checkpoint"], ["await"]],
};

/** The same store, read in every way that takes its time while the operation comes, and by a reader beside the writer. */
const WITH_READERS: Programs = {
  ...USED,
  name: "one more with readers",
  before: [...USED.before!, ["snapshot"], ["iterate"], ["iterate-back", 0], ["follow"], ["read-beside"], ["await"]],
  after: [["read-beside"], ["turns", 40], ["read-beside"], ["read"], ["await"]],
};

/** What `npm test` goes through. */
export const SHORT_PARTS: readonly ExhaustivePart[] = [
  { ...ONE, pendingMax: 6, damagesMax: 2, chosen: 24, depth: 2 },
  { ...USED, pendingMax: 6, damagesMax: 1, chosen: 3, depth: 1 },
  { ...WITH_READERS, pendingMax: 6, damagesMax: 1, chosen: 3, depth: 1 },
  { ...TWO, pendingMax: 6, damagesMax: 1, chosen: 3, depth: 1 },
];

/** What a long run goes through: hardly any point of so short a program in an empty store has more pending than that. */
export const LONG_PARTS: readonly ExhaustivePart[] = [
  { ...ONE, pendingMax: 12, damagesMax: 2, chosen: 500, depth: 2 },
  { ...USED, pendingMax: 8, damagesMax: 1, chosen: 200, depth: 1 },
  { ...WITH_READERS, pendingMax: 8, damagesMax: 1, chosen: 200, depth: 1 },
  { ...TWO, pendingMax: 9, damagesMax: 2, chosen: 200, depth: 1 },
];

/** Of longer programs a long run takes some by chance, as there are too many; of each, as much as of the others. */
const SAMPLED_PARTS: readonly ExhaustivePart[] = [
  { name: "programs of 3", length: 3, pendingMax: 8, damagesMax: 1, chosen: 40, depth: 1 },
  { name: "programs of 4", length: 4, pendingMax: 8, damagesMax: 1, chosen: 40, depth: 1 },
];

/** One program of three or four operations, chosen by chance. @throws Counterexample */
export async function exploreOneOfMany(seed: number, seen: SeenImages): Promise<void> {
  const random = new SeededRandom(seed);
  const part = SAMPLED_PARTS[random.below(SAMPLED_PARTS.length)]!;
  const operations = Array.from({ length: part.length }, () => EVERYTHING[random.below(EVERYTHING.length)]!);
  const sync = POLICIES[random.below(POLICIES.length)]!;
  await exploreExhaustively({ sync, segments: 0, operations }, part, seen);
}

const POLICIES = ["always", "never", "interval"] as const;

/** The cases of one part: every program, under every sync policy. */
export function* casesOf({ length, alphabet, before = [], after = [] }: Omit<Programs, "name">): Generator<CrashCase> {
  for (const program of programsOf(length, alphabet)) {
    for (const sync of POLICIES) yield { sync, segments: 0, operations: [...before, ...program, ...after] };
  }
}

/** Runs one case of a part and judges all its crashes. @throws Counterexample */
export async function exploreExhaustively(given: CrashCase, part: ExhaustivePart, seen: SeenImages): Promise<void> {
  const run = await accusing(given, [], () => runCase(given));
  await new Explorer(seen, planOf(part)).explore(given, run);
}

function planOf(part: ExhaustivePart): ExplorationPlan {
  const { pendingMax, damagesMax, chosen, depth } = part;
  // Whatever its programs are: where two parts go as far, what they have in common is gone through once.
  const name = JSON.stringify({ pendingMax, damagesMax, chosen, depth });
  return { depth, crashesAt: (point, how) => crashesAt(point, how, part), name };
}

function crashesAt(point: CrashPoint, { depth, newFrom }: PointPlan, part: ExhaustivePart): PlannedCrashes {
  const bounds = depth === 0 ? part : { pendingMax: 2, damagesMax: 1 };
  const all = subsetsAt(point, { ...bounds, newFrom });
  const some = all ?? chosenAt(point, depth === 0 ? part.chosen : 2);
  const kill: PlannedCrash = { profile: "kill", fates: [] };
  return { crashes: prefixed(kill, some), isComplete: all !== undefined };
}

function* prefixed(first: PlannedCrash, others: Iterable<Fates>): Generator<PlannedCrash> {
  yield first;
  for (const fates of others) yield { profile: "free", fates };
}

/** Everything lost, nothing lost, and some by chance: the same for the same point of the same program, whoever asks. */
function* chosenAt(point: CrashPoint, count: number): Generator<Fates> {
  const random = new SeededRandom(hashText(`${point.ordinal} ${point.pendingCount}`));
  yield Array.from({ length: point.pendingCount }, () => fate("lost"));
  yield [];
  for (let chosen = 0; chosen < count; chosen += 1) yield sampleFates(point, random);
}
