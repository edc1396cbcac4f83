import { SeededRandom } from "@hashlog/fs-io/testing";
import type { Change } from "../oracle/model.ts";
import type { Death, Life, Stage, Step } from "./life.ts";

/** Which store, and the how-manieth process it has. */
export interface Birth {
  readonly seed: number;
  readonly store: number;
  /** From 0. */
  readonly round: number;
  readonly directory: string;
  /** `changing`: another one in each life. */
  readonly sync: Life["sync"] | "changing";
}

const KEYS = 24;
/** From one for three writes to one for thirty. */
const SEGMENT_BYTES = [512, 2048, 6000];
/** By this each life begins later than any before it has ended. */
const LIFE_MS = 100_000;
const APPENDS = "^writeSync of .*segment$";
const BIRTH_OF_TIME_MS = 1_700_000_000_000;

/** The time in that round, when the process begins. */
export function timeOf(round: number): number {
  return BIRTH_OF_TIME_MS + round * LIFE_MS;
}

/** The life of that process of that store: always the same one for a seed. */
export function drawLife(birth: Birth): Life {
  const { seed, store, round, directory } = birth;
  const random = new SeededRandom(seed + store * 1_000_003 + round * 7919);
  const death = drawDeath(round, random);
  const sync = birth.sync === "changing" ? among(random, ["always", "never", "interval"] as const) : birth.sync;
  return {
    directory,
    sync,
    segmentBytesMax: among(random, SEGMENT_BYTES),
    nowMs: timeOf(round),
    steps: drawSteps(round, random, death),
    isPatient: random.below(2) === 0,
    death,
  };
}

/**
 * In turns, so that a few lives see every kind; the seed chooses the moment. Two openings in a row are not survived: the
 * second one recovers what the first one was recovering.
 */
function drawDeath(round: number, random: SeededRandom): Death {
  switch (round % 10) {
    case 0:
    case 6:
      return byItself(random, "merging", 50);
    case 1:
      return byParent(random, "acknowledged", 60);
    case 2:
    case 3:
      return byItself(random, "opening", 30);
    case 4:
      return { by: "itself", stage: "writing", call: 2 + random.below(9), moment: "within", only: APPENDS };
    case 5:
      return byParent(random, "issues", 60);
    case 7:
      return byItself(random, "checkpointing", 16);
    case 8:
      return byParent(random, "begins merging", 2);
    default:
      return among(random, [
        byItself(random, "closing", 30),
        byItself(random, "writing", 120),
        byParent(random, "begins opening", 1),
      ]);
  }
}

type ByItself = Extract<Death, { by: "itself" }>;

function byItself(random: SeededRandom, stage: Stage, calls: number): ByItself {
  // The first ones more often: few stages are as long as the longest.
  const call = 1 + Math.min(random.below(calls), random.below(calls));
  return { by: "itself", stage, call, moment: among(random, ["before", "within", "after"]) };
}

function byParent(random: SeededRandom, report: string, count: number): Death {
  const microseconds = random.below(random.below(2) === 0 ? 200 : 4000);
  return { by: "its parent", report, count: 1 + random.below(count), microseconds };
}

function drawSteps(round: number, random: SeededRandom, death: Death): Step[] {
  const steps: Step[] = [];
  const length = 30 + random.below(60);
  let writes = 0;
  for (let index = 0; index < length; index += 1) {
    const step = drawStep(round, writes, random);
    if (step[0] === "write") writes += 1;
    steps.push(step);
  }
  // Somewhere in the first half, so that there is time to die in it.
  const what = death.by === "itself" ? death.stage : death.report;
  const at = random.below(length >> 1);
  if (what.endsWith("merging")) steps.splice(at, 0, ["compact"], ["turns", 2]);
  if (what.endsWith("checkpointing")) steps.splice(at, 0, ["checkpoint"], ["turns", 2]);
  return steps;
}

function drawStep(round: number, writes: number, random: SeededRandom): Step {
  const lot = random.below(100);
  const name = `${round}-${writes}`;
  if (lot < 45) return ["write", [drawChange(name, round, random)]];
  if (lot < 55)
    return [
      "write",
      Array.from({ length: 2 + random.below(5) }, (_, index) => drawChange(`${name}-${index}`, round, random)),
    ];
  if (lot < 66) return ["write", [{ key: drawKey(random), value: undefined, expiresAtMs: 0 }]];
  if (lot < 78) return ["turns", 1 + random.below(3)];
  if (lot < 84) return ["settle"];
  if (lot < 90) return ["tick", random.below(1000)];
  if (lot < 94) return ["compact"];
  return [lot < 97 ? "checkpoint" : "sync"];
}

function drawChange(name: string, round: number, random: SeededRandom): Change {
  const key = drawKey(random);
  if (random.below(6) === 0) return { key, value: undefined, expiresAtMs: 0 };
  // Some expire in this life, some in the next, some in one after it.
  const expiresAtMs = random.below(6) === 0 ? timeOf(round) + random.below(3 * LIFE_MS) : 0;
  return { key, value: valueOf(name, random), expiresAtMs };
}

/** No two writes have the same value, and no two parts of one the same bytes. */
function valueOf(name: string, random: SeededRandom): string {
  const length = random.below(30) === 0 ? 20_000 : random.below(random.below(4) === 0 ? 900 : 120);
  let text = `${name}.`;
  for (let index = 0; text.length < length; index += 1) text += `${name},${index};`;
  return text;
}

function drawKey(random: SeededRandom): string {
  const number = random.below(KEYS);
  return number === 0 ? "" : `key ${number}`;
}

function among<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}
