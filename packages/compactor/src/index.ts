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
export { planListed, planMerge } from "./plan-merge.ts";
export { isExpiredGarbage, jittered, type MergePolicy, type MergePolicyOptions, resolvePolicy } from "./policy.ts";
export type { MergeWindow } from "./merge-window.ts";
export { segmentBytesFor } from "./measures.ts";
export { bitcaskStrategy, type BitcaskStrategyOptions } from "./bitcask-strategy.ts";
export { sizeTieredStrategy, type SizeTieredStrategyOptions } from "./size-tiered-strategy.ts";
export { whenIdleStrategy, type WhenIdleStrategyOptions } from "./when-idle-strategy.ts";
