import type { MergeReport } from "@hashlog/compactor";

/** What a merge did, or several in a row. */
export interface CompactionReport extends MergeReport {
  /** What set it off: a trigger of the strategy, or `"listed"` for `compact()`. */
  readonly trigger: string;
  /** How long it took, in milliseconds, pauses included. */
  readonly durationMs: number;
}

/** What both did together. */
export function joinReports(first: CompactionReport, second: CompactionReport): CompactionReport {
  return {
    trigger: first.trigger,
    durationMs: first.durationMs + second.durationMs,
    inputs: [...first.inputs, ...second.inputs],
    outputs: [...first.outputs, ...second.outputs],
    leftOut: [...first.leftOut, ...second.leftOut],
    bytesRead: first.bytesRead + second.bytesRead,
    bytesWritten: first.bytesWritten + second.bytesWritten,
    bytesFreed: first.bytesFreed + second.bytesFreed,
    recordsKept: first.recordsKept + second.recordsKept,
    recordsBuried: first.recordsBuried + second.recordsBuried,
    recordsDropped: first.recordsDropped + second.recordsDropped,
    tombstonesKept: first.tombstonesKept + second.tombstonesKept,
    tombstonesDropped: first.tombstonesDropped + second.tombstonesDropped,
    expiredDropped: first.expiredDropped + second.expiredDropped,
    superseded: first.superseded + second.superseded,
  };
}
