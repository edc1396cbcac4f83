import { MergeError, type MergeProgress, type MergeReport } from "@hashlog/compactor";
import type { CommitLog } from "./commit-log.ts";
import { fileSource } from "./files.ts";
import { inOwnWords, HashlogError } from "./errors.ts";
import type { ExecutorInput } from "./merge-executor.ts";
import { StoreOfMerge } from "./merge-store.ts";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * Merges chosen segments of an open store. The order of the steps and the rules for what may go are the compactor's; here
 * is only which segments take part. One merge at a time (`Maintenance`).
 */
export class Merger {
  readonly #parts: StoreParts;
  readonly #log: CommitLog;
  readonly #now: () => number;
  readonly #onSealed: (segment: Segment) => void;
  #count = 0;

  constructor(parts: StoreParts, log: CommitLog, now: () => number, onSealed: (segment: Segment) => void) {
    this.#parts = parts;
    this.#log = log;
    this.#now = now;
    this.#onSealed = onSealed;
  }

  /** How many merges were completed since the store was opened. */
  get count(): number {
    return this.#count;
  }

  /** Merges every segment that has anything to gain or to be joined with another, on a full volume in the reserve's room. */
  async mergeAll(options: MergeRunOptions): Promise<MergeReport> {
    const { reserve } = this.#parts;
    const report = await reserve.lend(() => this.#mergeAll(options));
    // What was freed first makes good for what was lent.
    await reserve.ensure();
    return report;
  }

  async #mergeAll(options: MergeRunOptions): Promise<MergeReport> {
    await this.#log.tryResume();
    this.#checkLog();
    if (this.#log.state.kind === "ready") await this.#log.sealAll();
    const sealed = [...this.#parts.table.all()].filter(({ state }) => state.kind === "sealed");
    return this.merge(sealed.length === 1 && isClean(sealed[0]!) ? [] : sealed, options);
  }

  /** Merges the given sealed segments. */
  async merge(segments: readonly Segment[], options: MergeRunOptions): Promise<MergeReport> {
    const releaseSlots = this.#parts.table.holdSlots();
    const store = new StoreOfMerge(this.#parts, this.#log, this.#now, segments);
    try {
      const report = await this.#parts.executor.merge(segments.map(mergeInput), store, {
        outputBytesMax: this.#parts.segmentBytesMax,
        syncEveryBytes: this.#parts.limits.mergeSyncBytes,
        sliceBytes: this.#parts.limits.mergeSliceBytes,
        signal: options.signal,
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      });
      this.#count += report.inputs.length > 0 ? 1 : 0;
      return report;
    } catch (error) {
      // mark: merge/failed
      throw explain(error, options.signal);
    } finally {
      releaseSlots();
      await store.end();
      for (const segment of store.published) this.#onSealed(segment);
    }
  }

  // What lies above the floor was acknowledged and is not durable: it must not make anything dead while it cannot be synced.
  #checkLog(): void {
    const { state } = this.#log;
    if (state.kind === "disabled") {
      // mark: merge/refused-while-disabled
      throw state.error;
    }
    if (state.kind === "no-space" && this.#log.acknowledged > this.#log.floor) {
      // mark: merge/refused-while-full
      throw state.error;
    }
  }
}

/** What a caller of `compact` can give. */
export interface MergeRunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
}

// Nothing dead in it, no tombstone, and nothing that may have expired: merging it alone would write the same again.
function isClean({ totals, liveRecords }: Segment): boolean {
  return totals.recordCount === liveRecords && totals.expiringCount === 0;
}

function mergeInput(segment: Segment): ExecutorInput {
  const { segmentId, place, path } = segment;
  const { sealedBytes, lowestSequence, highestSequence } = segment.sealed;
  const source = fileSource(segment.file, sealedBytes);
  return { segmentId, place, path, sealedBytes, lowestSequence, highestSequence, source };
}

function explain(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && error === signal.reason) {
    // mark: merge/aborted
    return new HashlogError("HASHLOG_ABORTED", "compacting was cancelled; nothing was changed", { cause: error });
  }
  /* v8 ignore if -- a merge rejects with nothing else but the signal's reason */
  if (!MergeError.is(error)) return error;
  const cause = inOwnWords(error.cause, "compacting failed");
  if (HashlogError.is(cause)) return cause;
  return new HashlogError("HASHLOG_IO", error.message, { segmentId: error.segmentId, cause: error });
}
