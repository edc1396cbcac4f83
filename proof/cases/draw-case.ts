import type { SeededRandom } from "@hashlog/fs-io/testing";
import { SEGMENT_BYTES } from "../world/text-store.ts";
import { KEYS, type CrashCase, type CrashOperation } from "./case.ts";
import { SPOILINGS } from "./spoil-caches.ts";

/**
 * A case by chance. Each has a mix of its own: which operations it is made of, and how often each comes, are drawn first
 * ("swarm testing"; Groce et al., ISSTA 2012), as some bugs only show where something else does *not* happen: a merge
 * that is never followed by a checkpoint, a log that no sync ever reaches.
 */
export function drawCase(random: SeededRandom): CrashCase {
  const mix = drawMix(random);
  const count = 1 + random.below(random.below(3) === 0 ? 24 : 10);
  return {
    sync: pick(random, ["always", "never", "interval"] as const),
    segments: random.below(SEGMENT_BYTES.length),
    keydir: random.below(8) === 0 ? "real" : "map",
    limits: random.below(4) === 0 ? "small" : "usual",
    merging: random.below(4) === 0 ? "eager" : "usual",
    disk: pick(random, ["posix", "posix", "posix", "posix", "posix", "posix", "safe flush", "windows"] as const),
    fresh: random.below(8) === 0,
    operations: Array.from({ length: count }, () => weave(pick(random, mix)(random), random)).flat(),
    schedule: drawSchedule(random),
  };
}

type Draw = (random: SeededRandom) => CrashOperation;

/** Each operation, how often it comes where it does, and how it is drawn. From simple to complex. */
const DRAWS: readonly (readonly [number, Draw])[] = [
  [10, (random) => ["put", drawKey(random), drawLength(random)]],
  [2, (random) => ["put-synced", drawKey(random), drawLength(random)]],
  [2, (random) => ["put-expiring", drawKey(random), drawLength(random), pick(random, [1, 45, 900, 5000])]],
  [1, (random) => ["put-for", drawKey(random), drawLength(random), pick(random, [1, 45, 900, 5000])]],
  [5, (random) => ["delete", drawKey(random)]],
  [1, (random) => ["delete-synced", drawKey(random)]],
  [3, (random) => ["batch", drawBatch(random)]],
  [1, (random) => ["batch-synced", drawBatch(random)]],
  [3, (random) => ["put-if", drawKey(random), drawLength(random), random.below(3)]],
  [2, (random) => ["delete-if", drawKey(random), random.below(3)]],
  [2, (random) => ["batch-if", drawBatch(random).map(([key, length]) => [key, length, random.below(4)] as const)]],
  [1, (random) => [pick(random, ["clear", "clear", "clear-synced"] as const)]],
  [1, (random) => ["clear-from", drawKey(random)]],
  [5, () => ["await"]],
  [3, (random) => ["turns", drawTurns(random)]],
  [1, () => ["sync"]],
  [2, () => ["checkpoint"]],
  [3, () => ["compact"]],
  [3, (random) => ["compact-some", random.below(64)]],
  [2, (random) => ["tick", pick(random, [1, 50, 1000, -60, 70_000])]],
  [2, () => ["read"]],
  [1, () => ["iterate"]],
  [1, (random) => ["iterate-back", drawKey(random)]],
  [1, () => ["snapshot"]],
  [1, () => ["follow"]],
  [1, () => ["drain"]],
  [2, () => ["read-beside"]],
  [1, () => ["verify"]],
  [1, () => ["backup"]],
  [1, () => ["export"]],
  [1, (random) => ["import", drawEntries(random)]],
  [1, (random) => [pick(random, ["pause", "resume"] as const)]],
  [3, (random) => ["reopen", random.below(SPOILINGS.length)]],
  [1, () => ["repair"]],
  [2, (random) => ["kill", random.below(SPOILINGS.length)]],
  [2, (random) => ["power", random.below(2 ** 20)]],
];

/** Operations to choose from, each as often in the list as it is to come; a third of them is left out. */
function drawMix(random: SeededRandom): readonly Draw[] {
  return DRAWS.flatMap(([weight, draw], index) => {
    const isIn = index === 0 || random.below(3) > 0;
    return isIn ? Array.from({ length: weight * (1 + random.below(3)) }, () => draw) : [];
  });
}

/** What takes long is written into, every other time: a merge takes some hundreds of microtasks. */
function weave(operation: CrashOperation, random: SeededRandom): readonly CrashOperation[] {
  if (!LONG.has(operation[0]) || random.below(2) === 0) return [operation];
  const write: CrashOperation =
    random.below(3) === 0 ? ["delete", drawKey(random)] : ["put", drawKey(random), drawLength(random)];
  return [operation, ["turns", random.below(pick(random, [160, 160, 1000]))], write];
}

const LONG: ReadonlySet<CrashOperation[0]> = new Set([
  "compact",
  "compact-some",
  "checkpoint",
  "backup",
  "verify",
  "export",
  "import",
  "read-beside",
]);

/** A call takes two microtasks, or thirty where a schedule chooses; a segment is begun in ten calls. */
function drawTurns(random: SeededRandom): number {
  return random.below(pick(random, [20, 20, 100, 400]));
}

/** First come, first served; or by chance; or some call waits while many others go by. */
function drawSchedule(random: SeededRandom): readonly number[] {
  const kind = random.below(8);
  if (kind < 4) return [];
  if (kind < 7) return Array.from({ length: random.below(30) }, () => random.below(4));
  const held = random.below(40);
  return Array.from({ length: held + random.below(60) }, (_, index) => (index < held ? 0 : 1));
}

function drawBatch(random: SeededRandom): [number, number][] {
  const drawChange = (): [number, number] => [drawKey(random), random.below(3) === 0 ? -1 : drawLength(random)];
  return Array.from({ length: 1 + random.below(4) }, drawChange);
}

function drawEntries(random: SeededRandom): [number, number][] {
  return Array.from({ length: 2 + random.below(2) }, () => [drawKey(random), drawLength(random)]);
}

function drawKey(random: SeededRandom): number {
  return random.below(KEYS.length);
}

/** Around what fits into a sector and into the smallest segment, mostly. */
function drawLength(random: SeededRandom): number {
  return random.below(3) === 0 ? random.below(700) : pick(random, [0, 1, 40, 200, 412, 430, 480, 600]);
}

function pick<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}
