/** Times measured apart: while a merge runs, and while none does. */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Whether a merge was running. */
export type Phase = "idle" | "merging";
export const PHASES: readonly Phase[] = ["idle", "merging"];

/** What is told of times that were measured; milliseconds. All but `count` are 0 where nothing was. */
export interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Of each phase. */
export type ByPhase = Readonly<Record<Phase, Percentiles>>;

/** Times of one kind: those of the present window, of all windows before the store was warm, and of all since. */
export class PhasedTimes {
  readonly #window = both();
  readonly #cold = both();
  readonly #warm = both();
  #isWarm = false;

  record(phase: Phase, ms: number): void {
    this.#window[phase].record(Math.min(NS_MOST, Math.max(1, Math.round(ms * NS_PER_MS))));
  }

  /** The store is warm from the present window on. */
  setWarm(): void {
    this.#isWarm = true;
  }

  /** The percentiles of the present window, which ends here. */
  endWindow(): ByPhase {
    const result = percentilesOf(this.#window);
    for (const phase of PHASES) {
      (this.#isWarm ? this.#warm : this.#cold)[phase].add(this.#window[phase]);
      this.#window[phase].reset();
    }
    return result;
  }

  /** The percentiles of all windows that ended before the store was warm. */
  get cold(): ByPhase {
    return percentilesOf(this.#cold);
  }

  /** And of those that have ended since. */
  get warm(): ByPhase {
    return percentilesOf(this.#warm);
  }
}

type Histograms = Record<Phase, RecordableHistogram>;

const NS_PER_MS = 1e6;
/** Whatever takes longer counts as two minutes. */
const NS_MOST = 120e9;

function both(): Histograms {
  const options = { lowest: 1, highest: NS_MOST, figures: 3 };
  return { idle: createHistogram(options), merging: createHistogram(options) };
}

function percentilesOf(histograms: Histograms): ByPhase {
  return { idle: percentiles(histograms.idle), merging: percentiles(histograms.merging) };
}

function percentiles(histogram: RecordableHistogram): Percentiles {
  const { count } = histogram;
  const ms = (ns: number): number => (count === 0 ? 0 : rounded(ns / NS_PER_MS));
  return {
    count,
    p50Ms: ms(histogram.percentile(50)),
    p99Ms: ms(histogram.percentile(99)),
    p999Ms: ms(histogram.percentile(99.9)),
    maxMs: ms(histogram.max),
  };
}

/** To a tenth of a microsecond: more would be noise, and make the files of results longer. */
function rounded(ms: number): number {
  return Math.round(ms * 1e4) / 1e4;
}
