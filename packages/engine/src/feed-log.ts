import type { CommitLog } from "./commit-log.ts";
import type { Reader } from "./reader.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { StoreParts } from "./store-parts.ts";

/** The log as feeds see it, at each look: that of a store, or what a reader shows of it. */
export interface FeedLog {
  /** The last sequence that may be delivered. Up to it all is committed, and in the segments. */
  readonly sequence: number;
  /** From this sequence on no merge has taken anything out of the segments. */
  readonly completeFrom: number;
  /** Every sequence that was ever given out is below it. */
  readonly nextSequence: number;
  /** The segments that are the store. */
  readonly table: Pick<SegmentTable, "all">;
}

/** The log of a store that is written: what was acknowledged of it. */
export function writtenLog({ manifest, table }: Pick<StoreParts, "manifest" | "table">, log: CommitLog): FeedLog {
  return {
    table,
    get sequence() {
      return log.acknowledged;
    },
    get completeFrom() {
      return manifest.current.logCompleteFrom;
    },
    // Not what the manifest reserves ahead: in that much nothing was given out yet.
    get nextSequence() {
      return log.nextSequence;
    },
  };
}

/** The log as a reader shows it. How far the writer has come in what the manifest reserves it cannot tell. */
export function shownLog(reader: Pick<Reader, "current">): FeedLog {
  return {
    get table() {
      return reader.current.table;
    },
    get sequence() {
      return reader.current.sequence;
    },
    get completeFrom() {
      return reader.current.manifest.logCompleteFrom;
    },
    get nextSequence() {
      return reader.current.manifest.nextSequence;
    },
  };
}
