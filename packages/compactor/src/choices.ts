import type { SegmentMeasure } from "./measures.ts";
import type { ChosenSegment, MergeChoice } from "./strategy.ts";

/** How strategies put a choice together. */

/** The choices as one: each is what to merge instead of the one before. `undefined` if there is none. */
export function inTurn(...choices: readonly (MergeChoice | undefined)[]): MergeChoice | undefined {
  return choices
    .filter((choice) => choice !== undefined && choice.segments.length > 0)
    .reduceRight<MergeChoice | undefined>((instead, choice) => ({ ...(choice as MergeChoice), instead }), undefined);
}

/** The best first: those that free most for each byte that is read or written. */
export function byGain(measures: readonly SegmentMeasure[]): SegmentMeasure[] {
  return measures.toSorted((a, b) => b.gain - a.gain || a.segment.segmentId - b.segment.segmentId);
}

/** The measured segments, chosen for this reason. */
export function chosen(measures: readonly SegmentMeasure[], reason: string): ChosenSegment[] {
  return measures.map(({ segment }) => ({ segmentId: segment.segmentId, reason }));
}
