import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CrashCase } from "../cases/case.ts";
import { accusing } from "../crashing/counterexample.ts";
import { judgeCase } from "../crashing/judge-case.ts";
import type { SeenImages } from "../crashing/seen-images.ts";
import { hunt } from "../crashing/shrink.ts";
import { exploreFaultsNear, judgeFaultCase } from "../faults/explore-fault-case.ts";
import { isFaultCase, type FaultCase } from "../faults/fault-case.ts";
import { readEitherCase } from "../faults/read-fault-case.ts";

/** A case that once ended badly, or a story that a store of this kind has failed at, as small as it could be made. */
export interface CorpusCase {
  /** The file's name. */
  readonly name: string;
  /** What went wrong, or would. */
  readonly story: string;
  /**
   * How many crashes one after the other to hunt for. Default 2; fewer for long stories, which have many steps. No matter
   * to a life with failures.
   */
  readonly depth: number;
  readonly case: CrashCase | FaultCase;
}

const FOLDER = fileURLToPath(new URL("../corpus/", import.meta.url));

/** All of the corpus, by name. @throws TypeError for a file that is no case */
export function readCorpus(): CorpusCase[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  return names.toSorted().map((name) => {
    const file = JSON.parse(readFileSync(FOLDER + name, "utf8")) as { story: string; depth?: number; case: unknown };
    return { name, story: file.story, depth: file.depth ?? 2, case: readEitherCase(file.case) };
  });
}

/**
 * Judges the case as it was written down: with its own crashes, or its own failures, and no others. That takes hundredths
 * of a second.
 * @throws Counterexample, FaultCounterexample
 */
export async function judgeCorpusCase({ case: given }: Pick<CorpusCase, "case">): Promise<void> {
  if (isFaultCase(given)) await judgeFaultCase(given);
  else await accusing(given, [], () => judgeCase(given));
}

/**
 * Judges the case with its own crashes; then with a crash at each of its steps, in many ways, and mostly with another in
 * the recovery: the code has changed since, and with it the steps, but the crash that it was is among these, or one like it.
 * Where the clock was another after one of its own, it is so after each that comes in its place. So it goes with the
 * failure of a life with failures.
 * @throws Counterexample, FaultCounterexample
 */
export async function exploreCorpusCase(one: Pick<CorpusCase, "case" | "depth">, seen: SeenImages): Promise<void> {
  const { case: given, depth } = one;
  if (isFaultCase(given)) return exploreFaultsNear(given);
  await judgeCorpusCase(one);
  const { crashes: own = [], ...plain } = given;
  await hunt(plain, depth, { seen, delays: own.map(({ laterMs }) => laterMs) });
}
