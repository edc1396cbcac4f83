/** What a soak is judged by. Every row can be failed, and says so. */
import type { ByPhase } from "./phases.ts";
import { spaceAmplification, type Sample, type StoreResult } from "./result.ts";
import { mib, percent, times, ms } from "../words.ts";
import { trendOf, type Point } from "./trend.ts";

/** One row of the table of verdicts. */
export interface Verdict {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  /** `not judged` where nothing was measured that it could rest on. */
  readonly verdict: "met" | "not met" | "not judged";
}

/** A small store may have so much on top of what is allowed: the segment that is being written. */
export const SMALL_EXTRA_BYTES: number = 16 * 2 ** 20;
const SPACE_AMPLIFICATION_MOST = 1.5;
const GET_SYNC_TIMES_IDLE_MOST = 3;
const EVENT_LOOP_P99_MS_MOST = 10;
/** What rises by no more in an hour does not grow; nor does what rises by less than it goes up and down. */
const PERCENT_PER_HOUR_MOST = 10;
/** In less time a store and the process around it have not come to rest, and an hour cannot be told from it. */
const TREND_SECONDS_LEAST = 180;

const NO_MERGE = "no merge when warm";

/** All verdicts on one store. */
export function verdictsOn(result: StoreResult): Verdict[] {
  const warm = result.samples.filter(({ isWarm }) => isWarm);
  const late = secondHalf(result.samples);
  const trends: readonly (readonly [string, (sample: Sample) => number])[] = [
    ["RSS", ({ rssBytes }) => rssBytes],
    ["files", ({ files }) => files],
    ["open handles", ({ processHandles, storeHandles }) => processHandles ?? storeHandles],
    ["keydir bytes", ({ keydirBytes }) => keydirBytes],
  ];
  return [
    space(result.name === "small" ? SMALL_EXTRA_BYTES : 0, warm),
    getSync(result),
    eventLoop(result.times.eventLoop),
    ...trends.map(([what, of]) =>
      growth(
        what,
        late.map((sample) => ({ seconds: sample.seconds, value: of(sample) })),
      ),
    ),
  ];
}

/** The samples from half of the time on. */
export function secondHalf(samples: readonly Sample[]): readonly Sample[] {
  const end = samples.at(-1)?.seconds ?? 0;
  return samples.filter(({ seconds }) => seconds >= end / 2);
}

function space(extraBytes: number, warm: readonly Sample[]): Verdict {
  const extra = extraBytes === 0 ? "" : `, and ${mib(extraBytes)} on top`;
  const what = `segment bytes for each live byte${extra}: the most`;
  const wanted = `< ${SPACE_AMPLIFICATION_MOST}`;
  const judged = warm.map(({ peak }) => Math.max(0, peak.segmentBytes - extraBytes) / peak.liveBytes);
  if (judged.length === 0) return { what, wanted, found: "was never warm", verdict: "not judged" };
  const most = Math.max(...judged);
  const asItIs =
    extraBytes === 0 ? "" : ` (${times(Math.max(...warm.map(({ peak }) => spaceAmplification(peak))))} with all)`;
  return { what, wanted, found: `${times(most)}${asItIs}`, verdict: metIf(most < SPACE_AMPLIFICATION_MOST) };
}

/** A store that merges all the time when warm is compared with what it was before its first merges. */
function getSync({ times: { getSync: warm }, coldTimes: { getSync: cold } }: StoreResult): Verdict {
  const what = "getSync p99 during merges, of that without";
  const wanted = `<= ${GET_SYNC_TIMES_IDLE_MOST}`;
  const { merging } = warm;
  const idle = warm.idle.count === 0 ? cold.idle : warm.idle;
  if (merging.count === 0) return { what, wanted, found: NO_MERGE, verdict: "not judged" };
  if (idle.count === 0) return { what, wanted, found: "no time without a merge", verdict: "not judged" };
  const ratio = merging.p99Ms / idle.p99Ms;
  const when = idle === warm.idle ? "" : ", while warming up";
  const found = `${times(ratio)}: ${ms(merging.p99Ms)} and ${ms(idle.p99Ms)}${when}`;
  return { what, wanted, found, verdict: metIf(ratio <= GET_SYNC_TIMES_IDLE_MOST) };
}

/** What it is without a merge, under the same load, is told beside it: by so much the load alone delays it. */
function eventLoop({ merging, idle }: ByPhase): Verdict {
  const what = "event loop delay p99 during merges";
  const wanted = `<= ${EVENT_LOOP_P99_MS_MOST} ms`;
  if (merging.count === 0) return { what, wanted, found: NO_MERGE, verdict: "not judged" };
  const without = idle.count === 0 ? "" : `; without one ${ms(idle.p99Ms)}`;
  return {
    what,
    wanted,
    found: `${ms(merging.p99Ms)}${without}`,
    verdict: metIf(merging.p99Ms <= EVENT_LOOP_P99_MS_MOST),
  };
}

function growth(what: string, points: readonly Point[]): Verdict {
  const trend = trendOf(points);
  const row = { what: `${what} in the second half`, wanted: `<= +${PERCENT_PER_HOUR_MOST} %/h, or within its scatter` };
  if (trend === undefined) return { ...row, found: "too few samples", verdict: "not judged" };
  const { percentPerHour, rise, scatter, mean } = trend;
  const ofMean = (value: number): string => percent(mean === 0 ? 0 : (100 * value) / mean);
  const found = `${signed(percentPerHour)}/h: ${signed((100 * rise) / (mean || 1))} there, scatter ${ofMean(scatter)}`;
  const seconds = points.at(-1)!.seconds - points[0]!.seconds;
  if (seconds < TREND_SECONDS_LEAST) {
    return { ...row, found: `${found}; only ${Math.round(seconds)} s`, verdict: "not judged" };
  }
  return { ...row, found, verdict: metIf(percentPerHour <= PERCENT_PER_HOUR_MOST || rise <= scatter) };
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${percent(value)}`;
}

function metIf(isMet: boolean): "met" | "not met" {
  return isMet ? "met" : "not met";
}
