import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { totalOf, type PartTally, type Tally } from "./campaign.ts";
import { IMAGES_A_SAMPLE, type ImageSample } from "./image-sample.ts";
import { sizeOfPart, partsOf } from "./tasks.ts";

/**
 * How far a long proof is that goes over several runs, all of the same sources: a file that is committed, so that another machine can
 * go on.
 */
export interface Progress {
  /** `hashOfSources` of the code that all runs were of. */
  readonly sources: string;
  readonly runs: readonly ProgressRun[];
  /** One image in 1,024 of all runs (`ImageSample`). */
  readonly sample: string;
}

/** One of the runs. */
export interface ProgressRun {
  readonly date: string;
  readonly commit?: string;
  readonly node: string;
  readonly freshSeed: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly workers: number;
  /** What each part came to; images are those that the run had not seen before. */
  readonly parts: Readonly<Record<string, PartTally>>;
  /** Of the images that are sampled, those that an earlier run had left. */
  readonly sampledAgain: number;
}

/** All runs together. */
export interface ProgressSum {
  readonly total: PartTally;
  readonly parts: Readonly<Record<string, PartTally>>;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Unique images over all runs: so many for certain, as far as five standard errors are that; of one run exactly so many. */
  readonly imagesAtLeast: number;
}

/** @throws Error where the file is none, or of other sources */
export function readProgress(path: string, sources: string): Progress {
  if (!existsSync(path)) return { sources, runs: [], sample: "" };
  const progress = JSON.parse(readFileSync(path, "utf8")) as Progress;
  if (progress.sources === sources) return progress;
  throw new Error(
    `${path} tells of runs of other sources (${progress.sources}, and these are ${sources}): check those out, or remove it to begin anew`,
  );
}

/** Replaces the file, whole. */
export function writeProgress(path: string, progress: Progress): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(progress, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** The runs before, and one more as far as it is. */
export function withRun(before: Progress, run: ProgressRun, sample: ImageSample): Progress {
  return { ...before, runs: [...before.runs, run], sample: sample.encode() };
}

/** A run as it is told of. `sampledAgain`: 0 for one that goes on with nothing. */
export function runOf(
  tally: Tally,
  about: Pick<ProgressRun, "freshSeed" | "sampledAgain"> & { readonly commit: string | undefined; readonly date: Date },
): ProgressRun {
  const { seconds, cpuSeconds, workers, parts } = tally;
  const { commit, date, freshSeed, sampledAgain } = about;
  return {
    date: date.toISOString().slice(0, 10),
    ...(commit === undefined ? {} : { commit }),
    node: process.version,
    freshSeed,
    seconds: Math.round(seconds),
    cpuSeconds: Math.round(cpuSeconds),
    workers,
    parts: Object.fromEntries(parts),
    sampledAgain,
  };
}

/** The parts that are still to be done: those that end, and no run has finished, and those that never end. */
export function partsLeft({ runs }: Progress): readonly string[] {
  const finished = (part: string): boolean => {
    const size = sizeOfPart(part, { extent: "long", freshSeed: 1 });
    return runs.some(({ parts }) => (parts[part]?.cases ?? 0) >= size);
  };
  return partsOf("long").filter((part) => !finished(part));
}

export function sumOf({ runs }: Pick<Progress, "runs">): ProgressSum {
  const parts = new Map<string, PartTally>();
  for (const [part, tally] of runs.flatMap((run) => Object.entries(run.parts))) {
    const before = parts.get(part);
    parts.set(
      part,
      before === undefined
        ? tally
        : totalOf({
            parts: new Map([
              ["before", before],
              ["now", tally],
            ]),
          }),
    );
  }
  const total = totalOf({ parts });
  const again = runs.reduce((sum, { sampledAgain }) => sum + sampledAgain, 0);
  return {
    total,
    parts: Object.fromEntries(parts),
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
    cpuSeconds: runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    imagesAtLeast: total.images - (runs.length < 2 ? 0 : IMAGES_A_SAMPLE * atMost(again)),
  };
}

/** The mean of what was counted to `count`, at most: five standard errors above, in the scale in which these are the same everywhere. */
function atMost(count: number): number {
  return Math.ceil((Math.sqrt(count + 3 / 8) + 2.5) ** 2);
}
