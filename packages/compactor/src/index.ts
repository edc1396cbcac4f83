export { merge } from "./merge.ts";
export { MergeError, type MergeErrorCode, type MergeErrorDetails, type MergeOutcome } from "./errors.ts";
export type { MergeOptions } from "./options.ts";
export type { FinishedOutput, MergeInput, MergeOutput, MergeStore, Relocation } from "./ports.ts";
export type { LeftOut, MergedSegment, MergePhase, MergeProgress, MergeReport } from "./report.ts";
