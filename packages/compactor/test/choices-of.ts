import type { MergeChoice, MergeDecision } from "../src/index.ts";
import { ids } from "./statistics-of.ts";

/** A choice of these segments. */
export function choiceOf(segmentIds: readonly number[], rest: Partial<MergeChoice> = {}): MergeChoice {
  return { trigger: "test", segments: segmentIds.map((segmentId) => ({ segmentId, reason: "chosen" })), ...rest };
}

/** The segments that are to be merged, or why none is. */
export function planned(decision: MergeDecision): number[] | string | undefined {
  return decision.kind === "merge" ? ids(decision.segments) : decision.reason;
}
