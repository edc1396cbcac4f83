import { planMerge, resolvePolicy, segmentBytesFor, type MergePolicy } from "../src/index.ts";
import { ModelLog, type ModelMerge } from "../src/testing/contract-model.ts";
import { SeededRandom } from "../src/testing/contract-random.ts";

/**
 * A model store under a pattern of writes, with merges that take time: while a merge reads and writes four bytes, one is
 * written to the store. A merge's outputs count as soon as it begins, and its inputs until it ends.
 */
export interface Pattern {
  readonly name: string;
  /** One write or delete; also moves the time. */
  readonly write: (log: ModelLog, random: SeededRandom, index: number) => void;
}

/** How a simulation is made. */
export interface SimulationOptions {
  readonly pattern: Pattern;
  readonly seed: number;
  readonly writes: number;
  /** Share of the writes that bring the store to its steady state, and are not looked at. */
  readonly warmUp?: number;
  readonly policy?: MergePolicy;
  readonly segmentBytesMax?: number;
  readonly frameBytes?: number;
  /** Whether the store ends segments in proportion to its size, as `segmentBytesFor` says. Default `true`. */
  readonly proportional?: boolean;
}

/** What was seen after the warming up. */
export interface Outcome {
  readonly log: ModelLog;
  /** The most that all files took, those of a running merge included, for each byte that was live and had not expired. */
  readonly amplification: number;
  readonly fileBytesAbove: number;
  /** Bytes written for each byte that the pattern wrote. */
  readonly writeAmplification: number;
  readonly segmentsMost: number;
  readonly merges: number;
  /** Merges that were done when writing had stopped. */
  readonly mergesAfter: number;
  readonly bytesReadMost: number;
}

const CHECKS = 1000;
const MERGE_BYTES_PER_BYTE = 4;
const MERGES_AFTER_MAX = 1000;

/** Runs a simulation to its end, and the merges that follow until there is none. */
export function simulate(options: SimulationOptions): Outcome {
  const run = new Run(options);
  const every = Math.max(1, Math.floor(options.writes / CHECKS));
  for (let index = 0; index < options.writes; index++) {
    if (index === Math.floor(options.writes * (options.warmUp ?? 0.4))) run.beginMeasuring();
    run.write(index);
    if (index % every === 0) run.look();
  }
  return run.end();
}

class Run {
  readonly #options: SimulationOptions;
  readonly #policy: MergePolicy;
  readonly #random: SeededRandom;
  readonly #log: ModelLog;
  #merge: ModelMerge | undefined;
  #mergeBytesLeft = 0;
  #written = 0;
  #mergeWritten = 0;
  #amplification = 0;
  #above = 0;
  #segmentsMost = 0;
  #merges = 0;
  #bytesReadMost = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#policy = options.policy ?? resolvePolicy();
    this.#random = new SeededRandom(options.seed);
    const { segmentBytesMax = 256 * 1024 * 1024, frameBytes = 4 } = options;
    this.#log = new ModelLog({ segmentBytesMax, frameBytes });
  }

  beginMeasuring(): void {
    this.#amplification = this.#above = this.#segmentsMost = this.#written = this.#mergeWritten = this.#merges = 0;
  }

  write(index: number): void {
    const before = this.#log.fileBytes;
    this.#options.pattern.write(this.#log, this.#random, index);
    const bytes = this.#log.fileBytes - before;
    this.#written += bytes;
    this.#mergeBytesLeft -= bytes * MERGE_BYTES_PER_BYTE;
    if (this.#merge !== undefined && this.#mergeBytesLeft <= 0) this.#finish();
  }

  /** Looks at the space taken, and begins a merge if none runs and one is due. */
  look(): void {
    const statistics = this.#log.statistics();
    const live = statistics.segments.reduce((sum, { liveBytes, expiredBytes }) => sum + liveBytes - expiredBytes, 0);
    if (this.#options.proportional !== false) this.#log.rotateBytes = segmentBytesFor(statistics);
    if (this.#merge === undefined) this.#begin();
    const bytes = this.#log.fileBytes + (this.#merge?.bytesWritten ?? 0);
    this.#amplification = Math.max(this.#amplification, bytes / Math.max(1, live));
    this.#above = Math.max(this.#above, bytes - live * 1.5);
    this.#segmentsMost = Math.max(this.#segmentsMost, this.#log.segmentCount);
  }

  end(): Outcome {
    const [amplification, above, merges, mergeWritten] = [
      this.#amplification,
      this.#above,
      this.#merges,
      this.#mergeWritten,
    ];
    let mergesAfter = 0;
    for (;;) {
      if (this.#merge !== undefined) this.#finish();
      this.#begin();
      if (this.#merge === undefined || mergesAfter > MERGES_AFTER_MAX) break;
      mergesAfter += 1;
    }
    return {
      log: this.#log,
      amplification,
      fileBytesAbove: above,
      writeAmplification: (this.#written + mergeWritten) / Math.max(1, this.#written),
      segmentsMost: this.#segmentsMost,
      merges,
      mergesAfter,
      bytesReadMost: this.#bytesReadMost,
    };
  }

  #begin(): void {
    const decision = planMerge(this.#log.statistics(), this.#policy);
    if (decision.kind === "none") return;
    const ids = decision.segments.map(({ segmentId }) => segmentId);
    this.#merge = this.#log.beginMerge(ids, decision.outputBytesMax);
    this.#mergeBytesLeft = this.#merge.bytesRead + this.#merge.bytesWritten;
    this.#mergeWritten += this.#merge.bytesWritten;
    this.#bytesReadMost = Math.max(this.#bytesReadMost, this.#merge.bytesRead);
    this.#merges += 1;
  }

  #finish(): void {
    this.#log.finishMerge(this.#merge!);
    this.#merge = undefined;
  }
}
