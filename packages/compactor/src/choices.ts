import type { SegmentMeasure } from "./measures.ts";
import type { ChosenSegment, MergeChoice } from "./strategy.ts";

/** How strategies put a choice together. */

/** The choices as one: each is what to merge instead of the one before. `undefined` if there is none. */
export function inTurn(...choices: readonly (MergeChoice | undefined)[]): MergeChoice | undefined {
  return choices
    .filter((choice) => choice !== undefined && choice.segments.length > 0)
    .reduceRight<MergeChoice | undefined>((instead, choice) => ({ ...(choice as MergeChoice), instead }), undefined);
}

/** How much age counts: the cube root, found by simulation. More suits stores with few hot keys, and no others. */
const AGE_POWER = 1 / 3;

/** Even the youngest segment counts for something. */
const AGE_LEAST = 0.02;

/**
 * The best first: those that free most for each byte that is read or written, and of equals the oldest. What is dead in an old
 * segment takes its space for ever, while a young one loses more by itself, and is the better for being left (the
 * cost-benefit rule of log-structured file systems, with less weight on the age).
 */
export function bestFirst(measures: readonly SegmentMeasure[]): SegmentMeasure[] {
  const oldest = Math.min(...measures.map(({ segment }) => segment.lowestSequence));
  const newest = Math.max(...measures.map(({ segment }) => segment.highestSequence));
  return measures
    .map((measured) => ({
      measured,
      worth: measured.gain * (AGE_LEAST + ageOf(measured, oldest, newest)) ** AGE_POWER,
    }))
    .toSorted((a, b) => b.worth - a.worth || a.measured.segment.segmentId - b.measured.segment.segmentId)
    .map(({ measured }) => measured);
}

/** From 0, the newest, to 1. */
function ageOf({ segment }: SegmentMeasure, oldest: number, newest: number): number {
  const middle = segment.lowestSequence / 2 + segment.highestSequence / 2;
  return Math.max(0, newest - middle) / Math.max(1, newest - oldest);
}

/** The measured segments, chosen for this reason. */
export function chosen(measures: readonly SegmentMeasure[], reason: string): ChosenSegment[] {
  return measures.map(({ segment }) => ({ segmentId: segment.segmentId, reason }));
}
