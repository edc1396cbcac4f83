export { merge } from "./merge.ts";
export { ByteRate } from "./byte-rate.ts";
export { MergeError, type MergeErrorCode, type MergeErrorDetails, type MergeOutcome } from "./errors.ts";
export type { MergeOptions } from "./options.ts";
export {
  type FinishedOutput,
  KEY_ABSENT,
  KEY_ELSEWHERE,
  KEY_HERE,
  type MergeInput,
  type MergeOutput,
  type MergeStore,
  type MoveBatch,
  type RecordBatch,
} from "./ports.ts";
export type { LeftOut, MergedSegment, MergePhase, MergeProgress, MergeReport } from "./report.ts";
export type { StoreStatistics, SegmentStatistics } from "./statistics.ts";
export type { ChosenSegment, MergeChoice, MergeStrategy } from "./strategy.ts";
export type { MergeDecision, MergePlan, NoMerge, PlannedSegment } from "./plan.ts";
