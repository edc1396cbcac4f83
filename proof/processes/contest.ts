import { SeededRandom } from "@hashlog/fs-io/testing";
import { appendFileSync, readFileSync } from "node:fs";
import type { Contention } from "../properties/p16-single-writer.ts";
import type { Contest } from "./contest-order.ts";
import type { Death, Report } from "./life.ts";
import type { Child, ProcessWorld } from "./process-world.ts";
import { untilDue } from "./run-life.ts";

/** How contenders die, in the order of their numbers; after that they live. */
const DEATHS: readonly ((random: SeededRandom) => Death)[] = [
  // Around the claim of a lock, and its decision.
  (random) => byItself(random, "opening", 4, "^readdir"),
  (random) => byItself(random, "opening", 20),
  (random) => byItself(random, random.below(2) === 0 ? "writing" : "closing", 6),
  (random) => byParent(random, "begins opening"),
  (random) => byParent(random, "begins"),
];

/** Starts so many contenders at once, of whom most are killed; resolves, when all are gone, to how many were. */
export async function runContest(
  world: ProcessWorld,
  contest: Omit<Contest, "who">,
  seed: number,
  contenders: number,
): Promise<number> {
  const random = new SeededRandom(seed);
  const all = Array.from({ length: contenders }, (_, number) => {
    const death = DEATHS[number]?.(random);
    return new Contender(world, { ...contest, who: `${seed}/${number}`, ...(death === undefined ? {} : { death }) });
  });
  await Promise.all(all.map((contender) => contender.ready));
  for (const contender of all) contender.begin();
  const ends = await Promise.all(all.map((contender) => contender.end));
  return ends.filter((end) => end === "SIGKILL").length;
}

/** Everything that contenders have noted. */
export function readNotes(path: string): Contention[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Contention);
}

class Contender {
  /** Resolves when the process runs and waits for the start. */
  readonly ready: Promise<unknown>;
  /** Rejects if it had a reason to complain. */
  readonly end: Promise<NodeJS.Signals | number>;
  readonly #contest: Contest;
  readonly #child: Child;
  readonly #failures: string[] = [];

  constructor(world: ProcessWorld, contest: Contest) {
    this.#contest = contest;
    const isDue = untilDue(contest.death);
    this.#child = world.start("contender.ts", (line) => {
      const report = JSON.parse(line) as Report;
      if (report[0] === "fails") this.#failures.push(report[1]);
      if (isDue(report) || report[0] === "fails") this.#kill();
    });
    this.ready = this.#child.message();
    this.end = this.#awaitEnd();
  }

  begin(): void {
    this.#child.send(this.#contest);
  }

  #kill(): void {
    const { who, notes } = this.#contest;
    appendFileSync(notes, `${JSON.stringify({ who, what: "is killed" } satisfies Contention)}\n`);
    this.#child.kill();
  }

  async #awaitEnd(): Promise<NodeJS.Signals | number> {
    const end = await this.#child.end;
    const { complaints } = this.#child;
    if (this.#failures.length === 0 && (end === "SIGKILL" || end === 0)) return end;
    throw new Error(`contender ${this.#contest.who} ended with ${end}: ${this.#failures.join(", ")} ${complaints}`);
  }
}

function byItself(random: SeededRandom, stage: "opening" | "writing" | "closing", calls: number, only?: string): Death {
  const moment = (["before", "within", "after"] as const)[random.below(3)]!;
  const call = 1 + random.below(calls);
  return { by: "itself", stage, call, moment, ...(only === undefined ? {} : { only }) };
}

function byParent(random: SeededRandom, report: string): Death {
  return { by: "its parent", report, count: 1 + random.below(3), microseconds: random.below(2000) };
}
