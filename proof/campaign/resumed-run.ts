import type { Tally } from "./campaign.ts";
import { ImageSample } from "./image-sample.ts";
import { partsLeft, readProgress, runOf, sumOf, withRun, writeProgress, type Progress } from "./progress.ts";
import { isEndless, partsOf } from "./tasks.ts";

/** One run of several: begins with what those before have left, and notes what it does, so that the next one can go on. */
export class ResumedRun {
  /** To be shown every image of the run. */
  readonly sample: ImageSample;
  /** What is left to do; `undefined`: all of it. */
  readonly parts: readonly string[] | undefined;
  readonly #path: string;
  readonly #before: Progress;
  readonly #freshSeed: number;
  #notedMs = Date.now();
  #progress: Progress;

  /** @throws Error where the file tells of other sources */
  constructor(path: string, sources: string, freshSeed: number) {
    this.#path = path;
    this.#before = readProgress(path, sources);
    this.#progress = this.#before;
    this.#freshSeed = freshSeed;
    this.sample = new ImageSample(this.#before.sample);
    const left = partsLeft(this.#before);
    this.parts = left.length === partsOf("long").length ? undefined : left;
  }

  /** All runs, with this one as far as it was noted. */
  get progress(): Progress {
    return this.#progress;
  }

  note(tally: Tally, commit: string | undefined): void {
    const about = { commit, date: new Date(), freshSeed: this.#freshSeed, sampledAgain: this.sample.again };
    this.#progress = withRun(this.#before, runOf(tally, about), this.sample);
    writeProgress(this.#path, this.#progress);
    this.#notedMs = Date.now();
  }

  /** As `note`, unless it was noted less than a minute ago: who is killed has lost no more than that. */
  noteNowAndThen(tally: Tally, commit: string | undefined): void {
    // What has found something is not to be gone on with.
    if (Date.now() - this.#notedMs >= 60_000 && tally.counterexamples.length === 0) this.note(tally, commit);
  }

  /** What none of the runs has finished, or reached. */
  leftOut(): string[] {
    const { parts } = sumOf(this.#progress);
    return partsLeft(this.#progress).flatMap((part) => {
      if (parts[part] === undefined) return [`not reached so far: ${part}`];
      return isEndless(part) ? [] : [`not finished so far: ${part} (${parts[part].cases} cases)`];
    });
  }
}
